"""Frozen values: what repogen talks about. Nothing here does I/O."""
