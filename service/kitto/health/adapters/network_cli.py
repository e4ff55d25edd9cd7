"""Reading who a switch or router is over its command line, where SNMP is off or tells less."""

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kitto.base.errors import Fault
from kitto.base.seal import Secret
from kitto.health.adapters.ssh_keys import SSH_PORT, parse_host_key, parse_private_key
from kitto.health.rules.identity import serial_of
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, DeviceKind, Identity, tidy


@dataclass(frozen=True, slots=True)
class Platform:
    """How one family of gear is asked. `driver` is netmiko's word for its prompt and paging."""

    name: str
    vendor: str
    driver: str
    commands: tuple[str, ...]


PLATFORMS: Final = (
    Platform("cisco_ios", "Cisco", "cisco_ios", ("show version", "show inventory")),
    Platform("cisco_nxos", "Cisco", "cisco_nxos", ("show version", "show inventory")),
    Platform("cisco_asa", "Cisco", "cisco_asa", ("show version", "show inventory")),
    Platform("arista_eos", "Arista", "arista_eos", ("show version", "show inventory")),
    Platform("juniper_junos", "Juniper", "juniper_junos", ("show version", "show chassis hardware")),
    Platform("allied_telesis_awplus", "Allied Telesis", "allied_telesis_awplus", ("show system",)),
    Platform("aruba_aoscx", "Aruba", "aruba_aoscx", ("show system",)),
    Platform("aruba_os", "Aruba", "aruba_os", ("show version",)),
    Platform("hp_procurve", "HP", "hp_procurve", ("show system",)),
    Platform("hp_comware", "H3C", "hp_comware", ("display device manuinfo", "display version")),
    Platform("huawei_vrp", "Huawei", "huawei_vrp", ("display version",)),
    Platform("fortinet", "Fortinet", "fortinet", ("get system status",)),
    Platform("paloalto_panos", "Palo Alto Networks", "paloalto_panos", ("show system info",)),
    Platform(
        "mikrotik_routeros",
        "MikroTik",
        "mikrotik_routeros",
        ("system routerboard print", "system resource print"),
    ),
    Platform("fsas_sir", "Fujitsu", "fsas_sir", ("show system information",)),
    Platform("yamaha", "Yamaha", "yamaha", ("show environment",)),
    Platform("generic", "", "generic", ("show version",)),
)
BY_NAME: Final = {platform.name: platform for platform in PLATFORMS}

# The templates' own names for one thing, best first.
_SERIALS: Final = ("serial", "serial_number", "chassis_sn", "device_serial_number", "sn", "chassis_serial")
_MODELS: Final = (
    "hardware", "model", "platform", "device_model", "model_name", "product_name", "chassis", "board_name",
)  # fmt: skip
_VERSIONS: Final = (
    "version",
    "os",
    "sw_version",
    "software_version",
    "os_version",
    "firmware",
    "firmware_version",
)
_NAMES: Final = ("hostname", "host_name", "system_name", "name", "devicename")

# Where no template fits: what most command lines print, in their own words.
_PLAIN: Final[Mapping[str, re.Pattern[str]]] = {
    "serial": re.compile(
        r"^.*?\b(?:processor board id|(?:system |chassis |device )?serial(?: ?(?:number|no\.?|#))?)"
        r"\s*[:=]?\s+(?=\S*\d)([\w-]{4,32})",
        re.IGNORECASE | re.MULTILINE,
    ),
    "model": re.compile(
        r"^\W*(?:model(?: name| number)?|product(?: name)?|hardware|platform)\s*[:=]\s*([^\r\n,]{2,60})",
        re.IGNORECASE | re.MULTILINE,
    ),
    "version": re.compile(r"\b(?:version|revision|rev\.?)\s*[:=]?\s*v?(\d[\w.()-]*)", re.IGNORECASE),
    "hostname": re.compile(
        r"^\W*(?:host ?name|system ?name|switch name)\s*[:=]?\s+(\S+)", re.IGNORECASE | re.MULTILINE
    ),
}


@dataclass(frozen=True, slots=True)
class CliTarget:
    """One piece of gear. `host_key` is its pinned key; without one nothing is asked."""

    key: int
    address: str
    platform: str
    user: str
    host_key: str
    password: Secret | None = None
    private_key: Secret | None = None
    port: int = SSH_PORT
    timeout: float = 15.0


class CliTrouble(Fault):
    """A session that brought nothing, with whom it speaks about."""

    def __init__(self, sign: Sign, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.sign = sign
        self.reason = reason


def ask(target: CliTarget) -> Answer:
    """Log in, run the platform's read-only commands, log out. Never raises for what the gear does."""
    platform = BY_NAME[target.platform]
    try:
        prompt, outputs = _session(target, platform)
    except CliTrouble as trouble:
        return Answer(trouble.sign, trouble.reason, str(trouble))
    return Answer(Sign.ANSWERED, Reason.ANSWERED, identity=read(platform, outputs, prompt))


def _session(target: CliTarget, platform: Platform) -> tuple[str, dict[str, str]]:
    # drivers of a hundred kinds of gear come with it: only a process that asks one pays for them
    from netmiko.exceptions import (
        NetmikoAuthenticationException,
        NetmikoBaseException,
        NetmikoTimeoutException,
    )
    from paramiko import SSHException

    pinned = parse_host_key(target.host_key)
    if pinned is None:
        raise CliTrouble(Sign.DENIED, Reason.HOST_KEY_UNKNOWN)
    name = target.address if target.port == SSH_PORT else f"[{target.address}]:{target.port}"
    with tempfile.NamedTemporaryFile("w", prefix="kitto-known-", suffix=".hosts") as known:
        known.write(f"{name} {pinned.get_name()} {pinned.get_base64()}\n")
        known.flush()
        try:
            return _run(target, platform, Path(known.name))
        except NetmikoAuthenticationException as denied:
            raise CliTrouble(Sign.DENIED, Reason.CREDENTIALS, f"refused for {target.user}") from denied
        except (NetmikoBaseException, SSHException, EOFError, ValueError) as broken:
            if _is_about_host_key(broken):
                raise CliTrouble(Sign.DENIED, Reason.HOST_KEY_CHANGED) from broken
            if isinstance(broken, NetmikoTimeoutException):
                raise CliTrouble(Sign.SILENT, Reason.NO_ANSWER) from broken
            raise CliTrouble(Sign.SILENT, Reason.UNREADABLE, tidy(str(broken))) from broken
        except OSError as broken:
            raise CliTrouble(Sign.SILENT, Reason.NO_ANSWER, broken.strerror or "") from broken


def _is_about_host_key(broken: BaseException | None) -> bool:
    """netmiko wraps what paramiko said, also a changed host key, into its own time-out."""
    from paramiko import BadHostKeyException

    while broken is not None:
        if isinstance(broken, BadHostKeyException) or "not found in known_hosts" in str(broken):
            return True
        broken = broken.__cause__ or broken.__context__
    return False


def _run(target: CliTarget, platform: Platform, known: Path) -> tuple[str, dict[str, str]]:
    from netmiko import ConnectHandler  # large; see _session

    key = parse_private_key(target.private_key) if target.private_key else None
    with ConnectHandler(
        device_type=platform.driver,
        host=target.address,
        port=target.port,
        username=target.user,
        password=target.password.reveal() if target.password else "",
        pkey=key,
        use_keys=key is not None,
        allow_agent=False,
        ssh_strict=True,
        system_host_keys=False,
        alt_host_keys=True,
        alt_key_file=str(known),
        conn_timeout=target.timeout,
        auth_timeout=target.timeout,
        banner_timeout=target.timeout,
    ) as session:
        prompt = str(session.base_prompt or session.find_prompt().rstrip(">#$ "))
        return prompt, {
            command: str(session.send_command(command, read_timeout=target.timeout))
            for command in platform.commands
        }


def read(platform: Platform, outputs: Mapping[str, str], prompt: str = "") -> Identity:
    """Turn what the commands printed into an identity; what cannot be read stays empty."""
    rows = [row for command, text in outputs.items() for row in _parsed(platform, command, text)]
    everything = "\n".join(outputs.values())
    serial = next((found for text in _all(rows, _SERIALS) if (found := serial_of(text))), "")
    plain = serial_of(_plain("serial", everything))
    return Identity(
        kind=DeviceKind.NETWORK,
        vendor=platform.vendor,
        model=_first(rows, _MODELS) or _plain("model", everything),
        serial=serial or plain,
        serial_from="CLI" if serial or plain else "",
        version=_first(rows, _VERSIONS) or _plain("version", everything),
        name=_first(rows, _NAMES[:-2]) or _plain("hostname", everything) or tidy(prompt),
        description=tidy(everything.strip().partition("\n")[0]),
    )


def _parsed(platform: Platform, command: str, text: str) -> list[dict[str, Any]]:
    from ntc_templates.parse import parse_output  # large; see _session

    # TextFSM raises the bare Exception on text that it does not expect.
    try:
        rows: list[dict[str, Any]] = parse_output(platform=platform.name, command=command, data=text)
    except Exception:  # noqa: BLE001 - see above; the plain patterns read the text instead
        return []
    return rows


def _all(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[str]:
    listed = list(rows)
    found: list[str] = []
    for name in names:
        for row in listed:
            value = row.get(name)
            found.extend(tidy(str(item)) for item in (value if isinstance(value, list) else [value]) if item)
    return found


def _first(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> str:
    return next(iter(_all(rows, names)), "")


def _plain(what: str, text: str) -> str:
    found = _PLAIN[what].search(text)
    return tidy(found[1]) if found else ""
