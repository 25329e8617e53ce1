"""The command line: parses, calls, prints. One module per family of commands; each loads only what it needs."""
