"""Six-digit codes of an app on the phone (TOTP, RFC 6238), and the picture that sets it up."""

from datetime import datetime
from typing import Final

import pyotp

from kitto.base.ids import same
from kitto.base.seal import Secret
from kitto.identity.rules.limits import CODE_SECONDS, CODE_STEPS

ISSUER: Final = "Kitto"


def new_seed() -> Secret:
    """160 random bits in base 32, as RFC 4226 §4 asks for."""
    return Secret(pyotp.random_base32())


def address(seed: Secret, name: str) -> str:
    """The otpauth address that apps read from a QR code (Key Uri Format)."""
    return pyotp.TOTP(seed.reveal()).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(seed: Secret, code: str, now: datetime) -> int | None:
    """The time step that the code belongs to, or None. Looks one step back and ahead."""
    typed = code.replace(" ", "")
    totp = pyotp.TOTP(seed.reveal())
    present = int(now.timestamp()) // CODE_SECONDS
    found = None
    for step in range(present - CODE_STEPS, present + CODE_STEPS + 1):
        if same(totp.generate_otp(step), typed):
            found = step
    return found
