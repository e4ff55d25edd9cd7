"""Ends on a Windows device what a run left there: the remote sessions of Kitto's account.

Windows shows nobody the environment of a process, so the job mark cannot be looked for. Ending a session ends
what runs in it; what a play started past it (`async`, scheduled tasks, installers with services) goes on.
"""

from xml.etree.ElementTree import Element, SubElement

from pypsrp.exceptions import AuthenticationError, WinRMError
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan

from kitto.kitting.adapters.plays import Host, Swept
from kitto.kitting.adapters.supervisor.files import RunFiles

SHELLS = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CONNECT_SECONDS = 10
READ_SECONDS = 15


def sweep(host: Host, files: RunFiles, password: str) -> Swept:
    """End the sessions of our account there. Idempotent; never sure, as Windows does not let us be."""
    try:
        ended = _end_sessions(host, files, password)
    except AuthenticationError:
        return Swept(sure=False, sentence="The device did not let Kitto in to clean up.")
    except (OSError, WinRMError, ValueError) as trouble:
        # What requests raises is an OSError.
        said = type(trouble).__name__
        return Swept(sure=False, sentence=f"The device did not answer while it was cleaned up ({said}).")
    return Swept(
        sure=False,
        sentence=f"On the device {ended} remote sessions were ended. What they started past themselves,"
        " such as an installer that runs as a service, cannot be seen from here.",
    )


def _end_sessions(host: Host, files: RunFiles, password: str) -> int:
    connection = WSMan(
        host.address,
        port=host.port,
        username=host.user,
        password=password,
        auth="ntlm",
        encryption="always",
        cert_validation=str(files.certificate),  # type: ignore[arg-type] # a path is taken, and documented
        no_proxy=True,
        connection_timeout=CONNECT_SECONDS,
        operation_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
    try:
        asked = Element(f"{{{NAMESPACES['wsen']}}}Enumerate")
        SubElement(asked, f"{{{NAMESPACES['wsman']}}}OptimizeEnumeration")
        SubElement(asked, f"{{{NAMESPACES['wsman']}}}MaxElements").text = "1000"
        found = connection.enumerate(SHELLS, asked)
        ours = [shell for shell in found.iter(f"{{{NAMESPACES['rsp']}}}Shell") if _is_ours(shell, host.user)]
        for shell in ours:
            named = SelectorSet()
            named.add_option("ShellId", _text(shell, "ShellId"))
            connection.delete(_text(shell, "ResourceUri"), selector_set=named)
        return len(ours)
    finally:
        connection.close()


def _is_ours(shell: Element, user: str) -> bool:
    """Windows names an owner with its machine or domain before it."""
    return _text(shell, "Owner").rpartition("\\")[2].lower() == user.rpartition("\\")[2].lower()


def _text(shell: Element, name: str) -> str:
    return shell.findtext(f"{{{NAMESPACES['rsp']}}}{name}") or ""
