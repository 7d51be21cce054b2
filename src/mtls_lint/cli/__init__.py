"""The command line: one module for each command; nothing is decided here."""
