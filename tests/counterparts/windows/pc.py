"""Puts a Windows PC on the bench: address, certificate, account, switch."""

import datetime as dt
import hashlib
import ipaddress
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.counterparts import claims
from tests.counterparts.windows.gate import House
from tests.counterparts.windows.machine import Windows
from tests.counterparts.windows.powershell import PowerShell
from tests.counterparts.windows.server import MOST_OPERATIONS, MOST_SHELLS, Listener, Service

HTTP, HTTPS = 5985, 5986
REBOOT_SECONDS = 1.0


@dataclass
class WindowsPc:
    """Everything is known before the first connect, as from an asset record. `windows` is the witness."""

    windows: Windows
    address: str
    user: str
    password: str = field(repr=False)
    certificate: str = ""
    ca_file: Path = Path()
    service: Service = field(init=False)
    _key: Path = Path()
    _basic: bool = False
    _plain: bool = False
    _listeners: list[Listener] = field(default_factory=list)
    _switch: threading.Lock = field(default_factory=threading.Lock)
    _gone: bool = False

    port: int = HTTPS
    port_without_tls: int = HTTP

    def power_on(self) -> None:
        """Answer on the same address with the same certificate."""
        with self._switch:
            if self._listeners or self._gone:
                return
            self.windows.start()
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.ca_file, self._key)
            self._listeners.append(Listener((self.address, HTTPS), self.service, tls))
            if self._plain:
                self._listeners.append(Listener((self.address, HTTP), self.service, None))
            # Counted last: who sees the number can connect.
            self.windows.boots += 1

    def power_off(self) -> None:
        """Everything that is open breaks; what was written stays."""
        with self._switch:
            while self._listeners:
                self._listeners.pop().pull_plug()
            self.service.forget()

    def reboot(self) -> None:
        """Go down, and come back after a while; returns at once, as shutdown.exe does."""

        def again() -> None:
            self.power_off()
            threading.Timer(REBOOT_SECONDS, self.power_on).start()

        threading.Timer(0.2, again).start()

    def take_away(self) -> None:
        """Off, and never on again."""
        self._gone = True
        self.power_off()


@contextmanager
def windows_pc(
    serial: str = "5CG4221X9K",
    *,
    vendor: str = "HP",
    model: str = "HP ProBook 450 G10",
    user: str = "kitto",
    password: str = "合言葉-Kanshi-42",
    basic: bool = False,
    plain: bool = False,
    most_shells: int = MOST_SHELLS,
    most_operations: int = MOST_OPERATIONS,
    certificate_names: tuple[str, ...] = (),
) -> Iterator[WindowsPc]:
    """A Windows PC that is switched on and answers WinRM over HTTPS when the block starts.

    `plain` opens HTTP too, where only encrypted messages pass; `basic` allows Basic, over TLS only.
    `certificate_names` are put into the certificate in place of its address.
    """
    with claims.claim("windows") as claimed, tempfile.TemporaryDirectory(prefix="kitto-windows-") as folder:
        address = f"127.0.3.{claimed.number}"
        windows = Windows(serial=serial, vendor=vendor, model=model)
        windows.add_administrator(user, password)
        certificate, key = certificate_and_key(windows.name, certificate_names or (address,))
        pc = WindowsPc(windows, address, user, password, certificate, Path(folder, "pc.pem"))
        pc.ca_file.write_text(certificate)
        pc._key = Path(folder, "pc.key")
        pc._key.write_text(key)
        pc._basic, pc._plain = basic, plain
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest()
        house = House(
            windows.passwords, basic, unencrypted=False, certificate_digest=digest, binding_required=True
        )
        shell = PowerShell(windows)
        pc.service = Service(shell, house, most_shells, most_operations)
        windows.on_restart = pc.reboot
        try:
            pc.power_on()
            yield pc
        finally:
            pc.take_away()


@lru_cache
def _key() -> rsa.RSAPrivateKey:
    # One key for all: making one takes longer than all the rest, and nobody here is fooled by it.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate_for(address: str, days: int = 3650) -> str:
    """A certificate as a Windows PC at this address would show it, valid from the first day of 2026."""
    return certificate_and_key("WINDOWS", (address,), days)[0]


def certificate_and_key(host: str, names: tuple[str, ...], days: int = 3650) -> tuple[str, str]:
    """Self-signed, as Windows and our own bootstrap make one."""
    key = _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return made.public_bytes(Encoding.PEM).decode(), secret


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
