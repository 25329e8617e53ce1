"""A hosted account is tended like a single owner's, and no dump of the database gives a secret of its away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from mentorup_daemon.records import Feedback
from mentorup_daemon.service.fleet.opening import opened
from mentorup_daemon.store import work
from tests.contract.test_calendars import event
from tests.servers.caldav import CalDavServer
from tests.servers.fake_http import FakeHttp, Reply
from tests.servers.fleet import Hosting, in_clear
from tests.servers.imap import Mailserver
from tests.servers.world import MONDAY, SAM, World

pytestmark = pytest.mark.debian


@dataclass(slots=True)
class Hosted:
    """Sam's world, hosted."""

    world: World
    hosting: Hosting

    def add(self, more: str = "") -> None:
        """Sam's config becomes an account, as if it had been added on Monday."""
        path = self.world.state / "sam.toml"
        path.write_text(self.world.config() + more)
        self.hosting.run("add", path)
        self.hosting.database.ask(f"UPDATE accounts SET started_at = '{MONDAY.isoformat()}'")
        self.take_up()

    def take_up(self) -> None:
        """The next pass is by another process."""
        self.world.restart()
        self.world._account, _ = opened(self.hosting.fleet, SAM)

    def mails(self) -> list[str]:
        """The subjects of all that was written, in both folders."""
        folders = ("INBOX", self.world.drafts_folder)
        return [str(one["Subject"]) for folder in folders for one in self.world.folder(folder)]


@pytest.fixture
def hosted(pymap: Mailserver, radicale: CalDavServer, hosting: Hosting, tmp_path: Path) -> Iterator[Hosted]:
    state = tmp_path / "sam"
    state.mkdir()
    world = World(pymap, radicale, state, changes={"store": {"url": None}})
    world.acquaint()
    yield Hosted(world, hosting)
    world.restart()


def test_i8_a_hosted_account_gets_what_a_single_owner_gets_and_gets_it_once(hosted: Hosted) -> None:
    hosted.add()
    hosted.world.meet("m1", MONDAY + timedelta(days=1, hours=4))
    hosted.world.tend()
    written = hosted.mails()
    assert any("Ana tomorrow: what" in subject for subject in written)
    assert len(written) == len(set(written))
    for _ in range(2):
        hosted.take_up()
        hosted.world.tend()
    assert hosted.mails() == written


def test_i8_what_is_filed_for_a_hosted_account_is_in_the_database_with_its_original(hosted: Hosted) -> None:
    hosted.add()
    hosted.world.tend()
    hosted.world.write("Slow down on the results slide.", to=SAM, sender="ana@example.org", subject="#feedback talk")
    hosted.world.tend()
    with hosted.world.account.store.reading() as scope:
        (filed,) = work.items(scope, Feedback)
    assert (filed.mentor, filed.text) == ("ana", "Slow down on the results slide.")
    ((content,),) = hosted.hosting.database.ask("SELECT content FROM originals WHERE account = 'sam@example.org'")
    assert b"Slow down on the results slide." in content


def test_i8_who_is_removed_and_added_again_gets_nothing_twice(hosted: Hosted) -> None:
    hosted.add()
    hosted.world.meet("m1", MONDAY + timedelta(days=1, hours=4))
    hosted.world.tend()
    written = hosted.mails()
    hosted.hosting.run("remove", SAM, "--yes")
    hosted.add()
    hosted.world.tend()
    assert hosted.mails() == written


def test_i8_no_dump_holds_a_password_or_the_address_of_a_feed(hosted: Hosted, fake_http: FakeHttp) -> None:
    feed = f"{fake_http.url}private-8f3a/sam.ics"
    fake_http.script = lambda _seen: Reply(200, event("fed", "Ana Ortiz, mentoring"), {"Content-Type": "text/calendar"})
    hosted.add(f'\n[[feeds]]\nurl = "{feed}"\n')
    hosted.hosting.run("add", hosted.hosting.given("kim"))
    hosted.world.meet("m1", MONDAY + timedelta(days=1, hours=4))
    hosted.world.tend()
    assert fake_http.requests
    dump = hosted.hosting.dump()
    assert "SUMMARY:Ana Ortiz, mentoring" in dump
    for secret in ("kim-imap-secret", "kim-caldav-secret", "private-8f3a", *hosted.hosting.keys):
        assert not in_clear(secret, dump)
    assert in_clear("kim@example.org", dump)


def test_i8_check_tries_the_logins_before_anything_is_kept(hosted: Hosted) -> None:
    path = hosted.world.state / "sam.toml"
    path.write_text(hosted.world.config())
    (hosted.world.state / "password").write_text("another")
    done = hosted.hosting.run("add", path, "--check", code=77)
    assert "problem  imap: " in done.stderr
    assert "ok       caldav: " in done.stderr
    assert done.stderr.endswith("mentorup: Nothing was kept.\n")
    assert hosted.hosting.told("list") == []
    hosted.world.config()  # with the right password
    assert hosted.hosting.told("add", path, "--check")["account"] == SAM
