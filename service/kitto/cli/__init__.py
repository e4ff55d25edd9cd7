"""The command line: nouns, then verbs; nothing is decided here."""

from kitto.cli.root import main

__all__ = ["main"]
