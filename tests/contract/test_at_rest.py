"""What an account costs that has nothing to read and nothing to write."""

from __future__ import annotations

from tests.servers.process import command, loaded
from tests.servers.world import World

NOT_USED = """
    alembic caldav.collection caldav.config caldav.davclient dateparser dns icalendar jinja2 keyring oauthlib
    recurring_ical_events yaml
    mentorup_daemon.letters.compose mentorup_daemon.letters.rendering mentorup_daemon.replies.understand
    mentorup_daemon.service.answers mentorup_daemon.service.commands
""".split()


def test_i7_a_pass_with_nothing_to_do_loads_nothing_that_reads_or_writes_a_message(light_now: World) -> None:
    run = [*command(light_now)[3:], "run", "--once"]
    for first in (True, False):
        code, _, errors, modules = loaded(light_now.state, *run)
        assert code == 0, errors
        used = [name for name in NOT_USED if name in modules]
        assert ("jinja2" in used) == first  # the first pass of all writes a note of welcome
    assert used == []
