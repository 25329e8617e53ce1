"""The door to IMAP (RFC 3501, 9051): session, what is new, what we append, and IDLE.

Turns every exception of imapclient, sockets and TLS into one of our error families. Never marks read, never deletes
what isn't ours. What a message says is the business of replies.
"""
