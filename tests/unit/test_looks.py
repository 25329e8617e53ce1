"""When each server is looked at next: after its interval, later and later while it fails, and spread over a fleet."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.config import Settings
from mentorup_daemon.errors import ConfigError, CredentialsError, MentorUpError, Unavailable, Uncertain
from mentorup_daemon.service.looks import CALDAV, IMAP, REFUSED, Look, Looks, intervals

EVERY = {IMAP: 300.0, CALDAV: 600.0}
NOW = 1_000_000.0

moments = st.floats(0, 4e9)
chances = st.floats(0, 1, exclude_max=True)
spans = st.floats(1, 7 * 86_400.0)
errors = st.sampled_from(
    [Unavailable("away"), Uncertain("lost"), Unavailable("slow down", retry_after=40), CredentialsError("no")]
)
steps = st.tuples(st.floats(0, 90_000), st.dictionaries(st.sampled_from([IMAP, CALDAV]), errors), chances)


def lived(history: list[tuple[float, dict[str, MentorUpError], float]], phase: float | None) -> tuple[Looks, float]:
    """What stands after these passes, and when the last of them ended."""
    now, looks = NOW, Looks.first(EVERY)
    for later, failures, chance in history:
        now += later
        looks = looks.after(looks.due(now), failures, now, chance=chance, phase=phase)
    return looks, now


def test_everything_is_looked_at_first() -> None:
    looks = Looks.first(EVERY)
    assert looks.due(0.0) == {IMAP, CALDAV}
    assert not looks.spared(0.0)
    assert not looks.failures


def test_a_server_that_was_looked_at_is_due_after_its_interval() -> None:
    looks = Looks.first(EVERY).after({IMAP, CALDAV}, {}, NOW, chance=0.0)
    assert not looks.due(NOW + 299)
    assert looks.due(NOW + 300) == {IMAP}
    assert looks.due(NOW + 600) == {IMAP, CALDAV}
    assert looks.next_pass(None) == NOW + 300


def test_p02_one_that_is_away_is_spared_and_holds_up_nothing_but_itself() -> None:
    looks = Looks.first(EVERY).after({IMAP, CALDAV}, {CALDAV: Unavailable("away")}, NOW, chance=0.0)
    assert looks.spared(NOW + 0.5) == {CALDAV}
    assert looks.due(NOW + 300) == {IMAP, CALDAV}
    assert looks.failures == {CALDAV: "away"}
    assert not looks.after({CALDAV}, {}, NOW + 300, chance=0.0).failures


def test_p02_it_is_waited_for_longer_and_longer_but_never_over_five_minutes() -> None:
    looks, waits, now = Looks.first(EVERY), [], NOW
    for _ in range(12):
        looks = looks.after({IMAP}, {IMAP: Unavailable("away")}, now, chance=0.0)
        waits.append(looks.servers[IMAP].next_look - now)
        now = looks.servers[IMAP].next_look
    assert waits[:4] == [1, 2, 4, 8]
    assert waits == sorted(waits)
    assert waits[-1] == 300


@pytest.mark.parametrize("refused", [CredentialsError("refused"), ConfigError("no such calendar")])
def test_p03_refused_credentials_are_tried_again_after_an_hour(refused: MentorUpError) -> None:
    looks = Looks.first(EVERY).after({IMAP}, {IMAP: refused}, NOW, chance=0.9)
    assert IMAP in looks.spared(NOW + REFUSED - 1)
    assert IMAP in looks.due(NOW + REFUSED)


def test_d01_a_server_that_names_a_time_is_left_alone_until_then() -> None:
    looks = Looks.first(EVERY).after({CALDAV}, {CALDAV: Unavailable("busy", retry_after=1200)}, NOW, chance=0.5)
    assert CALDAV in looks.spared(NOW + 1199)
    assert CALDAV in looks.due(NOW + 1200)


def test_new_mail_is_looked_at_now_unless_the_server_fails() -> None:
    well = Looks.first(EVERY).after({IMAP, CALDAV}, {}, NOW, chance=0.0)
    assert well.heard_from(IMAP, NOW + 5).due(NOW + 5) == {IMAP}
    failing = Looks.first(EVERY).after({IMAP}, {IMAP: CredentialsError("refused")}, NOW, chance=0.0)
    assert failing.heard_from(IMAP, NOW + 5) == failing
    assert well.heard_from("unheard of", NOW) == well


def test_what_is_due_is_woken_for_unless_it_cant_be_written() -> None:
    well = Looks.first(EVERY).after({IMAP, CALDAV}, {}, NOW, chance=0.0)
    assert well.next_pass(NOW + 20) == NOW + 20
    assert well.next_pass(NOW + 4000) == NOW + 300
    failing = well.after((), {IMAP: CredentialsError("refused")}, NOW, chance=0.0)
    assert failing.next_pass(NOW + 20) == NOW + 600


def test_a_server_that_fails_while_it_is_written_to_is_backed_off_too() -> None:
    looks = Looks({IMAP: Look(300.0, NOW + 250)}).after((), {IMAP: Unavailable("gone")}, NOW, chance=0.0)
    assert looks.spared(NOW) == {IMAP}
    assert looks.servers[IMAP].next_look == NOW + 1


def test_what_was_kept_is_taken_up_with_the_servers_and_intervals_of_today() -> None:
    kept = Looks.first({IMAP: 86_400.0, "gone": 60.0}).after({IMAP, "gone"}, {}, NOW, chance=0.0).to_json()
    looks = Looks.taken_up(EVERY, kept, NOW)
    assert set(looks.servers) == {IMAP, CALDAV}
    assert looks.servers[IMAP].next_look == NOW + 300  # five minutes after it was looked at
    assert looks.due(NOW) == {CALDAV}


def test_one_whose_interval_is_longer_now_is_looked_at_as_was_said_and_then_by_that() -> None:
    kept = Looks.first({IMAP: 60.0}).after({IMAP}, {}, NOW, chance=0.0).to_json()
    looks = Looks.taken_up({IMAP: 300.0}, kept, NOW)
    assert looks.servers[IMAP].next_look == NOW + 60
    assert looks.after({IMAP}, {}, NOW + 60, chance=0.0).servers[IMAP].next_look == NOW + 360


def test_a_clock_that_was_set_back_is_not_waited_for() -> None:
    kept = Looks.first(EVERY).after({IMAP, CALDAV}, {CALDAV: CredentialsError("no")}, NOW, chance=0.0).to_json()
    looks = Looks.taken_up(EVERY, kept, NOW - 1_000_000)
    assert looks.servers[IMAP].next_look == NOW - 1_000_000 + 600
    assert looks.servers[CALDAV].next_look == NOW - 1_000_000 + 86_400


@pytest.mark.parametrize(
    "kept",
    [{}, {IMAP: 3}, {IMAP: {}}, {IMAP: {"interval": 1, "next_look": "x", "attempts": 0, "failure": ""}}, {IMAP: None}],
)
def test_what_cant_be_read_counts_as_never_looked_at(kept: dict[str, object]) -> None:
    assert Looks.taken_up(EVERY, kept, NOW) == Looks.first(EVERY)


def test_a_time_that_is_no_number_counts_as_never_looked_at() -> None:
    kept = {IMAP: {"interval": 300.0, "next_look": math.nan, "attempts": 1, "failure": "x"}}
    assert Looks.taken_up(EVERY, kept, NOW) == Looks.first(EVERY)


def test_the_servers_are_those_of_the_config() -> None:
    owner = {"name": "Sam", "email": "sam@example.org", "timezone": "UTC"}
    mail = {"host": "imap.example.org", "username": "sam", "password": {"env": "X"}, "poll_interval": "4m"}
    feeds = [{"url": "https://example.org/sam.ics"}]
    dav = {"url": "https://dav.example.org/", "username": "sam", "password": {"env": "X"}, "poll_interval": "7m"}
    assert intervals(Settings.model_validate({"owner": owner, "imap": mail})) == {IMAP: 240}
    with_feeds = Settings.model_validate({"owner": owner, "imap": mail, "feeds": feeds})
    assert intervals(with_feeds) == {IMAP: 240, CALDAV: 900}
    with_both = Settings.model_validate({"owner": owner, "imap": mail, "feeds": feeds, "caldav": dav})
    assert intervals(with_both) == {IMAP: 240, CALDAV: 420}


@given(st.lists(steps, max_size=12), st.none() | chances)
def test_a_server_is_due_or_spared_or_well_and_none_is_forgotten(history: list, phase: float | None) -> None:
    looks, now = lived(history, phase)
    assert not looks.due(now) & looks.spared(now)
    assert looks.spared(now) <= set(looks.failures)
    for look in looks.servers.values():
        latest = max(REFUSED, look.interval * 1.5)
        assert look.next_look <= now + latest + 1e-3
    assert looks.next_pass(None) == min(look.next_look for look in looks.servers.values())


@given(st.lists(steps, max_size=12), st.none() | chances)
def test_what_is_kept_comes_back_as_it_was(history: list, phase: float | None) -> None:
    looks, now = lived(history, phase)
    assert Looks.taken_up(EVERY, json.loads(json.dumps(looks.to_json())), now) == looks


@given(moments, spans, chances)
def test_a_phase_moves_a_look_by_half_an_interval_at_most_and_then_keeps_it(
    now: float, interval: float, phase: float
) -> None:
    first = Looks.first({IMAP: interval}).after({IMAP}, {}, now, chance=0.0, phase=phase)
    at = first.servers[IMAP].next_look
    assert now + interval / 2 - 1e-3 <= at <= now + interval * 1.5 + 1e-3
    late = at + interval / 4
    again = first.after({IMAP}, {}, late, chance=0.0, phase=phase).servers[IMAP].next_look
    assert again == pytest.approx(at + interval, abs=1e-3)


def test_a_thousand_accounts_that_were_due_at_once_are_spread_over_the_interval() -> None:
    looks = Looks.first({IMAP: 300.0})
    nine = 1_790_000_000.0
    at = [
        looks.after({IMAP}, {}, nine, chance=0.0, phase=account / 1000).servers[IMAP].next_look
        for account in range(1000)
    ]
    for start in range(150, 450, 30):
        assert 99 <= sum(nine + start <= moment < nine + start + 30 for moment in at) <= 101
