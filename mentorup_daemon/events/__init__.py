"""iCalendar text in, occurrences and recognised mentoring meetings out (RFC 5545). Pure.

`expand` returns the occurrences of a text in a window, `recognise` says whose mentoring meeting one is,
a `scanner` cheaply which texts are worth expanding, `busy` when the owner has no time. Expansion runs on the client,
bounded by the window and not by what a calendar asks for; one broken component costs itself. `reminder_text` is
all that is written.
Imports records and errors only. Texts come from calendars; what is kept of them is the business of the store.
"""

from mentorup_daemon.events.busy import busy
from mentorup_daemon.events.component import Fault
from mentorup_daemon.events.expansion import Expansion, expand
from mentorup_daemon.events.recognition import (
    PRIVATE_TITLE,
    Recognised,
    meeting_key,
    recognise,
    scanner,
    to_meeting,
)
from mentorup_daemon.events.series import MOST_OCCURRENCES
from mentorup_daemon.events.writing import reminder_digest, reminder_text

__all__ = [
    "MOST_OCCURRENCES",
    "PRIVATE_TITLE",
    "Expansion",
    "Fault",
    "Recognised",
    "busy",
    "expand",
    "meeting_key",
    "recognise",
    "reminder_digest",
    "reminder_text",
    "scanner",
    "to_meeting",
]
