"""A small apt repository on loopback with packages built on the spot: plays install without a mirror."""

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUILT_AT = 1_767_225_600  # one fixed moment, so that a package's checksum never changes


@dataclass(frozen=True)
class Package:
    """A package that installs some executable text files, by absolute path."""

    name: str
    version: str
    files: dict[str, str]

    @property
    def file_name(self) -> str:
        return f"{self.name}_{self.version}_all.deb"

    @property
    def control(self) -> str:
        fields = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": "all",
            "Section": "utils",
            "Priority": "optional",
            "Maintainer": "Kitto bench <bench@kitto.invalid>",
            "Description": "something to install on a bench PC",
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())

    def build(self) -> bytes:
        """The .deb file: an ar archive of a version mark and two tar archives (deb(5))."""
        control = _tar({"./control": (self.control, 0o644)})
        data = _tar({f".{path}": (text, 0o755) for path, text in self.files.items()})
        members = {"debian-binary": b"2.0\n", "control.tar.gz": control, "data.tar.gz": data}
        return b"!<arch>\n" + b"".join(_ar_member(name, content) for name, content in members.items())


BENCH_TOOL = Package(
    "kitto-bench-tool", "1.0", {"/usr/bin/kitto-bench-tool": "#!/bin/sh\necho kitto-bench-tool 1.0\n"}
)


class AptRepository:
    """What a sources.list line points at. Publishing more while it runs is what an update looks like."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self.source = f"deb [trusted=yes] {self.url} ./"
        self.fetched: list[str] = []  # paths, in the order they were asked for
        self._files: dict[str, bytes] = {}
        self._index: list[str] = []

    def publish(self, package: Package) -> None:
        deb = package.build()
        digest = hashlib.sha256(deb).hexdigest()
        entry = f"{package.control}Filename: ./{package.file_name}\nSize: {len(deb)}\nSHA256: {digest}\n"
        self._index.append(entry)
        self._files[f"/{package.file_name}"] = deb
        self._files["/Packages"] = "\n".join(self._index).encode()

    def file(self, path: str) -> bytes | None:
        self.fetched.append(path)
        return self._files.get(path.replace("/./", "/"))


@contextmanager
def apt_repository(*packages: Package) -> Iterator[AptRepository]:
    """A flat repository with these packages, or with `kitto-bench-tool`, until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        repository = AptRepository(server.server_address[1])
        for package in packages or (BENCH_TOOL,):
            repository.publish(package)
        server.RequestHandlerClass = _handler(repository)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield repository
        finally:
            server.shutdown()
            thread.join()


def _handler(repository: AptRepository) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5  # an idle apt must not keep its thread for ever

        def do_GET(self) -> None:
            body = repository.file(self.path)
            self.send_response(HTTPStatus.NOT_FOUND if body is None else HTTPStatus.OK)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            """Stay silent: `fetched` tells what was asked for."""

    return Handler


def _tar(files: dict[str, tuple[str, int]]) -> bytes:
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name, (text, mode) in files.items():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), mode, BUILT_AT
            member.uname = member.gname = "root"
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _ar_member(name: str, content: bytes) -> bytes:
    head = f"{name:<16}{BUILT_AT:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + (b"\n" if len(content) % 2 else b"")
