"""`python -m mentorup_daemon` is `mentorup`."""

from mentorup_daemon.cli import main

main()
