"""WS-Management as XML: reads requests, writes answers and faults (MS-WSMV, DSP0226)."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from defusedxml import ElementTree

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
CMD = f"{SHELL}/cmd"
POWERSHELL = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"

TIMED_OUT = 2150858793
SHELL_NOT_FOUND = 2150858843
COMMAND_NOT_FOUND = 2150858843
TOO_MANY_SHELLS = 2150859173
TOO_MANY_OPERATIONS = 2150859174
NOT_SUPPORTED = 2150858752


class RefusedError(Exception):
    """A fault for the client: its code, and the sentence that Windows would say."""

    def __init__(
        self, code: int, sentence: str, *, wmi: bool = False, subcode: str = "w:InternalError"
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.wmi = wmi
        self.subcode = subcode


def shell_not_found(shell_id: str) -> RefusedError:
    return RefusedError(
        SHELL_NOT_FOUND,
        "The request for the Windows Remote Shell with ShellId "
        f"{shell_id} failed because the shell was not found on the server.",
        subcode="w:InvalidSelectors",
    )


def timed_out() -> RefusedError:
    return RefusedError(
        TIMED_OUT,
        "The WS-Management service cannot complete the operation within the time specified in "
        "OperationTimeout.",
        subcode="w:TimedOut",
    )


@dataclass(frozen=True)
class Request:
    """One request, as far as shells need it."""

    action: str
    resource: str
    message_id: str
    selectors: dict[str, str]
    options: dict[str, str]
    timeout_seconds: float
    body: Element | None

    def part(self, name: str) -> Element | None:
        """The first element of the shell's namespace with this name."""
        return None if self.body is None else self.body.find(f".//{{{SHELL}}}{name}")

    def text(self, name: str) -> str:
        found = self.part(name)
        return "" if found is None else found.text or ""


def read(raw: bytes) -> Request:
    """Parse an envelope. Raises ParseError for what is none."""
    root = ElementTree.fromstring(raw)

    def text(*path: str) -> str:
        found = root.find("/".join(path))
        return "" if found is None else (found.text or "").strip()

    header = f"{{{ENVELOPE}}}Header"
    named = root.findall(f"{header}/{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector")
    options = root.findall(f"{header}/{{{WSMAN}}}OptionSet/{{{WSMAN}}}Option")
    return Request(
        action=text(header, f"{{{ADDRESSING}}}Action"),
        resource=text(header, f"{{{WSMAN}}}ResourceURI"),
        message_id=text(header, f"{{{ADDRESSING}}}MessageID"),
        selectors={one.get("Name", ""): one.text or "" for one in named},
        options={one.get("Name", ""): one.text or "" for one in options},
        timeout_seconds=_seconds(text(header, f"{{{WSMAN}}}OperationTimeout")),
        body=root.find(f"{{{ENVELOPE}}}Body"),
    )


def _seconds(duration: str) -> float:
    """`PT20S` or `PT20.000S`, which is all that clients say."""
    plain = duration.removeprefix("PT").removesuffix("S")
    return float(plain) if plain else 60.0


def answer(request: Request, action: str, body: str) -> bytes:
    """An envelope that answers `request`."""
    return _envelope(action, request.message_id, body)


def fault(request: Request | None, refused: RefusedError) -> bytes:
    """An envelope that refuses. Quotas come as MSFT_WmiError, everything else as WSManFault."""
    if refused.wmi:
        detail = (
            f'<p:MSFT_WmiError xmlns:p="{WMI_ERROR}"><p:error_Code>{refused.code}</p:error_Code>'
            f"<p:Message>{escape(refused.sentence)}</p:Message></p:MSFT_WmiError>"
        )
    else:
        detail = (
            f'<f:WSManFault xmlns:f="{FAULT}" Code="{refused.code}" Machine="bench">'
            f"<f:Message>{escape(refused.sentence)}</f:Message></f:WSManFault>"
        )
    body = (
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value>"
        f"<s:Subcode><s:Value>{refused.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(refused.sentence)}</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )
    action = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
    return _envelope(action, request.message_id if request else "", body)


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    related = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{ENVELOPE}" xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}"'
        f' xmlns:rsp="{SHELL}" xmlns:x="{TRANSFER}"><s:Header>'
        f"<a:Action>{escape(action)}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"{related}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def created(resource: str, shell_id: str, owner: str, address: str) -> str:
    """The body that tells a client of its new shell."""
    return (
        "<x:ResourceCreated>"
        f"<a:Address>https://{address}/wsman</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{escape(resource)}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        "</a:ReferenceParameters></x:ResourceCreated>"
        f"{_shell(shell_id, resource, owner)}"
    )


def listed(shells: Iterable[tuple[str, str, str]]) -> str:
    """The body that lists shells, all at once: id, resource, owner."""
    items = "".join(_shell(*one) for one in shells)
    return (
        f'<n:EnumerateResponse xmlns:n="{ENUMERATION}"><n:EnumerationContext/><w:Items>{items}</w:Items>'
        "<w:EndOfSequence/></n:EnumerateResponse>"
    )


def _shell(shell_id: str, resource: str, owner: str) -> str:
    return (
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{escape(resource)}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(owner)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
        "<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut></rsp:Shell>"
    )


def stream(name: str, command_id: str, text: str, *, end: bool = False) -> str:
    """One piece of output, base64 in `text`."""
    of = f" CommandId={quoteattr(command_id)}" if command_id else ""
    ending = ' End="true"' if end else ""
    return f"<rsp:Stream Name={quoteattr(name)}{of}{ending}>{text}</rsp:Stream>"


def state(command_id: str, exit_code: int | None) -> str:
    """Whether a command still runs."""
    word = "Running" if exit_code is None else "Done"
    code = "" if exit_code is None else f"<rsp:ExitCode>{exit_code}</rsp:ExitCode>"
    return (
        f'<rsp:CommandState CommandId={quoteattr(command_id)} State="{SHELL}/CommandState/{word}">'
        f"{code}</rsp:CommandState>"
    )
