"""Which addresses Kitto may be sent to by its users: devices, and nothing that is not one."""

import ipaddress

from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.settings import settings

# Where cloud machines keep their secrets (link-local, and the IPv6 and Alibaba forms).
METADATA = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fd00:ec2::/32"),
    ipaddress.ip_network("100.100.100.200/32"),
)


class AddressRefused(Refusal):
    code = "address_refused"
    status = 422
    says = N_("Nothing was changed: “{address}” is no address of a device. Give its own IP address.")


def allowed_address(address: str) -> str:
    """The address in its plain form. Refuses names, loopback, multicast, metadata and the like.

    Only IP addresses are taken, so that a name cannot change its meaning after it was checked.
    """
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError as wrong:
        raise AddressRefused(address=address[:64]) from wrong
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if ip.is_loopback and settings().allow_loopback_targets:
        return str(ip)
    bad = ip.is_loopback or ip.is_unspecified or ip.is_multicast or ip.is_link_local or ip.is_reserved
    if bad or any(ip in network for network in METADATA if network.version == ip.version):
        raise AddressRefused(address=address[:64])
    return str(ip)
