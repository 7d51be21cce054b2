"""mtls-lint: says what nginx will do with client certificates, and proves it."""

# A literal, not importlib.metadata: reading the metadata costs 45 ms of every start.
__version__ = "0.1.0"
