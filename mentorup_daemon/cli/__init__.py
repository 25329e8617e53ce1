"""The command line: parses, calls, prints. One module per family of commands; libraries load when a command needs them."""
