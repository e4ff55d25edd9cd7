"""The words, tones and shapes of the health watch."""

from collections.abc import Mapping
from typing import Final

from kitto.base.i18n import N_
from kitto.health.rules.probes import CredentialKind, ProbeKind
from kitto.health.rules.states import HealthState, Reason
from kitto.health.rules.values import DeviceKind
from kitto.health.rules.watches import Check
from kitto.web.chips import Chip

STATE_LOOKS: Final[Mapping[str, Chip]] = {
    HealthState.OK: Chip(N_("OK"), "good", "check"),
    HealthState.SUSPECT: Chip(N_("Suspect"), "warn", "half"),
    HealthState.DOWN: Chip(N_("Down"), "bad", "cross"),
    HealthState.RECOVERING: Chip(N_("Recovering"), "info", "bars"),
    HealthState.AUTH_FAILED: Chip(N_("Access refused"), "warn", "triangle"),
    HealthState.UNKNOWN: Chip(N_("Not known"), "plain", "ring"),
}
STATE_SAYS: Final = {state: STATE_LOOKS[state].says for state in HealthState}

REASON_SAYS: Final = {
    Reason.ANSWERED: N_("It answered."),
    Reason.NO_ANSWER: N_("It did not answer. Look whether it is switched on and plugged in."),
    Reason.REFUSED: N_("Its address answers, but nothing listens on this port. Look at its settings."),
    Reason.UNREADABLE: N_("It sent something that cannot be read. Ask for a second opinion."),
    Reason.CREDENTIALS: N_("It refuses our credentials. Check them; polling goes on every 15 minutes."),
    Reason.NO_CREDENTIALS: N_("The probe has no usable credentials. Choose some."),
    Reason.HOST_KEY_UNKNOWN: N_(
        "Its host key or certificate is not pinned yet. Compare the fingerprint and pin it."
    ),
    Reason.HOST_KEY_CHANGED: N_(
        "It shows another host key or certificate than the pinned one. Find out why before you pin the new"
        " one."
    ),
    Reason.CERTIFICATE_UNFIT: N_(
        "Its certificate is the pinned one, but is not valid today or does not name its address. Make a new"
        " one on the device."
    ),
    Reason.WE_WERE_LATE: N_("Kitto itself was held up; nothing is said about the device."),
    Reason.OUR_NETWORK: N_("Kitto's own network failed; nothing is said about the device."),
    Reason.MANY_AT_ONCE: N_(
        "Many devices fell silent at once; waiting before anything is said about this one."
    ),
    Reason.NOT_YET_POLLED: N_("It has not been asked yet."),
}

CHECK_SAYS: Final = {
    Check.REACH: N_("Does not answer"),
    Check.CREDENTIALS: N_("Refuses our credentials"),
    Check.IDENTITY: N_("Another serial number than the ledger's"),
    Check.HOST_KEY: N_("Another host key or certificate than the pinned one"),
    Check.CERTIFICATE: N_("Its certificate does not hold any more"),
    Check.MANY_SILENT: N_("Many devices fell silent at once"),
    Check.SUPPLY: N_("Supply is low"),
    Check.WASTE: N_("Waste container is nearly full"),
    Check.DISK: N_("Disk is nearly full"),
    Check.BATTERY: N_("Battery charge is low"),
    Check.ON_BATTERY: N_("Runs on battery"),
    Check.RUNTIME: N_("Battery will not last long"),
    Check.UPS_LOAD: N_("UPS load is high"),
    Check.TEMPERATURE: N_("Temperature is high"),
}

READING_SAYS: Final = {
    "pages": N_("Pages printed"),
    "printer_state": N_("Printer status"),
    "supply": N_("Supply"),
    "waste": N_("Room in waste container"),
    "paper": N_("Paper"),
    "battery_charge": N_("Battery charge"),
    "battery_runtime": N_("Battery lasts"),
    "seconds_on_battery": N_("Time on battery"),
    "battery_temperature": N_("Battery temperature"),
    "battery_test": N_("Battery test running"),
    "ups_load": N_("UPS load"),
    "load_1": N_("Load"),
    "cpu_used": N_("Processor in use"),
    "memory_used": N_("Memory in use"),
    "disk_used": N_("Disk in use"),
    "disk_free": N_("Disk free"),
    "ports_up": N_("Ports with a link"),
    "ports": N_("Ports"),
    "temperature": N_("Temperature"),
}

# hrPrinterStatus (RFC 2790)
PRINTER_SAYS: Final = {
    1: N_("other"),
    2: N_("not known"),
    3: N_("idle"),
    4: N_("printing"),
    5: N_("warming up"),
}

PROBE_SAYS: Final = {
    ProbeKind.SNMP: N_("SNMP"),
    ProbeKind.SSH: N_("SSH"),
    ProbeKind.CLI: N_("Command line of network gear"),
    ProbeKind.TCP: N_("TCP port"),
    ProbeKind.WINRM: N_("WinRM (Windows)"),
}

CREDENTIAL_SAYS: Final = {
    CredentialKind.COMMUNITY: N_("SNMP community (v1, v2c)"),
    CredentialKind.USER: N_("SNMP user (v3)"),
    CredentialKind.SSH_KEY: N_("SSH key"),
    CredentialKind.PASSWORD: N_("User and password"),
}

DEVICE_SAYS: Final = {
    DeviceKind.PRINTER: N_("Printer"),
    DeviceKind.UPS: N_("UPS"),
    DeviceKind.NETWORK: N_("Network gear"),
    DeviceKind.WIRELESS: N_("Wireless access point"),
    DeviceKind.STORAGE: N_("Storage"),
    DeviceKind.HOST: N_("Host"),
    DeviceKind.MANAGEMENT: N_("Management controller"),
    DeviceKind.OTHER: N_("Other device"),
}
