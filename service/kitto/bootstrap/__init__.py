"""The first connection of a fresh machine: what it is given, and what it says when it calls back."""
