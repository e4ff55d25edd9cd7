"""A kitted PC, looked at again: a dry run finds nothing to change, and `verify` names whatever differs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kitto.kitting.adapters import recipes
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome, PlayOutcome, Status, Value
from kitto.kitting.adapters.publishing.causes import has_words
from tests.counterparts import keys
from tests.counterparts.apt import apt_repository
from tests.counterparts.pcs import BenchPc, bench_pc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import OFFICE, PLAYBOOKS, TAG, last_words, order, play, told

pytestmark = [pytest.mark.bench_pc, pytest.mark.timeout(900)]
WORKSTATION = PLAYBOOKS / "linux-workstation"
WORDS = recipes.read("verify", (PLAYBOOKS / "verify" / "profile.yml").read_bytes()).causes
TANAKA_KEY = keys.new_key_pair().public
runs = iter(range(1000))


class Kitted:
    """A PC after the steps that need no service, and the order it was kitted by."""

    def __init__(self, ansible: Ansible, pc: BenchPc, source: str) -> None:
        self.ansible = ansible
        self.pc = pc
        self.given: dict[str, Value] = {
            **OFFICE,
            "kitto_accounts": [
                {"name": "tanaka", "full_name": "田中 花子", "keys": [TANAKA_KEY], "sudo": True},
                {"name": "sato", "groups": ["audio"]},
                {"name": "suzuki"},
            ],
            "kitto_apt_sources": [{"name": "bench", "line": source}],
            "kitto_packages": ["kitto-bench-tool"],
            "kitto_disk_encrypted": False,
        }

    def play(self, recipe: Path, book: str = "playbook.yml", **more: object) -> tuple[PlayOutcome, str]:
        """Play one book, and the run."""
        run = f"dry-{next(runs)}"
        variables = {**self.given, **more.pop("variables", {})}  # type: ignore[dict-item]
        spec = order(self.pc, recipe, run_id=run, playbook=book, variables=variables, **more)
        return play(self.ansible, spec), run

    def verify(self, **more: Value) -> tuple[PlayOutcome, list[str]]:
        """How verifying ended, and the codes of all differences."""
        outcome, run = self.play(PLAYBOOKS / "verify", variables=more)
        said = [
            event.text.lstrip("[").partition("] ")
            for event in told(self.ansible, run)
            if event.kind is Kind.ITEM and event.status is Status.FAILED
        ]
        assert outcome.counts.changed == 0
        assert [text for code, _, text in said if not has_words(WORDS, code, text)] == []
        return outcome, [code for code, _, _ in said]

    def tasks(self, run: str, status: Status) -> list[str]:
        found = (event for event in told(self.ansible, run) if event.kind is Kind.RESULT)
        return [event.task for event in found if event.status is status]


BOOKS = ("base.yml", "accounts.yml", "software.yml")


@pytest.fixture(scope="module")
def kitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitted]:
    """One PC for the tests of this file, each of which leaves it as it was."""
    ansible = stage.installation(tmp_path_factory.mktemp("dry"))
    with apt_repository() as repository, bench_pc("8XK2QZ3", authorized_key=stage.KEY.public) as pc:
        if pc.reduced:
            pytest.skip(pc.cannot)
        made = Kitted(ansible, pc, repository.source)
        fresh = pc.run("find /etc /home -newer /etc/hostname -type f | sort").stdout
        for book in BOOKS:
            outcome, run = made.play(WORKSTATION, book, check=True, diff=True)
            assert outcome.outcome is Outcome.SUCCEEDED, (book, outcome, last_words(ansible, run))
            assert outcome.counts.changed > 0
        assert pc.run("find /etc /home -newer /etc/hostname -type f | sort").stdout == fresh, (
            "a dry run wrote"
        )
        for book in BOOKS:
            outcome, run = made.play(WORKSTATION, book)
            assert outcome.outcome is Outcome.SUCCEEDED, (book, outcome, last_words(ansible, run))
        # The agent is somebody else's test; here its traces are enough.
        pc.run(
            "mkdir -p /usr/local/lib/kitto /var/lib/kitto-agent && "
            "mkdir -p /etc/cron.d && touch /etc/cron.d/kitto-agent "
            "/usr/local/lib/kitto/agent.pyz /var/lib/kitto-agent/credential.json"
        )
        yield made


@pytest.mark.parametrize("book", BOOKS)
def test_a_dry_run_on_a_kitted_pc_finds_nothing_to_change(kitted: Kitted, book: str) -> None:
    outcome, run = kitted.play(WORKSTATION, book, check=True, diff=True)
    assert outcome.outcome is Outcome.SUCCEEDED, last_words(kitted.ansible, run)
    assert kitted.tasks(run, Status.CHANGED) == []
    assert [event.text for event in told(kitted.ansible, run) if event.kind is Kind.DIFF] == []


def test_a_dry_run_shows_what_somebody_changed(kitted: Kitted) -> None:
    kitted.pc.run("echo LANG=C >/etc/default/locale")
    outcome, run = kitted.play(WORKSTATION, "base.yml", check=True, diff=True)
    assert (outcome.outcome, outcome.counts.changed) == (Outcome.SUCCEEDED, 1)
    diff = "".join(event.text for event in told(kitted.ansible, run) if event.kind is Kind.DIFF)
    assert "-LANG=C\n+LANG=ja_JP.UTF-8" in diff
    assert kitted.pc.run("cat /etc/default/locale").stdout == "LANG=C\n"
    kitted.pc.run("echo LANG=ja_JP.UTF-8 >/etc/default/locale")


def test_a_kitted_pc_is_as_it_was_kitted(kitted: Kitted) -> None:
    outcome, differences = kitted.verify()
    assert (outcome.outcome, differences) == (Outcome.SUCCEEDED, []), outcome


SPOILED = {
    "name_differs": ("hostname other", f"hostname {TAG}"),
    "time_zone_differs": (
        "ln -sf /usr/share/zoneinfo/UTC /etc/localtime",
        "ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime",
    ),
    "locale_differs": (
        "echo LANG=C >/etc/default/locale",
        "echo LANG=ja_JP.UTF-8 >/etc/default/locale",
    ),
    "account_missing": (
        "sed -i.kept /^suzuki:/d /etc/passwd",
        "mv /etc/passwd.kept /etc/passwd",
    ),
    "keys_differ": (
        "echo ssh-ed25519 AAAA guest >>/home/tanaka/.ssh/authorized_keys",
        "sed -i '$d' /home/tanaka/.ssh/authorized_keys",
    ),
    "sudo_differs": (
        "echo 'sato ALL=(ALL) ALL' >/etc/sudoers.d/kitto-sato",
        "rm /etc/sudoers.d/kitto-sato",
    ),
    "account_differs": ("gpasswd -d sato audio", "gpasswd -a sato audio"),
    "package_missing": (
        "dpkg -r kitto-bench-tool",
        "apt-get -qq install kitto-bench-tool",
    ),
    "agent_missing": (
        "rm /var/lib/kitto-agent/credential.json",
        "touch /var/lib/kitto-agent/credential.json",
    ),
    "agent_not_timed": ("rm /etc/cron.d/kitto-agent", "touch /etc/cron.d/kitto-agent"),
}


def test_every_difference_has_its_own_code_and_all_are_told_at_once(kitted: Kitted) -> None:
    alone = {"agent_not_timed"}  # nobody asks for the clock of an agent that is not there
    kitted.pc.run("; ".join(spoil for code, (spoil, _) in SPOILED.items() if code not in alone))
    try:
        outcome, differences = kitted.verify(kitto_disk_encrypted=True)
    finally:
        kitted.pc.run("; ".join(mend for code, (_, mend) in SPOILED.items() if code not in alone))
    assert sorted(differences) == sorted({*SPOILED, "disk_not_encrypted"} - alone)
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "name_differs")
    assert outcome.reason == f"The machine is called other, not {TAG}."
    kitted.pc.run(SPOILED["agent_not_timed"][0])
    outcome, differences = kitted.verify(kitto_packages=["kitto-bench-tool=9.9"], kitto_locale="fr_FR.UTF-8")
    kitted.pc.run(SPOILED["agent_not_timed"][1])
    assert sorted(differences) == ["agent_not_timed", "locale_differs", "locale_missing", "package_differs"]
    assert kitted.verify()[1] == []


def test_verify_finds_the_same_in_a_dry_run_as_a_later_comparison_makes_it(kitted: Kitted) -> None:
    kitted.pc.run(SPOILED["name_differs"][0])
    try:
        outcome, _ = kitted.play(PLAYBOOKS / "verify", check=True, diff=True)
    finally:
        kitted.pc.run(SPOILED["name_differs"][1])
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "name_differs")
    outcome, _ = kitted.play(PLAYBOOKS / "verify", check=True, diff=True)
    assert outcome.outcome is Outcome.SUCCEEDED
