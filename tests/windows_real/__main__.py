"""`make test-windows`: says what is in the way, or who answers, and then runs the tests."""

import getpass
import os
import sys

import pytest

from tests.windows_real.machine import NotThereError, found, named, setting


def main() -> int:
    """Exit status 2 when there is nothing to test against, else that of the tests."""
    env = os.environ  # noqa: TID251 -- the tests run in this process
    try:
        pc = named()
        if not pc.password and sys.stdin.isatty():
            env["KITTO_TEST_WINDOWS_PASSWORD"] = getpass.getpass(f"Password of {pc.user} at {pc.address}: ")
        who = found(named())
    except NotThereError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    print(f"{pc.address}: {who.vendor} {who.model}, serial {who.serial}, {who.system} {who.build}.")
    changes = setting("MAY_CHANGE") == "yes"
    print("It will be kitted twice." if changes else "Nothing is changed there.", flush=True)
    return int(pytest.main(["-q", "-rs", "-m", "windows_real", "tests/windows_real"]))


if __name__ == "__main__":
    sys.exit(main())
