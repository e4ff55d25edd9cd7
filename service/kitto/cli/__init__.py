"""The command line: nouns, then verbs; nothing is decided here."""

import gc


def main() -> None:
    """Run a command of `kitto`; exit codes as in `root.main`."""
    # What is imported stays: to look for garbage in it meanwhile took a sixth of a start.
    gc.disable()
    from kitto.cli import root

    gc.freeze()  # and it is never looked through again: a pause of 0.3 s less
    gc.enable()
    root.main()
