"""`mentorup demo` as a person runs it: what it tells, and that it leaves nothing behind however it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

pytestmark = pytest.mark.slow

_MENTORUP = [sys.executable, "-m", "mentorup_daemon"]
_PATIENCE = 60  # seconds


def environment(directory: Path) -> dict[str, str]:
    """A plain environment whose temporary files land in `directory`."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "MENTORUP_CONFIG", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "TMPDIR": str(directory), "TERM": "xterm-256color", "PYTHONUTF8": "1"}


@contextmanager
def running(directory: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The demo while it runs, in a process group of its own as a shell would start it."""
    process = subprocess.Popen(
        [*_MENTORUP, "demo", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(directory),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told_until(stream: IO[str] | None, words: str) -> str:
    """What is told until a line with these words."""
    assert stream is not None
    told = ""
    for line in stream:
        told += line
        if words in line:
            return told
    raise AssertionError(f"{words!r} was never told: {told[-500:]}")


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[int], Path]:
    """The whole story: its text, the servers it started, its temporary directory."""
    directory = tmp_path_factory.mktemp("demo")
    with running(directory) as process:
        begun = told_until(process.stdout, "MentorUp reads the calendar")
        servers = children(process.pid)
        rest, errors = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 0, errors
    assert errors == ""
    return begun + rest, servers, directory


def test_the_whole_story_is_told(whole: tuple[str, list[int], Path]) -> None:
    story = " ".join(re.sub("[│╭╮╰╯─]", " ", whole[0]).split())
    milestones = [
        "Ana / Sam yes:",
        "Dentist no:",
        "Subject: MentorUp is here",
        "shorter, or another time?",
        "Subject: Ana on Thursday: what do you want to ask?",
        "To: (nobody yet)",
        "ADD K award: this cycle or next?",
        "Subject: Re: Ana on Thursday",
        "To: Ana Ortiz <ana@example.edu> Subject: Thursday, 14:00: K award and Aim 2",
        "nothing changes: the same 5 messages",
        "is out of Drafts and lies in Sent",
        "Filed as feedback",
        "a reply to an agenda that Sam sent",
        "meeting Ana / Sam, Thu 03 Dec",
        "THANKS for the frank word on the second cohort",
        "Dear Ana, Thank you for the frank word on the second cohort.",
        "Subject: Ben tomorrow: agenda draft (1 question)",
        "Subject: Your week: 1 due",
        "taken away Drafts",
        "in its place Drafts",
        "You've changed the draft, so I left it as it is: it still says Wednesday 10:00, so mend that first.",
        "Subject: Ben today: what was worth it?",
        "THANKS for the introduction to Kim",
        "Dear Ben, Thank you for the introduction to Kim.",
        "the folder that Sam dragged it into",
        "time to check in",
        "Subject: A short update Dear Ana,",
    ]
    place = 0
    for milestone in milestones:
        found = story.find(milestone, place)
        assert found >= 0, f"{milestone!r} isn't told after {story[max(0, place - 200) : place]!r}"
        place = found


def test_plain_text_without_control_characters_when_piped(whole: tuple[str, list[int], Path]) -> None:
    assert [char for char in whole[0] if not char.isprintable() and char != "\n"] == []
    assert max(map(len, whole[0].splitlines())) <= 80


def test_nothing_is_left_running_or_lying_about(whole: tuple[str, list[int], Path]) -> None:
    _, servers, directory = whole
    assert len(servers) == 2
    assert alive(servers) == []
    assert list(directory.iterdir()) == []


def test_days_end_the_story_early(tmp_path: Path) -> None:
    done = subprocess.run(
        [*_MENTORUP, "demo", "--days", "2"],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Sam sends the draft" in done.stdout
    assert "Ana answers" not in done.stdout
    assert "The story stops here" in done.stdout


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGINT, "MentorUp demo"),
        (signal.SIGINT, "MentorUp reads the calendar"),
        (signal.SIGTERM, "MentorUp reads the calendar"),
        (signal.SIGHUP, "MentorUp reads the calendar"),
    ],
)
def test_a_signal_at_any_point_ends_everything(tmp_path: Path, number: signal.Signals, words: str) -> None:
    """As a terminal sends it: to the servers, too."""
    with running(tmp_path) as process:
        told_until(process.stdout, words)
        servers = children(process.pid)
        os.killpg(process.pid, number)
        rest, errors = process.communicate(timeout=_PATIENCE)
        assert process.returncode == 128 + number
        assert errors == ""
        assert "Stopped. Nothing is left running." in rest
        assert alive(servers) == []
        assert list(tmp_path.iterdir()) == []


def test_a_server_that_dies_ends_the_story_in_words(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        told_until(process.stdout, "MentorUp reads the calendar")
        servers = children(process.pid)
        [calendar_server] = [pid for pid in servers if "radicale" in command_of(pid)]
        os.kill(calendar_server, signal.SIGKILL)
        _, errors = process.communicate(timeout=_PATIENCE)
        assert process.returncode == 69
        assert errors.startswith("mentorup: ")
        assert "Traceback" not in errors
        assert alive(servers) == []
        assert list(tmp_path.iterdir()) == []


def test_keep_leaves_the_servers_up_until_ctrl_c_and_the_directory_for_good(tmp_path: Path) -> None:
    with running(tmp_path, "--keep", "--days", "3") as process:
        told = told_until(process.stdout, "what the service logged")
        servers = children(process.pid)
        assert len(alive(servers)) == 2
        found = re.search(r"127\.0\.0\.1, (\d+)", told), re.search(r"http://127\.0\.0\.1:(\d+)/\S+", told)
        ports = [int(each[1]) for each in found if each is not None]
        assert len(ports) == 2
        config = re.search(r"mentorup --config (\S+) status", told)
        assert config is not None
        assert Path(config[1]).is_relative_to(tmp_path)
        kept = [
            json.loads(
                subprocess.run(
                    [*_MENTORUP, "--config", config[1], *command, "--json"],
                    capture_output=True,
                    env=environment(tmp_path),
                    timeout=_PATIENCE,
                    check=True,
                ).stdout
            )
            for command in (["status"], ["feedback", "list"], ["rehearse"])
        ]
        assert kept[0]["healthy"] is True
        assert [(one["mentor"], one["source"]) for one in kept[1]] == [("ana", "reply")]
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=_PATIENCE)
        assert (process.returncode, errors) == (0, "")
        assert alive(servers) == []
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5)
        assert Path(config[1]).exists()
        shutil.rmtree(Path(config[1]).parent)


def test_in_colour_on_a_terminal(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*_MENTORUP, "demo", "--days", "1"], stdout=slave, stderr=slave, env=environment(tmp_path)
    )
    os.close(slave)
    seen = b""
    try:
        while chunk := os.read(master, 65536):
            seen += chunk
    except OSError:  # the terminal's other end was closed (EIO)
        pass
    finally:
        os.close(master)
        assert process.wait(_PATIENCE) == 0
    assert b"\x1b[1;36m" in seen


@pytest.mark.parametrize("package", ["pymap", "radicale"])
def test_a_missing_extra_is_told_with_its_remedy(tmp_path: Path, package: str) -> None:
    without = f"import sys; sys.modules[{package!r}] = None; sys.argv[1:] = ['demo']; import mentorup_daemon.__main__"
    done = subprocess.run(
        [sys.executable, "-c", without],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 78
    assert done.stderr.endswith("pip install 'mentorup-daemon[demo]'\n")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
