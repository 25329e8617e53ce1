"""The door to CalDAV (RFC 4791, 6578): what changed since the last look, and one event again.

Turns every exception of the caldav library and of its HTTP client into one of our error families.
Writes nothing to shared calendars. What a text means is the business of events.
"""
