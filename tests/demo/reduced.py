"""What the demo does where the bench PC is a reduced one, and what it leaves out and says so.

A reduced PC runs commands on this very machine, so no play is ever let loose on it.
"""

from typing import Any

from tests.demo.job import Cast
from tests.demo.show import Stage

LEFT_OUT = ["the automatic steps of the kit", "the agent's check-in"]


def kit(stage: Stage, cast: Cast, tag: str) -> dict[str, Any]:
    """The part of people; then the kit is cancelled."""
    sato, pc = cast.sato, cast.pc
    sato.put(
        f"/assets/{tag}/endpoints/ssh",
        address=pc.address,
        port=pc.port,
        account=pc.user,
        host_key=pc.host_key,
    )
    number = sato.post("/kits", tag=tag, profile="linux-workstation")["id"]

    def waits() -> dict[str, Any] | None:
        found: dict[str, Any] = sato.get(f"/kits/{number}")
        return next((step for step in found["steps"] if step["state"] == "waiting"), None)

    step = stage.until("a step for a person", waits)
    sato.post(f"/kits/{number}/steps/{step['key']}/confirm", ticked=list(range(len(step["checks"]))))
    stage.tell(f"{step['title']}: sato ticks {len(step['checks'])} points")
    sato.post(f"/kits/{number}/cancel", reason="The plays need a bench PC with its own root.")
    found = stage.until("the end of the kit", lambda: _cancelled(cast, number))
    stage.note("Left out: the automatic steps. As root on Debian the bench has a real PC for them.")
    return {"steps": len(found["steps"]), "failed": 0, "seconds": 0}


def _cancelled(cast: Cast, number: int) -> dict[str, Any] | None:
    found: dict[str, Any] = cast.sato.get(f"/kits/{number}")
    return found if found["state"] == "cancelled" else None


def check_in(stage: Stage) -> dict[str, Any]:
    stage.note("Left out: the agent's check-in, because no play has installed it.")
    return {"sections": 0, "software": 0}


def ready_device(stage: Stage, cast: Cast) -> str:
    """A device of the seeded office that is ready, in the place of the one that was not kitted."""
    tag: str = cast.sato.get("/assets", state="ready")["items"][0]["tag"]
    stage.note(f"{tag} of the seeded office is handed over instead: it is ready")
    return tag
