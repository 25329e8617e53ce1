"""MentorUp: a daemon that does the remembering for the mentee.

One sentence: *tend an account* - look at its calendar and its mail, work out what is due, write it, remember it.
`service/tend.py` tells that story; everything else is knowledge it needs, a door to the outside, or a way to start it.
Imports run downwards only: cli, demo -> service -> mailbox, calendars, store -> letters, replies, events, rules
-> records.
"""

__version__ = "0.1.0"
