"""The door to CalDAV (RFC 4791, 6578) and to feeds: what changed since the last look, and one event again.

Turns every exception of the caldav library and of its HTTP client into one of our error families.
Writes to the owner's calendar of reminders only, through `Reminders`. What a text means is the business of events.
"""

from mentorup_daemon.calendars.brake import suspicious
from mentorup_daemon.calendars.dav import Elsewhere, Refused, Versions
from mentorup_daemon.calendars.discovery import NothingThere
from mentorup_daemon.calendars.door import Calendars
from mentorup_daemon.calendars.feeds import Feed
from mentorup_daemon.calendars.reminders import Conflict, Reminders
from mentorup_daemon.calendars.values import CalDavAccount, CalendarChanges, CalendarGone, CalendarInfo, Known, Resource

__all__ = [
    "CalDavAccount",
    "CalendarChanges",
    "CalendarGone",
    "CalendarInfo",
    "Calendars",
    "Conflict",
    "Elsewhere",
    "Feed",
    "Known",
    "NothingThere",
    "Refused",
    "Reminders",
    "Resource",
    "Versions",
    "suspicious",
]
