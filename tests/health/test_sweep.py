"""The sweep through the durable engine: a tick, shards, answers; late ticks and pile-ups."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kitto.base import clock
from kitto.base.work import Ledger
from kitto.health import actions, queries
from kitto.health.jobs import WATCH, sweep
from kitto.health.rules.probes import ProbeKind
from kitto.health.rules.states import HealthState
from kitto.main import House
from tests.counterparts.snmp import snmp_device
from tests.health.test_watch import make_probe
from tests.make import KITTO, make_pc


@dataclass
class Tick:
    """What the engine hands to a scheduled job."""

    ledger: Ledger
    id: str = "tick"

    def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)


def states(ledger: Ledger) -> dict[HealthState, int]:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return queries.counts(work)


def due(ledger: Ledger) -> int:
    with ledger.read(WATCH) as work:
        work.allow("watch")
        return sum(queries.due_count(work).values())


def test_a_tick_polls_what_is_due(house: House) -> None:
    ledger = house.ledger
    with snmp_device("ups", everywhere=True) as device:
        for number in range(5):
            make_probe(ledger, make_pc(ledger), f"127.3.0.{number + 1}", port=device.port)
        house.start_work()
        sweep.function(Tick(ledger), clock.now())
        until = time.monotonic() + 60
        while states(ledger) != {HealthState.OK: 5}:
            assert time.monotonic() < until, states(ledger)
            time.sleep(0.1)
    assert due(ledger) == 0


def test_a_late_tick_is_dropped(ledger: Ledger) -> None:
    make_probe(ledger, make_pc(ledger))
    sweep.function(Tick(ledger), clock.now() - timedelta(minutes=2))
    with ledger.begin(WATCH) as work:
        assert len(actions.claim_due(work, ProbeKind.SNMP, 9)) == 1


def test_what_is_being_asked_is_not_due_again(ledger: Ledger) -> None:
    make_probe(ledger, make_pc(ledger))
    assert due(ledger) == 1
    with ledger.begin(WATCH) as work:
        actions.claim_due(work, ProbeKind.SNMP, 9)
    assert due(ledger) == 0
