"""A second opinion on one device by pysnmp, an SNMP stack that shares no code with the hot path.

When a device looks silent or denied, this tells a wrong user name from a wrong password, and names
what the device sends in the words of its MIB. It costs about eighty times the CPU of the hot path
and keeps rows for every target it met, so it is asked for by a person, one device at a time, with
an engine of its own that is closed at the end.
"""

import asyncio
from typing import Final

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    get_cmd,
    usmAesCfb128Protocol,
    usmAesCfb256Protocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMAC384SHA512AuthProtocol,
    usmHMACMD5AuthProtocol,
    usmHMACSHAAuthProtocol,
)

from kitto.health.adapters.snmp import Community, SnmpTarget, Version
from kitto.health.rules.values import Opinion, tidy

_ASKED: Final = ("sysDescr", "sysObjectID", "sysUpTime", "sysName", "sysLocation")
_HASHES: Final = {
    "md5": usmHMACMD5AuthProtocol,
    "sha1": usmHMACSHAAuthProtocol,
    "sha256": usmHMAC192SHA256AuthProtocol,
    "sha512": usmHMAC384SHA512AuthProtocol,
}
_CIPHERS: Final = {"aes128": usmAesCfb128Protocol, "aes256": usmAesCfb256Protocol}


def second_opinion(target: SnmpTarget) -> Opinion:
    """Ask one device for its system group. Never raises for what the device does."""
    return asyncio.run(_ask(target))


async def _ask(target: SnmpTarget) -> Opinion:
    engine = SnmpEngine()
    try:
        transport = Udp6TransportTarget if ":" in target.address else UdpTransportTarget
        place = await transport.create(
            (target.address, target.port), timeout=target.timeout, retries=target.attempts - 1
        )
        trouble, status, index, found = await get_cmd(
            engine,
            _security(target),
            place,
            ContextData(),
            *(ObjectType(ObjectIdentity("SNMPv2-MIB", name, 0)) for name in _ASKED),
        )
        if trouble:
            return Opinion(answered=False, trouble=tidy(str(trouble)))
        if status:
            return Opinion(answered=True, trouble=tidy(f"{status.prettyPrint()} at {index}"))
        pairs = ((name.prettyPrint(), tidy(value.prettyPrint())) for name, value in found)
        return Opinion(answered=True, objects=tuple(pairs))
    except PySnmpError as broken:
        return Opinion(answered=False, trouble=tidy(str(broken)))
    finally:
        engine.close_dispatcher()


def _security(target: SnmpTarget) -> CommunityData | UsmUserData:
    security = target.security
    if isinstance(security, Community):
        return CommunityData(security.name.reveal(), mpModel=0 if security.version is Version.V1 else 1)
    privacy = {}
    if security.privacy is not None:
        privacy = {
            "privKey": security.privacy.reveal(),
            "privProtocol": _CIPHERS[security.cipher],
        }
    return UsmUserData(
        security.name,
        authKey=security.authentication.reveal(),
        authProtocol=_HASHES[security.hash],
        **privacy,
    )
