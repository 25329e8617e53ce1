"""The pure parts of the mailbox room."""
