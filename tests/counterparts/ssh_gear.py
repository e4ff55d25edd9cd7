"""What command lines of network gear have in common: an SSH server for one account, a shell per login."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from tests.counterparts.keys import new_key_pair

Shell = Callable[[paramiko.Channel], None]


@dataclass
class Listening:
    """Where a piece of gear answers, and the key it shows."""

    address: str
    port: int
    host_key: str


class _Door(paramiko.ServerInterface):
    def __init__(self, user: str, password: str, public_key: str) -> None:
        self._given = (user, password)
        self._user = user
        self._key = public_key.split()[1] if public_key else ""
        self.opened = threading.Event()

    def check_auth_password(self, username: str, password: str) -> int:
        return AUTH_SUCCESSFUL if (username, password) == self._given else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        right = (username, key.get_base64()) == (self._user, self._key)
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey" if self._key else "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self.opened.set()
        return True


@contextmanager
def ssh_gear(shell: Shell, *, user: str, password: str, public_key: str = "") -> Iterator[Listening]:
    """Serve the shell to whoever signs in, on loopback, until the block ends."""
    key = paramiko.Ed25519Key.from_private_key(io.StringIO(new_key_pair().private))
    server = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                accepted, _ = server.accept()
                transport = paramiko.Transport(accepted)
                transport.add_server_key(key)
                transports.append(transport)
                door = _Door(user, password, public_key)
                threading.Thread(target=_session, args=(shell, transport, door), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Listening("127.0.0.1", server.getsockname()[1], f"ssh-ed25519 {key.get_base64()}")
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        for transport in transports:
            transport.close()
        thread.join(5)


def _session(shell: Shell, transport: paramiko.Transport, door: _Door) -> None:
    with suppress(paramiko.SSHException, EOFError, OSError):
        transport.start_server(server=door)
        channel = transport.accept(20)
        if channel is not None and door.opened.wait(10):
            shell(channel)
            channel.close()
    transport.close()
