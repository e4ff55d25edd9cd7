"""`python -m kitto.base.i18n update [room …]` and `… check`: catalogues in step with what is said."""

import sys

from kitto.base.i18n.extract import complaints, update


def main(words: list[str]) -> int:
    """Exit code 0 when all is well, 1 when something is to do, 2 for a wrong call."""
    if words[:1] == ["update"]:
        lines = list(update(words[1:]))
    elif words == ["check"]:
        lines = complaints()
    else:
        sys.stderr.write("usage: python -m kitto.base.i18n update [room …] | check\n")
        return 2
    sys.stdout.writelines(line + "\n" for line in lines)
    return int(words == ["check"] and bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
