"""One performance: the directory, the stage, the story, the end; and what a Ctrl-C means at each point of it.

Servers are started and ended with signals held back, so that none is left behind half started; a signal that comes then
is acted upon as soon as the story goes on. With `keep` the servers stay up after the story until Ctrl-C, and the
directory stays for good.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType

from mentorup_daemon.demo import people
from mentorup_daemon.demo.show import Show
from mentorup_daemon.demo.stage import Stage
from mentorup_daemon.demo.story import tell

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def perform(*, keep: bool, days: int | None) -> int:
    """Tells `days` days of the story, all of them when None. Returns the exit code: 128 + N when signal N ended it.

    Raises ConfigError when a server isn't installed, Unavailable when one doesn't start, MentorUpError when what
    happens isn't what the story tells.
    """
    show = Show()
    try:
        with _Interruptions() as interruptions, contextlib.ExitStack() as stack:
            directory = Path(tempfile.mkdtemp(prefix="mentorup-demo-"))
            if not keep:
                stack.callback(shutil.rmtree, directory, ignore_errors=True)
            show.title("MentorUp demo", _OPENING)
            with show.working("Starting a mail server and a calendar server"):
                stage = stack.enter_context(Stage(directory))
            with interruptions.allowed():
                tell(stage, show, days)
            if keep:
                _stay_up(stage, show, interruptions)
    except _Interrupted as interrupted:
        show.say("Stopped. Nothing is left running." + (f" What was written is in {directory}." if keep else ""))
        return 128 + interrupted.signal
    show.say(_KEPT.format(directory=directory) if keep else _CLOSING)
    return 0


_OPENING = """\
    Five weeks of Sam Rivera's mentoring in a few seconds, on a mail server and a calendar server that this program
    starts for itself. Sam, Ana and Ben are made up; nothing leaves this machine."""

_CLOSING = """\
    That is all. Both servers are stopped, and what they held is removed. `mentorup demo --keep` leaves them up for your
    own mail program; `mentorup init` sets MentorUp up for your own calendar and mail."""

_KEPT = "Both servers are stopped. What they wrote stays in {directory}; remove it when you like."


def _stay_up(stage: Stage, show: Show, interruptions: _Interruptions) -> None:
    """Tells where everything is, and waits for the Ctrl-C that ends it."""
    with contextlib.suppress(_Interrupted), interruptions.allowed():
        _show_where(stage, show)
        while True:
            signal.pause()


def _show_where(stage: Stage, show: Show) -> None:
    """Where everything is, while the servers are up."""
    show.heading("Have a look around")
    show.say("Both servers stay up until you press Ctrl-C here. They answer on this machine only.")
    show.facts(
        "In a mail program such as Thunderbird: a new account, set up by hand, IMAP",
        (
            ("name, address", f"{people.NAMES[people.SAM]}, {people.SAM}"),
            ("server, port", f"{stage.mail_server.host}, {stage.mail_server.port}"),
            ("security", "none; normal password (no mail leaves: any outgoing server will do)"),
            ("user", people.SAM),
            ("password", stage.password),
        ),
    )
    show.facts(
        "In a calendar program: a new calendar on the network, CalDAV",
        (("address", stage.calendar_url), ("user", people.SAM), ("password", stage.password)),
    )
    command = f"mentorup --config {stage.config_path}"
    show.say("On the command line, in another terminal (these go by today's date, the story by its own):")
    show.lines([f"{command} {rest}" for rest in ("status", "feedback list", "meetings list", "rehearse")])
    show.facts(
        f"Everything lies in {stage.directory}",
        (
            ("config.toml", "the config, with the password in the file beside it"),
            ("mentorup.db", "the records"),
            ("mail/", "the originals of what was filed"),
            ("mentorup.log", "what the service logged"),
        ),
    )


class _Interrupted(BaseException):
    """A signal asked the performance to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number


class _Interruptions:
    """Signals raise `_Interrupted` inside `allowed()`; those that come before are raised on entering it."""

    def __init__(self) -> None:
        self._allowed = False
        self._arrived = 0
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> _Interruptions:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._arrive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._arrived and error is not None and not isinstance(error, _Interrupted):
            # A Ctrl-C reaches the servers as well, and their end may be met before the signal is.
            raise _Interrupted(self._arrived) from error

    def _arrive(self, number: int, _frame: FrameType | None) -> None:
        self._arrived = number
        if self._allowed:
            self._allowed = False  # a second Ctrl-C must not break into the cleaning up
            raise _Interrupted(number)

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """The part that may be cut short at any point."""
        self._allowed = True
        try:
            if self._arrived:
                raise _Interrupted(self._arrived)
            yield
        finally:
            self._allowed = False
