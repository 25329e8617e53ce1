"""The commands that keep, read, forget and bring back, as a person runs them, on a store of their own."""

from __future__ import annotations

import json
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tomli_w
from click.testing import Result
from typer.testing import CliRunner

from mentorup_daemon.cli import app
from mentorup_daemon.letters.identity import message_id
from mentorup_daemon.records import (
    ActionItem,
    Contact,
    Due,
    Feedback,
    Goal,
    Meeting,
    Note,
    PersonState,
    Receipt,
    Request,
    Thanks,
    Topic,
)
from mentorup_daemon.store import calendar, ledger, mail, states, work
from mentorup_daemon.store.account import Scope, Store

pytestmark = pytest.mark.usefixtures("logging_as_before")

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
SECRET = "an embarrassment of riches"


@dataclass(frozen=True, slots=True)
class Shell:
    """A config and its state directory, and the command line on them."""

    config: Path
    state: Path

    def run(self, *words: str, answer: str = "") -> Result:
        return CliRunner().invoke(app, ["--config", str(self.config), *words], input=answer, terminal_width=200)

    def json(self, *words: str) -> object:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def store(self) -> Store:
        return Store.open(f"sqlite:///{self.state / 'mentorup.db'}")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Sam's config and records: Ana and Ben, with something of every kind."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MENTORUP_CONFIG", raising=False)
    state = tmp_path / "state"
    config = tmp_path / "config.toml"
    config.write_text(
        tomli_w.dumps(
            {
                "owner": {"name": "Sam Rivera", "email": "sam@example.org", "timezone": "America/Los_Angeles"},
                "imap": {"host": "127.0.0.1", "username": "sam", "password": {"env": "NONE"}},
                "caldav": {"url": "https://127.0.0.1/", "username": "sam", "password": {"env": "NONE"}},
                "store": {"url": f"sqlite:///{state / 'mentorup.db'}"},
                "mentors": [
                    {
                        "id": "ana",
                        "name": "Ana Ortiz",
                        "emails": ["ana@example.org"],
                        "support": ["research advisor", "sponsor"],
                        "distance": "senior",
                    },
                    {"id": "ben", "name": "Ben Lindqvist", "support": ["Coach"], "distance": "peer"},
                    {"id": "kim", "name": "Kim Okafor"},
                ],
            }
        )
    )
    made = Shell(config, state)
    store = made.store()
    store.first_start(NOW)
    with store.writing() as scope:
        for mentor in ("ana", "ben"):
            fill(scope, mentor)
        ours = Due(key="check_in/all/1", rule="check_in", due_at=NOW, expires_at=NOW, lands="inbox", reason="")
        ledger.intend(scope, ours, message_id="<all>", digest="", subject="Ana and Ben", folder="INBOX", now=NOW)
        lines = (("PAUSE", "Ana Ortiz", "nothing comes"),)
        mail.keep_receipt(scope, Receipt(key="receipt/owner/x", at=NOW, about="agenda/ben/ben-1", lines=lines))
        work.add(scope, Note(id=0, text=SECRET, mentor="ana", created_at=NOW))
        work.add(scope, Topic(id=0, text=SECRET, private=True, created_at=NOW))
    store.close()
    (state / "mail").mkdir()
    for mentor in ("ana", "ben"):
        (state / "mail" / f"{mentor}.eml").write_bytes(f"From: {mentor}\r\n\r\nSlow down, says {mentor}.\r\n".encode())
    yield made
    monkeypatch.delenv("MENTORUP_CONFIG", raising=False)


def fill(scope: Scope, mentor: str) -> None:
    """Something of every kind about one person."""
    start = NOW - timedelta(days=3)
    met = Meeting(
        key=f"{mentor}-1",
        uid=f"{mentor}-1",
        mentor=mentor,
        also=("ben",) if mentor == "ana" else ("ana",),
        title=f"Meeting {mentor}",
        start=start,
        end=start + timedelta(hours=1),
        recognised_by="attendee",
        calendar="c",
        href=f"/{mentor}.ics",
    )
    calendar.keep_resources(scope, "c", [(f"/{mentor}.ics", "1", f"VEVENT of {mentor}", True)])
    calendar.keep_meetings(scope, "c", f"/{mentor}.ics", [met], now=NOW, until=NOW)
    work.add(scope, Topic(id=0, text=f"Topic for {mentor}", mentor=mentor, created_at=NOW))
    work.add(
        scope, ActionItem(id=0, text=f"Send it to {mentor}", mentor=mentor, created_at=NOW, state="done", done_at=NOW)
    )
    work.add(scope, ActionItem(id=0, text=f"{mentor} promised", owner=mentor, mentor=mentor, created_at=NOW))
    work.add(
        scope,
        Feedback(
            id=0,
            text=f"Slow down, says {mentor}.",
            mentor=mentor,
            received_at=NOW,
            source="subject",
            message_id=f"<{mentor}@x>",
            original=f"{mentor}.eml",
            plan="cut a slide",
            state="planned",
        ),
    )
    work.add(scope, Goal(id=0, text=f"Goal with {mentor}", mentor=mentor, due=date(2027, 2, 5), created_at=NOW))
    work.add(scope, Thanks(id=0, text=f"the word of {mentor}", mentor=mentor, created_at=NOW))
    work.note_contact(scope, Contact(mentor=mentor, at=NOW - timedelta(days=1), kind="mail from"))
    for key, rule in ((f"agenda/{mentor}/{mentor}-1", "agenda"), (f"receipt/owner/{mentor}", "receipt")):
        due = Due(
            key=key,
            rule=rule,
            due_at=NOW,
            expires_at=NOW,
            lands="inbox",
            reason=f"about {mentor}",
            mentor=mentor if rule == "agenda" else None,
        )
        ours = _message_id(key)
        ledger.intend(scope, due, message_id=ours, digest="", subject=f"S {mentor}", folder="INBOX", now=NOW)
    mail.keep_receipt(scope, Receipt(key=f"receipt/owner/{mentor}", at=NOW, about=f"agenda/{mentor}/{mentor}-1"))
    work.mark(scope, f"agenda/{mentor}/{mentor}-1", skipped=True)


def _message_id(key: str) -> str:
    """As a note with this key has it: it says nothing of the key, which is in none of its letters."""
    return message_id(b"secret", "owner", key, 1, "example.org")


def test_t11_pause_resume_and_close(shell: Shell) -> None:
    assert "until Monday 3 January 2050" in shell.run("mentors", "pause", "ana", "--until", "2050-01-03").output
    state = {one["id"]: one["state"] for one in shell.json("mentors")}  # type: ignore[attr-defined]
    assert state == {"ana": "paused", "ben": "active", "kim": "active"}
    assert "active again" in shell.run("mentors", "resume", "ana").output
    assert "active already" in shell.run("mentors", "resume", "ana").output
    assert "A closing note comes into your Drafts" in shell.run("mentors", "close", "ben").output
    assert "closed" in shell.run("mentors", "pause", "ben").output
    assert shell.run("mentors", "pause", "ben").exit_code == 1
    assert shell.run("mentors", "close", "zoe").exit_code == 1
    assert shell.json("mentors", "close", "ben")["state"] == "closed"  # type: ignore[index]
    paused = shell.json("mentors", "pause", "kim", "--until", "2050-01-03")
    assert paused["paused_until"].startswith("2050-01-03T08:00")  # type: ignore[index]
    assert shell.json("mentors", "resume", "kim")["state"] == "active"  # type: ignore[index]
    assert shell.json("mentors", "resume", "ana")["state"] == "active"  # type: ignore[index]
    assert shell.run("mentors", "pause", "ana", "--until", "2001-01-01").exit_code == 1


def test_forget_removes_every_trace_of_one_person_and_nothing_of_another(shell: Shell) -> None:
    asked = shell.run("mentors", "forget", "ana", answer="n\n")
    assert asked.exit_code == 1
    assert "action items" in asked.output
    assert (shell.state / "mail" / "ana.eml").exists()
    removed = shell.json("mentors", "forget", "ana", "--yes")["removed"]  # type: ignore[index]
    assert removed["action items"] == 2
    assert removed["private notes"] == 1
    assert removed["originals of mail"] == 1
    assert removed["notes and drafts on record"] == 2
    assert sorted(path.name for path in (shell.state / "mail").iterdir()) == ["ben.eml"]
    content = b"".join(path.read_bytes() for path in shell.state.glob("mentorup.db*"))
    for trace in (b"says ana", b"Send it to ana", b"VEVENT of ana", b"<ana@x>", b"agenda/ana", b"Meeting ana", b"Ana"):
        assert trace not in content, trace
    for kept in (b"says ben", b"Send it to ben", b"VEVENT of ben", b"<ben@x>", b"agenda/ben"):
        assert kept in content, kept
    store = shell.store()
    with store.reading() as scope:
        assert [state.state for state in states.all_states(scope).values()] == ["paused"]
        [met] = calendar.all_meetings(scope, ZONE)
        assert met.also == ()
    store.close()
    assert shell.run("mentors", "forget", "zoe", "--yes").exit_code == 1
    for words in (("mentors", "forget", "ben"), ("purge", "--account")):
        refused = shell.run(*words, "--json")
        assert (refused.exit_code, refused.stdout) == (1, "")


def test_contacts_tell_meetings_and_mail_newest_first(shell: Shell) -> None:
    found = shell.json("contacts", "--mentor", "ana")
    assert [one["kind"] for one in found] == ["mail from", "meeting"]  # type: ignore[attr-defined]
    assert "mail from" in shell.run("contacts").output


def test_t6_contact_that_only_the_owner_knows_of_is_added_and_taken_back(shell: Shell) -> None:
    [added] = shell.json("contacts", "add", "ben", "--on", "2026-11-17")  # type: ignore[misc]
    assert (added["kind"], added["at"][:10]) == ("talked", "2026-11-17")
    assert "talked" in shell.run("contacts", "--mentor", "ben").output
    assert shell.run("contacts", "add", "ben", "--on", "2999-01-01").exit_code == 1
    assert shell.run("contacts", "drop", "ben", "--on", "2026-11-16").exit_code == 1
    shell.json("contacts", "drop", "ben", "--on", "2026-11-17")
    assert "talked" not in shell.run("contacts", "--mentor", "ben").output
    assert shell.run("contacts", "add", "nobody").exit_code == 1


def test_private_notes_are_added_rewritten_and_removed(shell: Shell) -> None:
    kept = shell.json("notes", "add", "Ask for less.", "--mentor", "ana")
    number = str(kept["id"])  # type: ignore[index]
    assert shell.json("notes", "edit", number, "Ask for more.")["text"] == "Ask for more."  # type: ignore[index]
    assert shell.run("notes", "add", "  ").exit_code == 1
    shell.json("notes", "drop", number)
    assert shell.run("notes", "show", number).exit_code == 1
    assert shell.run("notes", "drop", number).exit_code == 1


def test_notes_are_listed_and_shown_to_their_owner(shell: Shell) -> None:
    [note] = shell.json("notes")  # type: ignore[misc]
    assert note["text"] == SECRET
    assert SECRET in shell.run("notes", "show", str(note["id"])).output
    assert shell.run("notes", "show", "4711").exit_code == 1


def test_t2_the_network_names_its_empty_cells_with_a_next_step(shell: Shell) -> None:
    found = shell.json("network")
    cells = {(cell["support"], cell["distance"]): cell for cell in found["cells"]}  # type: ignore[index]
    assert cells["coach", "peer"]["people"] == ["ben"]
    assert cells["sponsor", "senior"]["people"] == ["ana"]
    assert "Ana" in cells["sponsor", "peer"]["next_step"]
    assert found["unplaced"] == ["kim"]  # type: ignore[index]
    told = shell.run("network").output
    assert "peer sponsor: ask Ana, a sponsor of yours" in told
    assert "Not placed: kim" in told


def test_t5_the_letter_packet_is_made_of_the_records_and_nothing_private(shell: Shell, tmp_path: Path) -> None:
    done = shell.run("letter", "ana")
    assert done.exit_code == 0
    for part in ("Goal with ana", "cut a slide", "the word of ana", "Send it to ana", "Meeting ana", "5 February 2027"):
        assert part in done.stdout
    for part in (SECRET, "Goal with ben", "Topic for"):
        assert part not in done.stdout
    target = tmp_path / "letter.md"
    assert shell.run("letter", "ana", "--to", str(target)).exit_code == 0
    assert target.read_text() == done.stdout
    assert "nothing on record" in shell.run("letter", "kim").stdout
    assert shell.run("letter", "zoe").exit_code == 1


def test_backup_and_restore_bring_everything_back(shell: Shell, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar.gz"
    before = shell.json("actions", "--all")
    holder = shell.store()
    with holder.exclusive():  # as while the daemon runs
        assert shell.run("backup", str(target)).exit_code == 0
        busy = shell.run("restore", str(target), "--force")
        assert busy.exit_code == 75
    holder.close()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as archive:
        assert sorted(archive.getnames()) == ["mail/ana.eml", "mail/ben.eml", "mentorup.db"]
    refused = shell.run("restore", str(target))
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert shell.run("mentors", "forget", "ana", "--yes").exit_code == 0
    assert shell.run("restore", str(target), "--force").exit_code == 0
    assert shell.json("actions", "--all") == before
    assert b"says ana" in (shell.state / "mail" / "ana.eml").read_bytes()
    assert shell.run("purge", "--account", "--yes").exit_code == 0
    assert shell.run("restore", str(target)).exit_code == 0
    assert shell.json("actions", "--all") == before
    assert [path.name for path in shell.state.iterdir() if path.name.startswith(".restore")] == []


@pytest.mark.parametrize("what", ["text", "truncated", "path", "link", "foreign", "damaged"])
def test_a_file_that_is_no_backup_changes_nothing(shell: Shell, tmp_path: Path, what: str) -> None:
    good, bad = tmp_path / "good.tar.gz", tmp_path / "bad.tar.gz"
    assert shell.run("backup", str(good)).exit_code == 0
    spoil(good, bad, what)
    before = shell.json("actions", "--all")
    done = shell.run("restore", str(bad), "--force")
    assert done.exit_code == 1
    assert "Nothing was changed" in done.output
    assert shell.json("actions", "--all") == before
    assert not (tmp_path / "evil.eml").exists()


def spoil(good: Path, bad: Path, what: str) -> None:
    """A file that looks like a backup and isn't."""
    if what == "text":
        bad.write_text("hello")
        return
    if what == "truncated":
        bad.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
        return
    with tarfile.open(bad, "w:gz") as archive:
        database = b"not a database" * 1000
        if what == "foreign":
            path = bad.with_suffix(".db")
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("CREATE TABLE other (x)")
                connection.commit()
            database = path.read_bytes()
        entry = tarfile.TarInfo("mentorup.db" if what != "path" else "mail/../../../evil.eml")
        entry.size = len(database)
        if what == "link":
            entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, "/etc/passwd", 0
        archive.addfile(entry, BytesIO(database))


def test_purge_asks_tells_what_there_is_and_removes_all_of_it(shell: Shell) -> None:
    assert shell.run("purge").exit_code == 1
    asked = shell.run("purge", "--account", answer="n\n")
    assert asked.exit_code == 1
    assert "feedback" in asked.output
    assert (shell.state / "mentorup.db").exists()
    removed = shell.json("purge", "--account", "--yes")["removed"]  # type: ignore[index]
    assert removed["actions"] == 4
    assert removed["originals of mail"] == 2
    assert [path.name for path in shell.state.iterdir() if path.name != "mentorup.lock"] == []
    assert shell.run("purge", "--account", "--yes").exit_code == 1


def test_templates_are_listed_and_shown_with_made_up_people(shell: Shell) -> None:
    names = shell.json("templates", "list")
    assert "agenda/draft" in names  # type: ignore[operator]
    for name in names:  # type: ignore[attr-defined]
        shown = shell.run("templates", "show", name)
        assert shown.exit_code == 0, (name, shown.output)
        assert shown.stdout.startswith("Subject: ")
    assert shell.run("templates", "show", "agenda/nothing").exit_code == 1
    everything = shell.run("templates", "show").stdout
    assert all(f"{name}\n===" in everything for name in names)  # type: ignore[attr-defined]
    assert [one["name"] for one in shell.json("templates", "show")] == names  # type: ignore[attr-defined]


def test_a_state_survives_as_it_was_kept(shell: Shell) -> None:
    store = shell.store()
    kept = PersonState(mentor="ana", state="paused", since=NOW, paused_until=NOW + timedelta(days=3))
    with store.writing() as scope:
        states.keep_state(scope, kept)
        assert states.all_states(scope) == {"ana": kept}
    store.close()


def test_t5_a_letter_can_be_asked_for_as_a_draft(shell: Shell) -> None:
    assert "with the next pass" in shell.run("letter", "ana", "--draft").output
    asked = shell.json("letter", "ana", "--draft", "--for", "the K award")
    assert (asked["kind"], asked["person"], asked["text"]) == ("letter", "ana", "the K award")  # type: ignore[index]
    store = shell.store()
    with store.reading() as scope:
        assert [one.state for one in work.items(scope, Request)] == ["dropped", "open"]
    store.close()
    assert shell.json("letter", "ana")["markdown"].startswith("# For a letter by Ana Ortiz")  # type: ignore[index]
    assert shell.run("letter", "zoe", "--draft").exit_code == 1
