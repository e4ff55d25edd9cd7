"""Whatever happens in whatever order: no kit leaves its table, hangs, or does twice what it must not.

Hypothesis plays people, devices, the clock and the plays against the real actions on a real database. At the
end of each game the kit is brought to where it is ready, or cancelled: from any state there is a way.
"""

from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kitto.assets import actions as assets
from kitto.base import clock
from kitto.base.db import Database
from kitto.base.errors import Refusal
from kitto.base.jobs import JobRef
from kitto.base.work import Actor, Ledger
from kitto.identity.rules import Permission
from kitto.kitting import actions as kitting
from kitto.kitting import queries
from kitto.kitting.actions import machine, manage
from kitto.kitting.actions.locks import take_lock
from kitto.kitting.adapters.plays import Outcome, PlayOutcome
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.models import Kit
from kitto.kitting.models.kits import MOVED
from kitto.kitting.rules.locks import LockHolder
from kitto.kitting.rules.states import (
    OPEN,
    OVER,
    STEP_TABLE,
    KitState,
    StepState,
)
from tests.counterparts import keys
from tests.make import KITTO, OTHER, make_pc

PROFILE = """
name: any-order
title: { ja: 順不同, en: Any order }
platform: linux
parameters: { type: object, properties: {} }
second_person: true
steps:
  - { key: unbox, kind: manual, title: { ja: 開梱, en: Unbox } }
  - { key: again, kind: playbook, title: { ja: 一, en: Again }, playbook: a.yml, on_lost: rerun, needs: [],
      retries: 1 }
  - { key: once, kind: playbook, title: { ja: 二, en: Once }, playbook: a.yml, on_lost: ask, needs: [again] }
  - { key: checked, kind: playbook, title: { ja: 三, en: Checked }, playbook: a.yml, on_lost: verify,
      verify: a.yml, needs: [unbox] }
  - { key: impatient, kind: manual, title: { ja: 四, en: Impatient }, needs: [], minutes: 60,
      fails_when_late: true }
"""
KEYS = ("unbox", "again", "once", "checked", "impatient")
ENDS = (
    (Outcome.SUCCEEDED, ""),
    (Outcome.FAILED, "task_failed"),
    (Outcome.FAILED, "refused"),
    (Outcome.TIMED_OUT, "too_long"),
    (Outcome.UNREACHABLE, "no_answer"),
    (Outcome.UNREACHABLE, "host_key_changed"),
    (Outcome.LOST, "supervisor_died"),
    (Outcome.CANCELLED, "cancelled"),
)
HOST_KEY = keys.new_key_pair().public
REASON = "Because chance says so."
_serials = count(1)
_time = [clock.now()]


class NoJobs:
    """An outbox that forgets: who carries a kit on is chance here."""

    def enqueue(self, _session: Any, job: JobRef, _args: Any, **_: Any) -> None:
        assert job.name == "kitting.carry_on"

    def keys_at_work(self, _session: Any, _job: JobRef) -> set[str]:
        return set()


class Game(RuleBasedStateMachine):
    """One kit, and everybody who may touch it."""

    where: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.where, NoJobs())
        pc = make_pc(self.ledger, serial=f"ANY{next(_serials):05d}")
        self.tag, self.asset_id = str(pc.tag), pc.id
        with self.ledger.begin(KITTO) as work:
            assets.set_endpoint(
                work,
                tag=self.tag,
                kind="ssh",
                address="192.0.2.1",
                port=22,
                account="kitto",
                host_key=HOST_KEY,
            )
        with self.ledger.begin(KITTO) as work:
            self.kit_id = kitting.start_kit(work, tag=self.tag, profile="any-order").id
        self.todo: machine.Todo | None = None
        self.seen: set[str] = set()
        self.may_repeat = True

    def act(self, actor: Actor, do: Any, **given: Any) -> bool:
        """Whether it was done; a refusal is an answer, anything else a fault."""
        try:
            with self.ledger.begin(actor) as work:
                do(work, kit_id=self.kit_id, **given)
        except Refusal:
            return False
        return True

    def look(self) -> Kit:
        with self.ledger.read(KITTO) as work:
            work.allow(Permission.SEE)
            kit = queries.kit(work, self.kit_id)
            work.session.expunge_all()
            return kit

    @rule(end=st.sampled_from((None, *ENDS)))
    def a_job_carries_on(self, end: tuple[Outcome, str] | None) -> None:
        """One look and one play, which may end as it likes, or go on."""
        self.carry_on()
        if end is not None and self.todo is not None:
            self.ended(end)

    def carry_on(self) -> None:
        with self.ledger.begin(kitto()) as work:
            todo = machine.next_todo(work, self.kit_id)
        if todo is not None and todo.step == "once" and todo.run not in self.seen:
            assert self.may_repeat, "a step that must not run twice runs twice"
            self.may_repeat = False
            self.seen.add(todo.run)
        self.todo = todo
        if todo is None:
            self._rests_for_a_reason(self.look())

    def _rests_for_a_reason(self, kit: Kit) -> None:
        if kit.state in OPEN:
            assert kit.state in (KitState.WAITING, KitState.VERIFYING, KitState.HELD, KitState.FAILED), (
                kit.state
            )
        if kit.state in (KitState.HELD, KitState.FAILED):
            assert kit.reason
        if kit.state is KitState.WAITING:
            assert kit.waits_for
            assert kit.reason or kit.deadline_at or kit.waits_for

    @precondition(lambda self: self.todo)
    @rule(end=st.sampled_from(ENDS))
    def a_play_ends(self, end: tuple[Outcome, str]) -> None:
        self.ended(end)

    def ended(self, end: tuple[Outcome, str]) -> None:
        """Told twice, as a job would that was killed before it knew that it had told."""
        assert self.todo is not None
        outcome = PlayOutcome(outcome=end[0], cause=end[1], reason=f"It was {end[0]}.")
        for _ in range(2):
            with self.ledger.begin(kitto()) as work:
                machine.note_outcome(work, self.kit_id, self.todo.step, self.todo.run, outcome)
        if self.todo.step == "once" and end[0] is not Outcome.LOST:
            self.may_repeat = True  # it is known how it ended
        self.todo = None

    @rule(key=st.sampled_from(KEYS))
    def somebody_confirms(self, key: str) -> None:
        self.act(KITTO, kitting.confirm, step=key)

    @rule(who=st.sampled_from((KITTO, OTHER)))
    def somebody_approves(self, who: Actor) -> None:
        self.act(who, kitting.approve_step, step=self.approval())

    def approval(self) -> str:
        return next(step.key for step in self.look().steps if step.kind == "approval")

    @rule(key=st.sampled_from(("", *KEYS)))
    def somebody_retries(self, key: str) -> None:
        if self.act(KITTO, manage.retry, step=key):
            self.may_repeat = True

    @rule(key=st.sampled_from(KEYS), reason=st.sampled_from((REASON, "no")))
    def somebody_skips(self, key: str, reason: str) -> None:
        self.act(KITTO, manage.skip, step=key, reason=reason)

    @rule()
    def somebody_holds(self) -> None:
        self.act(KITTO, manage.hold, reason=REASON)

    @rule()
    def somebody_resumes(self) -> None:
        self.act(KITTO, manage.resume)

    @rule(sure=st.integers(0, 9))
    def somebody_cancels(self, sure: int) -> None:
        if not sure:
            self.act(KITTO, manage.cancel, reason=REASON)

    @rule()
    def the_device_answers(self) -> None:
        with self.ledger.begin(kitto()) as work:
            machine.device_is_back(work, self.kit_id)

    @rule(minutes=st.sampled_from((1, 45, 90)))
    def time_passes(self, minutes: int) -> None:
        _time[0] += timedelta(minutes=minutes)
        with self.ledger.begin(kitto()) as work:
            machine.note_late(work, self.kit_id)

    @invariant()
    def everything_is_in_its_table(self) -> None:
        kit = self.look()
        assert sum(step.state is StepState.RUNNING for step in kit.steps) <= 1
        for step in kit.steps:
            assert (step.waits_for is not None) == (step.state is StepState.WAITING), step.key
            assert step.state not in (StepState.FAILED, StepState.LOST) or step.reason, step.key
            for proof in step.evidence:
                if proof.kind == MOVED and proof.data["from"] != StepState.RUNNABLE:
                    before, after = StepState(proof.data["from"]), StepState(proof.data["to"])
                    assert after in STEP_TABLE[before] | _through_runnable(before), (step.key, before, after)

    def teardown(self) -> None:
        """From wherever it stands there is a way to the end, and the device is free after it."""
        for _ in range(60):
            kit = self.look()
            if kit.state in OVER or kit.state is KitState.READY:
                break
            self._help(kit)
        else:
            pytest.fail(f"the kit hangs: {[(step.key, step.state, step.reason) for step in kit.steps]}")
        with self.ledger.begin(KITTO) as work:
            work.allow(Permission.KIT)
            take_lock(work, asset_id=self.asset_id, holder=LockHolder.CI, holder_id="x", says="another")
            work.unrecorded("a trial")

    def _help(self, kit: Kit) -> None:
        self.carry_on()
        if self.todo is not None:
            self.ended((Outcome.SUCCEEDED, ""))
            return
        if kit.state is KitState.HELD:
            self.act(KITTO, manage.resume)
        elif kit.state is KitState.FAILED:
            self.somebody_retries("")
        for step in kit.steps:
            if step.state is StepState.WAITING:
                self.act(KITTO, kitting.confirm, step=step.key)
                self.act(OTHER, kitting.approve_step, step=step.key)
        with self.ledger.begin(kitto()) as work:
            machine.device_is_back(work, self.kit_id)
        _time[0] += timedelta(minutes=2)


def _through_runnable(before: StepState) -> frozenset[StepState]:
    """Becoming runnable is written down nowhere, so that two moves may look like one."""
    through = STEP_TABLE[before] & {StepState.RUNNABLE}
    return STEP_TABLE[StepState.RUNNABLE] if through else frozenset()


@pytest.fixture
def game(database: Database, own_profiles: Path, monkeypatch: pytest.MonkeyPatch) -> type[Game]:
    """The game on this database, with a clock that it turns itself."""
    (own_profiles / "any-order").mkdir()
    (own_profiles / "any-order" / "profile.yml").write_text(PROFILE, encoding="utf-8")
    (own_profiles / "any-order" / "a.yml").write_text("[]\n", encoding="utf-8")

    def now() -> datetime:
        _time[0] += timedelta(milliseconds=1)
        return _time[0]

    monkeypatch.setattr(clock, "now", now)

    class Here(Game):
        where = database

    return Here


def test_in_any_order_a_kit_stays_in_its_table_and_finds_its_end(game: type[Game]) -> None:
    run_state_machine_as_test(
        game,
        settings=settings(
            max_examples=12 if game.where.is_sqlite else 4,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_kit_whose_failed_step_was_passed_over_waits_or_is_ready(game: type[Game]) -> None:
    """From failed it goes wherever its other steps stand; chance found that it led nowhere."""
    played = game()
    played.carry_on()
    played.ended((Outcome.FAILED, "refused"))
    assert played.look().state is KitState.FAILED
    played.somebody_skips("again", REASON)
    assert (played.look().state, played.look().waits_for) == (KitState.WAITING, "person")
    for key in ("unbox", "impatient"):
        played.somebody_confirms(key)
    for end in ((Outcome.SUCCEEDED, ""), (Outcome.SUCCEEDED, "")):
        played.carry_on()
        played.ended(end)
    played.carry_on()
    played.somebody_skips(played.approval(), REASON)
    assert played.look().state is KitState.READY
    played.teardown()
