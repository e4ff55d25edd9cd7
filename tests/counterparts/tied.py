"""Starts programs that never outlive the test process, however that ends."""

import os
import pwd
import signal
import subprocess
from pathlib import Path

# The guard waits for its end of our pipe to close, which the kernel does even when we are killed.
GUARD = 'read -r _ || :; kill -"$2" "$1"'


class TiedProcess:
    """A program in a session of its own (Ctrl-C belongs to the test), its output appended to `log`."""

    def __init__(
        self,
        command: list[str],
        *,
        log: Path,
        environment: dict[str, str],
        user: pwd.struct_passwd | None = None,
        on_our_death: signal.Signals = signal.SIGKILL,
    ) -> None:
        with log.open("ab") as output:
            self._program = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
                start_new_session=True,
            )
        self.pid = self._program.pid
        name = on_our_death.name.removeprefix("SIG")
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", str(self.pid), name],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            start_new_session=True,
        )

    @property
    def has_ended(self) -> bool:
        return self._program.poll() is not None

    def wait(self) -> int:
        """Wait until it ends by itself; returns its exit status."""
        status = self._program.wait()
        self._dismiss_guard()
        return status

    def end(self, how: signal.Signals) -> None:
        """Send a signal and wait until it has ended."""
        self._dismiss_guard()
        self._program.send_signal(how)
        self._program.wait()

    def _dismiss_guard(self) -> None:
        # First of all: it must not signal a number that belongs to somebody else by then.
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin:
            self._guard.stdin.close()
