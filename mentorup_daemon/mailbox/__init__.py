"""The door to IMAP (RFC 3501, 9051): session, what is new, what we append, and IDLE.

Turns every exception of imapclient, sockets and TLS into one of our error families. Never marks read, never deletes
what isn't ours. What a message says is the business of replies.
"""

from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.folders import NoSuchFolder, SpecialFolders
from mentorup_daemon.mailbox.incoming import Arrived, FolderChanges, FolderCursor
from mentorup_daemon.mailbox.mailbox import Mailbox
from mentorup_daemon.mailbox.outgoing import FILED, Placed

__all__ = [
    "FILED",
    "Arrived",
    "FolderChanges",
    "FolderCursor",
    "ImapAccount",
    "Mailbox",
    "NoSuchFolder",
    "Placed",
    "SpecialFolders",
]
