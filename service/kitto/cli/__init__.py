"""The command line: nouns, then verbs; nothing is decided here."""

import gc

# What is imported stays: to look for garbage in it meanwhile took a sixth of a start. `main` turns it on.
gc.disable()

from kitto.cli.root import main  # noqa: E402 -- see above

__all__ = ["main"]
