"""Telling systemd how we are: readiness, status, watchdog (sd_notify(3)).

Twenty lines over a datagram socket. Outside systemd ($NOTIFY_SOCKET unset) every call does nothing. The watchdog
counts only from readiness on; until then signs of life put off the end of the time allowed for starting, since the
first look at a large mailbox on a slow line has no natural bound.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

_STARTING = "600000000"  # microseconds until the next sign, while starting: as long as the units' WatchdogSec=


class Notifier:
    """The socket named in $NOTIFY_SOCKET; `watchdog` is the interval in seconds at which systemd waits for a sign."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog = int(environ.get("WATCHDOG_USEC", "0")) / 1_000_000
        self._ready = False

    def send(self, **fields: str) -> None:
        """Sends `FIELD=value` lines; a message that can't be sent is no reason to fail."""
        if not self._address:
            return
        message = "\n".join(f"{name}={' '.join(value.split())}" for name, value in fields.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.sendto(message.encode(), self._address)
        except OSError:
            return

    def ready(self, status: str) -> None:
        """The service does its work from now on."""
        self._ready = True
        self.send(READY="1", STATUS=status)

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self.send(STATUS=text)

    def alive(self) -> None:
        """A sign for the watchdog, or, while starting, for more time."""
        if self._ready:
            self.send(WATCHDOG="1")
        else:
            self.send(EXTEND_TIMEOUT_USEC=_STARTING)

    def stopping(self) -> None:
        """The service is on its way out."""
        self.send(STOPPING="1", STATUS="Stopping")
