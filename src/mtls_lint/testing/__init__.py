"""Public helpers for rule authors: run a pack's examples, build a test PKI, run a real nginx."""
