"""The watch's way of asking over SNMP, offered to rooms beside it."""

from kitto.base.ears import Ear, Heard, listens
from kitto.health.adapters import snmp
from kitto.health.rules.states import Sign
from kitto.health.rules.values import Identity


@listens
def ask(ear: Ear) -> Heard:
    """Who a device says it is; one sweep of one target."""
    security: snmp.Community | snmp.UserSecurity
    if ear.user:
        security = snmp.UserSecurity(ear.user, ear.secret, ear.privacy, ear.hash, ear.cipher)
    else:
        security = snmp.Community(ear.secret, snmp.Version(ear.version))
    target = snmp.SnmpTarget(
        key=0, address=ear.address, port=ear.port, security=security, depth=snmp.Depth.IDENTITY
    )
    answer = snmp.sweep([target])[0]
    who = answer.identity or Identity()
    return Heard(
        answered=answer.sign is Sign.ANSWERED,
        denied=answer.sign is Sign.DENIED,
        name=who.name,
        description=who.description,
        serial=who.serial,
        mac=who.mac,
    )
