"""iCalendar text in, occurrences and recognised mentoring meetings out (RFC 5545). Pure.

Expansion runs on the client, behind guards of our own; one broken component costs itself.
Imports records only. Texts come from calendars; what is kept of them is the business of the store.
"""
