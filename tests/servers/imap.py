"""IMAP servers for the tests."""
