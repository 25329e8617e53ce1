"""What holds of every calendar: against a naive model, against the library of others, and through any window."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events import Recognised, expand, to_meeting
from tests.unit.events.calendar_text import BERLIN, calendar, expanded, sound

CALENDARS = Path(__file__).parents[2] / "data" / "calendars"
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Sao_Paulo", "UTC"]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
TIMES = st.builds(time, st.integers(5, 22), st.sampled_from([0, 15, 30]))  # never in a gap or an overlap


def written(when: datetime) -> str:
    return when.strftime("%Y%m%dT%H%M%S")


def utc(when: datetime) -> str:
    return written(when.astimezone(UTC)) + "Z"


@st.composite
def series(draw: st.DrawFn) -> tuple[str, list[tuple[str, datetime]]]:
    """A daily or weekly series with exclusions and moves, and what it holds: (recurrence_id, start)."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day, at = draw(DAYS), draw(TIMES)
    step, count = draw(st.integers(1, 5)), draw(st.integers(1, 25))
    weekly = draw(st.booleans())
    slots = [
        datetime.combine(day + timedelta(days=index * step * (7 if weekly else 1)), at, zone) for index in range(count)
    ]
    out = draw(st.sets(st.sampled_from(slots), max_size=4))
    moved = draw(st.dictionaries(st.sampled_from(slots), st.integers(-90 * 24, 90 * 24), max_size=4))
    lines = [
        f"DTSTART;TZID={zone.key}:{written(slots[0])}",
        "DURATION:PT45M",
        f"RRULE:FREQ={'WEEKLY' if weekly else 'DAILY'};INTERVAL={step};COUNT={count}",
    ]
    for slot in out:
        form = draw(st.integers(0, 3))
        tokyo = written(slot.astimezone(ZoneInfo("Asia/Tokyo")))
        lines.append(
            [
                f"EXDATE;TZID={zone.key}:{written(slot)}",
                f"EXDATE:{utc(slot)}",
                f"EXDATE;TZID=Asia/Tokyo:{tokyo}",
                f"EXDATE;VALUE=DATE:{slot:%Y%m%d}",
            ][form]
        )
    events = ["\n".join(lines)]
    held = {utc(slot): slot for slot in slots if slot not in out}
    for slot, hours in moved.items():
        start = slot.astimezone(UTC) + timedelta(hours=hours)
        events.append(f"RECURRENCE-ID;TZID={zone.key}:{written(slot)}\nDTSTART:{utc(start)}\nDURATION:PT45M")
        if slot not in out:
            held[utc(slot)] = start
    draw(st.randoms()).shuffle(events)
    return calendar(*events), sorted(
        ((name, start.astimezone(UTC)) for name, start in held.items()), key=lambda x: x[::-1]
    )


@settings(deadline=None, max_examples=200)
@given(series())
def test_d07_series_with_exclusions_and_moves_are_as_the_naive_model_has_them(drawn) -> None:
    text, held = drawn
    found = sound(text, "2020-01-01", "2035-01-01")
    assert [(o.recurrence_id, o.start.astimezone(UTC)) for o in found] == sorted(held, key=lambda x: (x[1], x[0]))
    assert {o.end.astimezone(UTC) - o.start.astimezone(UTC) for o in found} <= {timedelta(minutes=45)}


@settings(deadline=None)
@given(series(), st.lists(st.datetimes(datetime(2023, 6, 1), datetime(2029, 6, 1)), min_size=3, max_size=3).map(sorted))
def test_d07_two_windows_hold_what_one_over_both_holds(drawn, edges: list[datetime]) -> None:
    text, _ = drawn
    a, b, c = (edge.replace(tzinfo=UTC) for edge in edges)

    def between(low: datetime, high: datetime):
        return expand(text, zone=BERLIN, start=low, end=high).occurrences

    assert between(a, b) + between(b, c) == between(a, c)


@settings(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=DAYS,
    at=TIMES,
    freq=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    step=st.integers(1, 3),
)
def test_d08_the_clock_shows_the_same_at_every_occurrence(zone, day, at, freq, step) -> None:
    start = datetime.combine(day, at)
    text = calendar(f"DTSTART;TZID={zone}:{written(start)}\nRRULE:FREQ={freq};INTERVAL={step};COUNT=60")
    found = sound(text, "2020-01-01", "2300-01-01")
    assert {o.start.time() for o in found} == {at}
    assert len(found) == 60
    assert [o.start.utcoffset() for o in found] == [
        ZoneInfo(zone).utcoffset(o.start.replace(tzinfo=None)) for o in found
    ]


@settings(deadline=None, max_examples=100)
@given(
    zone=st.sampled_from(ZONES),
    day=DAYS,
    at=TIMES,
    rule=st.builds(
        lambda freq, step, days: f"FREQ={freq};INTERVAL={step}" + (f";BYDAY={','.join(days)}" if days else ""),
        st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
        st.integers(1, 3),
        st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=3),
    ),
    minutes=st.integers(0, 300),
    extra=st.lists(st.datetimes(datetime(2026, 1, 1, 6), datetime(2026, 12, 1)), max_size=3),
    gone=st.lists(DAYS, max_size=5),
)
def test_d07_what_the_library_of_others_finds_is_found(zone, day, at, rule, minutes, extra, gone) -> None:
    """recurring-ical-events is right on these, so both must agree: where it is not, the tables of this folder judge."""
    start = datetime.combine(day, at)
    lines = [f"DTSTART;TZID={zone}:{written(start)}", f"DURATION:PT{minutes}M", f"RRULE:{rule}"]
    lines += [f"RDATE;TZID={zone}:{written(more.replace(hour=12, minute=0, second=0))}" for more in extra]
    lines += [f"EXDATE;TZID={zone}:{written(datetime.combine(out, at))}" for out in gone]
    text = calendar("\n".join(lines))
    low, high = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    theirs = [
        (event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC))
        for event in recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(low, high)
    ]
    expected = sorted(span for span in theirs if low <= span[0] < high)
    assert [(o.start.astimezone(UTC), o.end.astimezone(UTC)) for o in sound(text)] == expected


TEXTS = [path.read_text() for path in sorted(CALENDARS.glob("*.ics"))]
PIECES = st.sampled_from(
    [
        "BEGIN:VEVENT\n",
        "END:VEVENT\n",
        "END:VCALENDAR\n",
        "\n ",
        ":",
        ";",
        ",",
        "T",
        "Z",
        "0",
        "9" * 20,
        "-",
        "\x00",
        "\ufeff",
        '"',
        "RRULE:FREQ=HOURLY;COUNT=5\n",
        "RRULE:FREQ=YEARLY;BYWEEKNO=53\n",
        "RDATE:00010101T000000Z,99991231T235959Z\n",
        "EXDATE;VALUE=DATE:99991231\n",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:00010101T000000\n",
        "DURATION:-P999999W\n",
        "DTSTART;TZID=Asia/Tokyo:00010101T000000\n",
        "DTEND:99991231T235959\n",
        "UID:a\n",
        "TZOFFSETTO:+9999\n",
    ]
)


@settings(deadline=None, max_examples=200)
@given(
    text=st.one_of(st.sampled_from(TEXTS), series().map(lambda drawn: drawn[0])),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.one_of(PIECES, st.text(max_size=5))), max_size=8),
    raw=st.booleans(),
)
def test_d06_no_damage_makes_it_fall(text: str, cuts, raw: bool) -> None:
    for place, length, piece in cuts:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + length :]
    whole = text.encode("utf-8", "surrogatepass") if raw else text
    low, high = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    try:
        found = expand(whole, zone=BERLIN, start=low, end=high)
    except Malformed:
        return
    for occurrence in found.occurrences[:50]:
        to_meeting(occurrence, Recognised("ana", (), "title"), calendar="", href="")
        assert low <= occurrence.start
        assert occurrence.start.astimezone(UTC) <= occurrence.end.astimezone(UTC)


@given(st.binary(max_size=300))
def test_d06_any_bytes_are_a_calendar_or_malformed(data: bytes) -> None:
    try:
        expanded(data)
    except Malformed:
        return


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("edges", [UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")])
def test_d05_the_widest_window_is_no_trouble(year: int, edges: tzinfo) -> None:
    text = calendar(
        "UID:w\nDTSTART:19700101T000000Z\nRRULE:FREQ=WEEKLY;COUNT=3", f"UID:e\nDTSTART:{year:04}0101T120000"
    )
    low, high = datetime.min.replace(tzinfo=edges), datetime.max.replace(tzinfo=edges)
    assert len(expand(text, zone=BERLIN, start=low, end=high).occurrences) == 4
