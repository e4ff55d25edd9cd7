"""The WS-Management service of the PC: HTTP and HTTPS, sign-in, shells and their quotas."""

import socket
import ssl
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from xml.etree.ElementTree import ParseError

from tests.counterparts.windows import soap
from tests.counterparts.windows.gate import Gate, House
from tests.counterparts.windows.runspaces import RunspaceShell, Scripts
from tests.counterparts.windows.shells import CommandShell, Programs

MOST_SHELLS = 30
MOST_OPERATIONS = 1500


class Behind(Programs, Scripts, Protocol):
    """What answers behind the service."""


@dataclass
class Service:
    """The shells of one PC."""

    behind: Behind
    house: House
    most_shells: int = MOST_SHELLS
    most_operations: int = MOST_OPERATIONS
    shells: dict[str, CommandShell | RunspaceShell] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """Actions that were asked for, in order."""
    sealed: list[bool] = field(default_factory=list)
    """For each of them whether the message was encrypted beyond TLS."""

    def answer(self, user: str, raw: bytes, *, sealed: bool) -> tuple[int, bytes]:
        """The HTTP status and the envelope for one request."""
        request = None
        try:
            request = soap.read(raw)
            self.requests.append(request.action.rsplit("/", 1)[-1])
            self.sealed.append(sealed)
            action, body = self._do(user, request)
        except soap.RefusedError as refused:
            return 500, soap.fault(request, refused)
        except ParseError:
            broken = soap.RefusedError(
                soap.NOT_SUPPORTED, "The request is no XML.", subcode="w:SchemaValidationError"
            )
            return 400, soap.fault(None, broken)
        return 200, soap.answer(request, action, body)

    def _do(self, user: str, request: soap.Request) -> tuple[str, str]:
        if request.action == f"{soap.TRANSFER}/Create":
            return f"{request.action}Response", self._create(user, request)
        if request.action == f"{soap.ENUMERATION}/Enumerate":
            return f"{request.action}Response", self._enumerate(request)
        shell = self._shell(user, request)
        acts = {
            "Command": shell.command,
            "Send": shell.send,
            "Receive": shell.receive,
            "Signal": shell.signal,
        }
        if request.action == f"{soap.TRANSFER}/Delete":
            shell.close()
            del self.shells[request.selectors["ShellId"].upper()]
            return f"{request.action}Response", ""
        act = acts.get(request.action.removeprefix(f"{soap.SHELL}/"))
        if act is None:
            raise soap.RefusedError(
                soap.NOT_SUPPORTED, f"THE BENCH does not know the action {request.action}."
            )
        return f"{request.action}Response", act(request)

    def _enumerate(self, request: soap.Request) -> str:
        if request.resource != soap.SHELL:
            raise soap.RefusedError(soap.NOT_SUPPORTED, f"THE BENCH cannot list {request.resource}.")
        return soap.listed((name, shell.resource, shell.owner) for name, shell in self.shells.items())

    def _shell(self, user: str, request: soap.Request) -> CommandShell | RunspaceShell:
        shell_id = request.selectors.get("ShellId", "").upper()
        shell = self.shells.get(shell_id)
        # Somebody else's shell is as good as none.
        if shell is None or shell.owner != user:
            raise soap.shell_not_found(shell_id)
        return shell

    def _create(self, user: str, request: soap.Request) -> str:
        mine = [shell for shell in self.shells.values() if shell.owner == user]
        if len(mine) >= self.most_shells:
            raise soap.RefusedError(
                soap.TOO_MANY_SHELLS,
                f"This user is allowed {self.most_shells} concurrent shells, which has been exceeded.",
                subcode="w:QuotaLimit",
            )
        element = request.part("Shell")
        if element is None:
            raise soap.RefusedError(soap.NOT_SUPPORTED, "Create without a shell.")
        shell_id = (element.get("ShellId") or str(uuid.uuid4())).upper()
        if request.resource == soap.CMD:
            self.shells[shell_id] = CommandShell(self.behind, user, request.options, self.most_operations)
        elif request.resource == soap.POWERSHELL:
            self.shells[shell_id] = RunspaceShell(self.behind, user, element)
        else:
            raise soap.RefusedError(soap.NOT_SUPPORTED, f"THE BENCH has no resource {request.resource}.")
        return soap.created(request.resource, shell_id, user, "bench")

    def forget(self) -> None:
        """What a restart does to shells."""
        for shell in self.shells.values():
            shell.close()
        self.shells.clear()


class _Handler(BaseHTTPRequestHandler):
    """One connection; its gate lives as long as it does."""

    protocol_version = "HTTP/1.1"
    # Clients send header and body apart, and wait for each answer.
    disable_nagle_algorithm = True
    server: "Listener"

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.gate = Gate(self.server.service.house, tls=self.server.tls is not None)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        may, token = self.gate.let_in(self.headers.get("Authorization", ""))
        if not may:
            self._give(401, "", b"", [token] if token else self.gate.offers)
            return
        try:
            message = self.gate.open_letter(self.headers.get("Content-Type", ""), raw)
        except Exception:  # noqa: BLE001 -- whatever is wrong with a letter, Windows says "bad request"
            self._give(400, "", b"", [])
            return
        if not message:
            # Clients sign in with an empty request before they can encrypt.
            self._give(200, "application/soap+xml;charset=UTF-8", b"", [token] if token else [])
            return
        status, said = self.server.service.answer(self.gate.user, message, sealed=self.gate.encrypts)
        kind, body = self.gate.close_letter(said)
        self._give(status, kind, body, [token] if token else [])

    def _give(self, status: int, kind: str, body: bytes, tokens: list[str]) -> None:
        with suppress(OSError):
            self.send_response(status)
            for token in tokens:
                self.send_header("WWW-Authenticate", token)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class Listener(ThreadingHTTPServer):
    """One port of the PC; ending it ends its connections, as pulling a plug does."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], service: Service, tls: ssl.SSLContext | None) -> None:
        self.service = service
        self.tls = tls
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def get_request(self) -> tuple[socket.socket, object]:
        line, address = super().get_request()
        # A descriptor of our own: the handler's may be wrapped, and closed, at any time.
        self._open.add(line.dup())
        return line, address

    def handle_error(self, *_: object) -> None:
        """A client that breaks off, or does not trust us, is no error of ours."""

    def pull_plug(self) -> None:
        self.shutdown()
        self.server_close()
        while self._open:
            line = self._open.pop()
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
