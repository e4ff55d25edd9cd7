"""Asks probes of every kind: plain descriptions in, one answer each out."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kitto.base.seal import Secret
from kitto.health.adapters import network_cli, snmp, tcp
from kitto.health.rules.probes import CredentialKind, ProbeKind
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, Identity

if TYPE_CHECKING:
    from kitto.health.adapters.ssh import SshTarget


@dataclass(frozen=True, slots=True)
class Opener:
    """An unsealed credential."""

    kind: CredentialKind
    secret: Secret
    privacy: Secret | None = None
    account: str = ""
    snmp_version: str = "2c"
    hash: str = "sha1"
    cipher: str = "aes128"


@dataclass(frozen=True, slots=True)
class Question:
    """One probe as the adapters need it; `opener` is None where there is none or it is unusable."""

    probe_id: int
    kind: ProbeKind
    address: str
    port: int
    opener: Opener | None
    host_key: str = ""
    platform: str = ""
    depth: snmp.Depth = snmp.Depth.LIVENESS
    known: Identity | None = None


def poll(questions: Sequence[Question]) -> dict[int, Answer]:
    """Ask them all; an answer for every probe, whatever happens. Opens no transaction."""
    answers: dict[int, Answer] = {}
    by_kind: dict[ProbeKind, list[Question]] = {}
    for question in questions:
        if question.opener is None and question.kind is not ProbeKind.TCP:
            answers[question.probe_id] = Answer(Sign.DENIED, Reason.NO_CREDENTIALS)
        else:
            by_kind.setdefault(question.kind, []).append(question)
    answers |= snmp.sweep([snmp_target(question) for question in by_kind.get(ProbeKind.SNMP, [])])
    answers |= _ssh_sweep(by_kind.get(ProbeKind.SSH, []))
    answers |= _cli_sweep(_cli_target(question) for question in by_kind.get(ProbeKind.CLI, []))
    answers |= _winrm_sweep(by_kind.get(ProbeKind.WINRM, []))
    answers |= tcp.sweep(
        [tcp.TcpTarget(q.probe_id, q.address, q.port) for q in by_kind.get(ProbeKind.TCP, [])]
    )
    return answers


def snmp_target(question: Question) -> snmp.SnmpTarget:
    """The question in the words of the SNMP adapter. It must have an opener."""
    opener = _opener(question)
    security: snmp.Community | snmp.UserSecurity
    if opener.kind is CredentialKind.COMMUNITY:
        security = snmp.Community(opener.secret, snmp.Version(opener.snmp_version))
    else:
        security = snmp.UserSecurity(
            opener.account, opener.secret, opener.privacy, opener.hash, opener.cipher or "aes128"
        )
    return snmp.SnmpTarget(
        key=question.probe_id,
        address=question.address,
        port=question.port,
        security=security,
        depth=question.depth,
        known=question.known,
    )


def _winrm_sweep(questions: Sequence[Question]) -> dict[int, Answer]:
    if not questions:
        return {}
    from kitto.health.adapters import winrm  # brings pywinrm, which is large

    targets = [
        winrm.WinRmTarget(
            key=question.probe_id,
            address=question.address,
            port=question.port,
            user=_opener(question).account,
            password=_opener(question).secret,
            certificate=question.host_key,
        )
        for question in questions
    ]
    return winrm.sweep(targets)


def _ssh_sweep(questions: Sequence[Question]) -> dict[int, Answer]:
    if not questions:
        return {}
    from kitto.health.adapters import ssh  # brings paramiko, which is large

    return ssh.sweep([_ssh_target(question) for question in questions])


def _ssh_target(question: Question) -> "SshTarget":
    from kitto.health.adapters.ssh import SshTarget

    opener = _opener(question)
    is_key = opener.kind is CredentialKind.SSH_KEY
    return SshTarget(
        key=question.probe_id,
        address=question.address,
        port=question.port,
        user=opener.account,
        host_key=question.host_key,
        private_key=opener.secret if is_key else None,
        password=None if is_key else opener.secret,
    )


def _cli_target(question: Question) -> network_cli.CliTarget:
    opener = _opener(question)
    is_key = opener.kind is CredentialKind.SSH_KEY
    return network_cli.CliTarget(
        key=question.probe_id,
        address=question.address,
        port=question.port,
        platform=question.platform,
        user=opener.account,
        host_key=question.host_key,
        private_key=opener.secret if is_key else None,
        password=None if is_key else opener.secret,
    )


def _cli_sweep(targets: Iterable[network_cli.CliTarget], at_once: int = 8) -> dict[int, Answer]:
    listed = list(targets)
    if not listed:
        return {}
    with ThreadPoolExecutor(min(at_once, len(listed)), thread_name_prefix="health-cli") as pool:
        answers = list(pool.map(network_cli.ask, listed))
    return {target.key: answer for target, answer in zip(listed, answers, strict=True)}


def _opener(question: Question) -> Opener:
    if question.opener is None:
        message = "a question without credentials was to be asked"
        raise snmp.SnmpTrouble(Sign.DENIED, Reason.NO_CREDENTIALS, message)
    return question.opener
