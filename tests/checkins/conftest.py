"""What tests of check-ins share: tokens, and machines at the doors."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.checkins import actions
from tests.checkins.machines import Machine
from tests.make import KITTO

IssueToken = Callable[..., str]
MakeMachine = Callable[..., Machine]


@pytest.fixture
def issue(ledger: Ledger) -> IssueToken:
    """Issue an enrolment token; gives its text."""

    def made(tag: str | None = None, max_uses: int = 1) -> str:
        with ledger.begin(KITTO) as work:
            return actions.issue_enrolment_token(work, tag=tag, max_uses=max_uses).text.reveal()

    return made


@pytest.fixture
def machine(client: TestClient) -> MakeMachine:
    """Put a machine before the doors."""

    def made(**given: object) -> Machine:
        return Machine(client, **given)  # type: ignore[arg-type]

    return made
