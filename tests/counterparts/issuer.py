"""An issuer of id-tokens on loopback: https with a certificate of its own authority, discovery, and keys."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey


class Issuer:
    """Signs claims as GitHub, GitLab or Jenkins would. `asked` lists the paths that were asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.extra: dict[str, Any] = {}
        self.padding = ""
        # What a job may ask its runner for, as GitHub's do: the claims for an audience.
        self.job: Callable[[str], dict[str, Any]] | None = None
        self._number = 0
        self.rotate()

    def rotate(self) -> None:
        """New keys; the old ones are gone."""
        self._number += 1
        name = str(self._number)
        self.rsa = RSAKey.generate_key(
            2048, {"kid": f"rsa-{name}", "use": "sig", "alg": "RS256"}, private=True
        )
        self.ec = ECKey.generate_key(
            "P-256", {"kid": f"ec-{name}", "use": "sig", "alg": "ES256"}, private=True
        )

    def document(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | self.extra
        if path == "/jwks":
            return {
                "keys": [self.rsa.as_dict(private=False), self.ec.as_dict(private=False)],
                "_": self.padding,
            }
        audience = parse_qs(urlsplit(path).query).get("audience", [""])[0]
        if self.job is not None and path.startswith("/request?") and audience:
            return {"value": self.sign(self.job(audience))}
        return None

    def sign(self, claims: dict[str, Any], algorithm: str = "RS256", **header: Any) -> str:
        key = self.ec if algorithm.startswith("ES") else self.rsa
        head = {"alg": algorithm, "kid": key.kid, "typ": "JWT"} | header
        return jwt.encode(head, claims, key, algorithms=[algorithm])


@contextmanager
def running(folder: Path) -> Iterator[tuple[Issuer, Path]]:
    """An issuer that answers, and the file of the authority that signed its certificate."""
    authority, certificate, key = signed_certificate(folder)
    made: list[Issuer] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = made[0].document(self.path)
            body = json.dumps(found).encode()
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.append(Issuer(f"https://localhost:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made[0], authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def signed_certificate(folder: Path) -> tuple[Path, Path, Path]:
    """Files: an authority, a certificate for localhost that it signed, and its key."""
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bench authority")])
    ca = _builder(name, name, root).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = _builder(own, name, leaf).add_extension(names, critical=False)
    paths = folder / "authority.pem", folder / "issuer.pem", folder / "issuer.key"
    paths[0].write_bytes(ca.sign(root, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[1].write_bytes(signed.sign(root, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[2].write_bytes(leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def _builder(own: x509.Name, by: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # noqa: TID251 -- certificates need the real time
    return (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )
