"""The inventory of a run: one device, how it is reached, and whom Ansible may believe."""

from kitto.kitting.adapters.plays import PlaySpec, Transport, Value
from kitto.kitting.adapters.supervisor.files import RunFiles
from kitto.kitting.adapters.supervisor.remote import SUDO_SECRET, WINRM_SECRET

# Seconds that Windows may keep a question; reading may last a little longer.
OPERATION_SECONDS = 20
READ_SECONDS = 40


def inventory(spec: PlaySpec, files: RunFiles) -> dict[str, Value]:
    """As Ansible reads it. It holds no secret: passwords are lookups that ask the socket."""
    host: dict[str, Value] = {
        "ansible_host": spec.host.address,
        "ansible_port": spec.host.port,
        "ansible_user": spec.host.user,
    }
    match spec.host.transport:
        case Transport.SSH:
            if SUDO_SECRET in spec.secret_names:
                host["ansible_become_password"] = _asks_for(SUDO_SECRET)
        case Transport.SSH_WINDOWS:
            host |= {"ansible_connection": "ssh", "ansible_shell_type": "powershell"}
        case Transport.PSRP:
            host |= _psrp(spec, files)
        case Transport.WINRM:
            host |= _winrm(files)
    return {"all": {"hosts": {"device": host}}}


def _psrp(spec: PlaySpec, files: RunFiles) -> dict[str, Value]:
    return {
        "ansible_connection": "psrp",
        "ansible_password": _asks_for(WINRM_SECRET),
        "ansible_psrp_protocol": "https",
        "ansible_psrp_auth": "ntlm",
        "ansible_psrp_message_encryption": "always",
        "ansible_psrp_cert_validation": "validate",
        "ansible_psrp_ca_cert": str(files.certificate),
        "ansible_psrp_ignore_proxy": True,
        "ansible_psrp_connection_timeout": spec.connect_seconds,
        "ansible_psrp_operation_timeout": OPERATION_SECONDS,
        "ansible_psrp_read_timeout": READ_SECONDS,
    }


def _winrm(files: RunFiles) -> dict[str, Value]:
    return {
        "ansible_connection": "winrm",
        "ansible_password": _asks_for(WINRM_SECRET),
        "ansible_winrm_scheme": "https",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
        "ansible_winrm_server_cert_validation": "validate",
        "ansible_winrm_ca_trust_path": str(files.certificate),
        "ansible_winrm_operation_timeout_sec": OPERATION_SECONDS,
        "ansible_winrm_read_timeout_sec": READ_SECONDS,
    }


def _asks_for(secret: str) -> str:
    return f"{{{{ lookup('kitto_secret', '{secret}') }}}}"
