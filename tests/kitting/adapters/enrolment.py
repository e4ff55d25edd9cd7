"""The wire of the agent's first minute: enrolment for the right token, and a quiet check-in."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Service(BaseHTTPRequestHandler):
    token: str
    enrolled: list[dict[str, object]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = HTTPStatus.NO_CONTENT, b""
        if self.path.endswith("/enrol"):
            told_by_agent = json.loads(body)
            status = HTTPStatus.CREATED if told_by_agent["token"] == self.token else HTTPStatus.FORBIDDEN
            answer = json.dumps({"id": "agent-1", "secret": "s" * 43, "state": "active"}).encode()
            self.enrolled.append(told_by_agent)
        self.send_response(status)
        if answer:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def service(
    token: str, certified: tuple[Path, Path] | None = None
) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A service on loopback: its address, and who enrolled. `certified`: files of its certificate and key."""
    enrolled: list[dict[str, object]] = []
    handler = type("Handler", (_Service,), {"enrolled": enrolled, "token": token})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certified:
            secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            secure.load_cert_chain(*certified)
            server.socket = secure.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        scheme = "https" if certified else "http"
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}", enrolled
        server.shutdown()
