"""Saying how a device is reached."""

from kitto.assets.facts import EndpointSet
from kitto.assets.models import Endpoint
from kitto.assets.queries import endpoint, locked
from kitto.assets.rules import pinned, way_of
from kitto.assets.rules.ways import WINRM
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.net import allowed_address
from kitto.base.seal import Secret, seal
from kitto.base.work import Work
from kitto.identity.rules import Permission

SHORTEST_PASSWORD = 4


class SignInIncomplete(Refusal):
    code = "assets.sign_in_incomplete"
    status = 422
    says = N_(
        "Nothing was changed: WinRM needs an account and its password of at least 4 characters. Enter the "
        "password again if the certificate is another one."
    )


def set_endpoint(
    work: Work,
    *,
    tag: str,
    kind: str,
    address: str,
    port: int,
    account: str = "",
    host_key: str = "",
    way: str = "",
    password: Secret | None = None,
    shown_by_itself: bool = False,
) -> Endpoint:
    """Say how a device is reached and which key, or for WinRM which certificate, it must show.

    The password is sealed, and stays when left out, as long as the certificate does: a device with another
    one must not be given it. Refuses addresses of no device, certificates that do not fit, and WinRM without
    account and password; not so at a first contact, when the machine has `shown_by_itself`.
    """
    work.allow(Permission.EDIT_ASSETS)
    asset = locked(work, tag)
    work.allow(Permission.EDIT_ASSETS, asset.scopes)
    plain, way = allowed_address(address), way_of(kind, way)
    found = endpoint(work, asset.id, kind)
    before = f"{found.address}:{found.port}" if found else None
    strict = kind == WINRM and not shown_by_itself
    if strict:
        host_key = pinned(host_key, plain, work.now)
    known = found.sealed if found is not None and found.host_key == host_key else ""
    sealed = seal(password) if password is not None else known
    if strict and (not account or not sealed or _is_short(password)):
        raise SignInIncomplete
    if found is None:
        found = Endpoint(asset_id=asset.id, kind=kind)
    found.address, found.port, found.account = address, port, account
    found.host_key, found.way, found.sealed = host_key, way, sealed
    work.add(found)
    changed = {"address": (before, after := f"{address}:{port}")}
    work.record(EndpointSet(asset_id=asset.id, tag=asset.name, endpoint=kind, address=after, changes=changed))
    return found


def _is_short(password: Secret | None) -> bool:
    return password is not None and len(password.reveal()) < SHORTEST_PASSWORD
