"""Taking a machine in that showed the right token and serial number: its key, its address, its password."""

from dataclasses import dataclass

from kitto.assets import actions as asset_actions
from kitto.assets import queries as assets
from kitto.assets.secrets import secret_for
from kitto.base.errors import Refusal
from kitto.base.net import AddressRefused, allowed_address
from kitto.base.seal import Secret, seal, unseal
from kitto.base.work import Work
from kitto.bootstrap import queries
from kitto.bootstrap.actions.artifacts import order_for
from kitto.bootstrap.actions.authorities import make_authority, sign_host_key
from kitto.bootstrap.adapters import certificates
from kitto.bootstrap.facts import KeyChangeSeen, MachineCalled
from kitto.bootstrap.models import BootstrapReturn, BootstrapToken
from kitto.bootstrap.rules.authorities import AuthorityKind
from kitto.bootstrap.rules.refusals import AddressUnusable, KeyDiffers, KeyRejected, KeyUnreadable
from kitto.bootstrap.rules.states import ACCOUNT, PORTS, ReturnState, Transport
from kitto.bootstrap.rules.wire import Hello, Welcome, clean
from kitto.identity.rules import Permission


@dataclass(frozen=True)
class Taken:
    """What the machine is told, and the numbers of revoked user certificates."""

    welcome: Welcome
    revoked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A key in its plain form, and by what people compare it."""

    key: str
    fingerprint: str


def take(work: Work, token: BootstrapToken, message: Hello, source: str) -> Taken | Refusal:
    """Believe the key and store how the device is reached; or let a changed key wait for a person.

    The machine has proved its token and its serial number before. Idempotent for the same key.
    """
    work.allow(Permission.KIT)
    shown = _shown(message.transport, message.key)
    returned = _returned(work, token, message, shown, source)
    if returned.state is ReturnState.REJECTED:
        return KeyRejected(tag=token.asset.name)
    if _differs(work, token.asset_id, message.transport, shown):
        if returned.state is not ReturnState.WAITING:
            returned.state = ReturnState.WAITING
            work.record(
                KeyChangeSeen(
                    asset_id=token.asset_id,
                    tag=token.asset.name,
                    token_id=token.id,
                    fingerprint=shown.fingerprint,
                )
            )
        return KeyDiffers(tag=token.asset.name)
    returned.state = ReturnState.TAKEN
    _pin(work, returned)
    if token.used_at is None:
        token.used_at, token.used_from = work.now, source
    return _welcome(work, token, returned)


def _shown(transport: Transport, text: str) -> Shown:
    if transport is Transport.SSH:
        line = certificates.host_key(text)
        return Shown(line, certificates.ssh_fingerprint(line))
    pem = certificates.certificate(text)
    return Shown(pem, certificates.thumbprint(pem))


def _differs(work: Work, asset_id: int, transport: Transport, shown: Shown) -> bool:
    known = assets.endpoint(work, asset_id, transport)
    if known is None or not known.host_key:
        return False
    try:
        return _shown(transport, known.host_key).fingerprint != shown.fingerprint
    except KeyUnreadable:  # typed in by hand, and nothing that a machine could show
        return True


def _returned(
    work: Work, token: BootstrapToken, message: Hello, shown: Shown, source: str
) -> BootstrapReturn:
    found = next((one for one in token.returns if one.fingerprint == shown.fingerprint), None)
    address = _address(message.address, source)
    if found is None:
        found = BootstrapReturn(
            token=token,
            state=ReturnState.TAKEN,
            transport=message.transport,
            account=ACCOUNT,
            key=shown.key,
            fingerprint=shown.fingerprint,
            host_certificate="",
            enrolment_sealed="",
            password_sealed="",
            password_shown_at=None,
            password_shown_to="",
            agent="",
            closed=[],
            decided_by="",
            decided_at=None,
        )
    found.address, found.port = address, message.port or PORTS[message.transport]
    found.source, found.said_at = source[:64], work.now
    found.serial, found.uuid = clean(message.serial), clean(message.uuid).lower()
    found.hostname, found.system = clean(message.hostname), clean(message.system)
    if message.password:
        found.password_sealed = seal(Secret(message.password))
        found.password_shown_at, found.password_shown_to = None, ""
    return found if found.id else work.add(found)


def _address(said: str, source: str) -> str:
    """What the machine takes for its own address, else where the call came from."""
    for one in (said, source):
        try:
            return allowed_address(one)
        except AddressRefused:
            continue
    raise AddressUnusable


def _pin(work: Work, returned: BootstrapReturn) -> None:
    device = returned.token.asset
    known = assets.endpoint(work, device.id, returned.transport)
    there = (known.address, known.port, known.account, known.host_key) if known else None
    is_known = there == (returned.address, returned.port, returned.account, returned.key)
    if is_known and known is not None and _opens(known.sealed) == _opens(returned.password_sealed):
        return
    asset_actions.set_endpoint(
        work,
        tag=device.name,
        kind=returned.transport,
        address=returned.address,
        port=returned.port,
        account=returned.account,
        host_key=returned.key,
        password=unseal(returned.password_sealed) if returned.password_sealed else None,
        shown_by_itself=True,
    )
    if is_known:  # a machine that began again has made itself another password
        return
    asset_actions.observe(
        work,
        asset=device,
        source="bootstrap",
        serial=returned.serial,
        data={"uuid": returned.uuid, "hostname": returned.hostname, "system": returned.system},
    )
    work.record(
        MachineCalled(
            asset_id=device.id,
            tag=device.name,
            token_id=returned.token_id,
            source=returned.source,
            fingerprint=returned.fingerprint,
        )
    )


def _opens(sealed: str) -> str:
    return unseal(sealed).reveal() if sealed else ""


def _welcome(work: Work, token: BootstrapToken, returned: BootstrapReturn) -> Taken:
    device = token.asset
    welcome = Welcome(
        tag=device.name, account=returned.account, places=order_for(device, "").places, agent=""
    )
    if returned.transport is not Transport.SSH:
        return Taken(welcome)
    if not returned.enrolment_sealed:
        returned.enrolment_sealed = seal(secret_for(work, "enrolment_token", device.id))
    if not returned.host_certificate:
        names = [device.name, returned.address, *([returned.hostname] if returned.hostname else [])]
        returned.host_certificate = sign_host_key(
            work, asset=device, public_key=returned.key, names=sorted(set(names))
        )
    authority = make_authority(work, AuthorityKind.USER)
    # A repeated call gets the same token: a machine that has enrolled already has used it up.
    welcome.enrolment_token = unseal(returned.enrolment_sealed).reveal()
    welcome.user_ca, welcome.host_certificate = authority.public, returned.host_certificate
    return Taken(welcome, queries.revoked_serials(work, authority.id))
