"""Which topics count as discussed: what stood on the agenda of a meeting that has taken place since.

Nobody reports after a meeting what was talked about, and a topic that stays open turns up on the next agenda as if it
never had been. So the agenda is believed: a topic for that person, noted before the meeting began, is taken as
discussed when it is over. The note after the meeting says so, and ADD brings one back. Topics for nobody in particular
stay open, for others may still be asked; so do private ones and those held back, which never stood on an agenda.
"""

from __future__ import annotations

from datetime import datetime

from mentorup_daemon.records import Snapshot
from mentorup_daemon.records.standing import taken_up_at


def discussed(snapshot: Snapshot, now: datetime) -> tuple[int, ...]:
    """The numbers of the open topics that are discussed by now. Once they are marked so it returns none of them."""
    return tuple(
        topic.id for topic in snapshot.topics if topic.state == "open" and taken_up_at(snapshot, topic, now) is not None
    )
