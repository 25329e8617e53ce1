"""CalDAV servers for the tests."""
