"""How a kit's device is reached: the endpoint that fits its platform, with what opens it."""

from typing import Final

from kitto.assets import queries as asset_queries
from kitto.assets.models import Endpoint
from kitto.base.seal import Secret, unseal
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting.adapters.plays import Host, PlayFault, Transport
from kitto.kitting.models import Kit
from kitto.kitting.rules.refusals import NoWay

USUAL_ACCOUNT: Final = "kitto"
WINRM_SECRET: Final = "winrm_password"  # noqa: S105 -- its name


def way_to(work: Work, kit: Kit) -> Endpoint | None:
    """The endpoint by which the kit's device is reached; for Windows WinRM counts before SSH."""
    work.allow(Permission.KIT)
    windows = kit.profile.definition.get("platform") == "windows"
    kinds = ("winrm", "ssh") if windows else ("ssh", "winrm")
    found = (asset_queries.endpoint(work, kit.device, kind) for kind in kinds)
    return next((one for one in found if one is not None and one.host_key), None)


def reach(work: Work, kit: Kit) -> tuple[Host, dict[str, str]]:
    """The host as plays need it, and the secrets of signing in there. Refuses no_way; raises PlayFault."""
    work.allow(Permission.KIT)
    found = way_to(work, kit)
    if found is None:
        raise NoWay(tag=kit.tag)
    user = found.account or USUAL_ACCOUNT
    transport = Transport(found.way or found.kind)
    if transport.is_ssh:
        host = Host(
            address=found.address, port=found.port, user=user, keys=(found.host_key,), transport=transport
        )
        return host, {}
    host = Host(
        address=found.address,
        port=found.port,
        user=user,
        transport=transport,
        certificate=found.host_key,
    )
    return host, {WINRM_SECRET: password_of(work, found).reveal()}


def password_of(work: Work, found: Endpoint) -> Secret:
    """The password with which Kitto signs in there. Raises PlayFault when none is known."""
    work.allow(Permission.KIT)
    if not found.sealed:
        raise PlayFault(f"nobody said with which password {found.account} signs in at {found.address}")
    return unseal(found.sealed)
