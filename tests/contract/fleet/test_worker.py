"""Workers as processes of their own, on PostgreSQL, Dovecot and Radicale: all are served, once, whatever dies."""

from __future__ import annotations

import pytest

from tests.servers.mentees import Mentees, copies, prepare
from tests.servers.process import until

pytestmark = pytest.mark.debian

SAM, KIM = "sam@example.org", "kim@example.org"


def test_i8_a_worker_tends_the_accounts_that_are_due_and_says_when_it_comes_again(mentees: Mentees) -> None:
    worlds = [mentees.add(name) for name in ("sam", "kim")]
    for world in worlds:
        prepare(world)
    mentees.hire("w1")
    until(mentees.looked_at, 60)
    for world in worlds:
        assert (len(world.notes), len(world.drafts)) == (1, 1)
        assert set(copies(world).values()) == {1}
    for account in (SAM, KIM):
        worker, failure, dispatched, soon = mentees.ask(
            "worker, failure, dispatched_at, next_look - now() BETWEEN '1 minute' AND '8 minutes'", account
        )
        assert (worker, failure, dispatched, soon) == ("w1", "", None, True)
