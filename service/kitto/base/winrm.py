"""Single commands over WinRM: NTLM, encrypted, pinned certificate. Large: import it where it is used."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import Final

from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
)
from winrm.protocol import Protocol

from kitto.base.errors import Fault
from kitto.base.i18n import N_, Told
from kitto.base.seal import Secret

OPERATION_SECONDS: Final = 5
READ_SECONDS: Final = 10
LONGEST_OUTPUT: Final = 256 * 1024
# With any other code page Japanese is lost on the way.
UTF_8: Final = 65001

NO_ANSWER = N_("Nothing answers WinRM at {address} port {port}. Switch the device on and connect it.")
OTHER_CERTIFICATE = N_(
    "The device at {address} shows another certificate than the one in the ledger. Find out why first."
)
PASSWORD_REFUSED = N_("{address} does not take the password of {user}. Check the account and enter it anew.")
TOO_LONG = N_("The command at {address} took longer than {seconds} seconds and was ended.")
NOT_UNDERSTOOD = N_("What {address} answered cannot be understood: {text}")


class WindowsTrouble(Fault):
    """It did not work. `cause` is a stable code, the message the sentence, without any secret."""

    def __init__(self, cause: str, says: str, **values: object) -> None:
        self.told = Told(says, values, code=cause)
        super().__init__(str(self.told))
        self.cause = cause


def not_understood(target: "WindowsTarget", ran: "Ran") -> WindowsTrouble:
    """What a command printed is not what was asked for."""
    said = (ran.error or ran.out).strip()[-300:]
    return WindowsTrouble("not_understood", NOT_UNDERSTOOD, address=target.address, text=said)


@dataclass(frozen=True, slots=True)
class WindowsTarget:
    """One device. `certificate` is its own, as PEM; no other is believed."""

    address: str
    port: int
    user: str
    password: Secret
    certificate: str


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    error: str


def run(target: WindowsTarget, script: str, seconds: float = 60) -> Ran:
    """Run a PowerShell script there and wait for its end. Raises WindowsTrouble; a script's own failure is
    in its code and error instead. What it prints is cut at 256 kB."""
    encoded = base64.b64encode(script.strip().encode("utf-16-le")).decode()
    arguments = ("-NoProfile", "-NonInteractive", "-EncodedCommand", encoded)
    with _trusting(target.certificate) as trusted, _in_our_words(target):
        protocol = Protocol(
            f"https://{_host(target.address)}:{target.port}/wsman",
            transport="ntlm",
            username=target.user,
            password=target.password.reveal(),
            ca_trust_path=trusted,
            server_cert_validation="validate",
            message_encryption="always",
            operation_timeout_sec=OPERATION_SECONDS,
            read_timeout_sec=READ_SECONDS,
            proxy=None,
        )
        shell = protocol.open_shell(codepage=UTF_8)
        try:
            command = protocol.run_command(shell, "powershell.exe", arguments)
            try:
                return _wait(protocol, shell, command, time.monotonic() + seconds)
            finally:
                protocol.cleanup_command(shell, command)
        except TimeoutError as late:
            raise WindowsTrouble("too_long", TOO_LONG, address=target.address, seconds=seconds) from late
        finally:
            protocol.close_shell(shell)


def _wait(protocol: Protocol, shell: str, command: str, deadline: float) -> Ran:
    out, error = bytearray(), bytearray()
    while True:
        try:
            more, complaint, code, done = protocol.get_command_output_raw(shell, command)
        except WinRMOperationTimeoutError:
            more, complaint, code, done = b"", b"", 0, False
        out += more[: LONGEST_OUTPUT - len(out)]
        error += complaint[: LONGEST_OUTPUT - len(error)]
        if done:
            return Ran(code, out.decode(errors="replace"), _readable(error.decode(errors="replace")))
        if time.monotonic() > deadline:
            raise TimeoutError


def _readable(error: str) -> str:
    """PowerShell writes errors as CLIXML; the sentences in it are what people want."""
    if not error.startswith("#< CLIXML"):
        return error
    found = [part.split("</S>", 1)[0] for part in error.split('<S S="Error">')[1:]]
    plain = "".join(found).replace("_x000D_", "").replace("_x000A_", "\n")
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@contextmanager
def _trusting(certificate: str) -> Iterator[str]:
    """The certificate as a file for as long as it is needed; it is no secret."""
    with NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as file:
        file.write(certificate)
        file.flush()
        yield file.name


@contextmanager
def _in_our_words(target: WindowsTarget) -> Iterator[None]:
    address, port, user = target.address, target.port, target.user
    try:
        yield
    except InvalidCredentialsError as refused:
        raise WindowsTrouble("password_refused", PASSWORD_REFUSED, address=address, user=user) from refused
    except (WinRMTransportError, WinRMError) as wrong:
        said = str(wrong)[:300]
        raise WindowsTrouble("not_understood", NOT_UNDERSTOOD, address=address, text=said) from wrong
    except OSError as failed:
        # What requests raises is an OSError; it says in words what OpenSSL found.
        if "CERTIFICATE_VERIFY_FAILED" in str(failed):
            raise WindowsTrouble("certificate_changed", OTHER_CERTIFICATE, address=address) from failed
        raise WindowsTrouble("no_answer", NO_ANSWER, address=address, port=port) from failed


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
