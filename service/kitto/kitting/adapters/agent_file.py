"""The endpoint agent as one file, for plays that install it; fresh machines get the same."""

from kitto.bootstrap.adapters.agent_file import agent_file

__all__ = ["agent_file"]
