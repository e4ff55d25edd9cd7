"""The shape of the code: short files and functions, plain names, nobody commits, actions ask first."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "service" / "kitto"
FOLDERS = ("service", "agents", "tests", "tools", "inventories")
LINES = 400
FUNCTION_LINES = 40
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "service", "data", "info"}

# Each list below only shrinks: an entry that is no longer needed makes its test fail.
LONG_FUNCTIONS = {
    "tests/web/sample.py:_pages": "the pages of a small app, each a line or two",
    "tests/bench/ledger_fill.py:fill": "one table after the other, as the rows depend on each other",
    "tests/kitting/adapters/test_secrets.py:"
    "test_a_secret_is_in_no_file_no_argument_no_environment_and_no_event": "one play, looked at everywhere",
    "tests/kitting/adapters/test_workstation.py:"
    "test_every_step_changes_what_it_says_and_a_second_time_nothing": "one recipe, first step to last",
}
NAMED_OTHERWISE = {"tests/demo/service.py": "it is the running service, and starts and ends it"}
MAY_COMMIT = {
    "service/kitto/base/work.py": "the ledger's own commit",
    "tests/bench/ledger_fill.py": "fills tables in bulk, past the ledger",
}
PART_OF_AN_ACTION = {
    "assets.allocate_tag": "receiving has asked; a tag is part of it",
    "assets.name": "receiving or editing has asked",
    "assets.index_text": "keeps the search text of a device that an action has changed",
    "checkins.compare": "compares what an action or a reaction has just changed",
    "checkins.spend": "the token that is spent is itself the right",
    "handover.write_down": "handing over or taking back has asked",
    "health.pause_probes_of": "a reaction to a device that left; its action has asked",
    "health.raise_problem": "noting a poll has asked",
    "health.end_problem": "noting a poll has asked",
    "health.end_all": "removing or pausing a probe has asked",
    "identity.refuse_more_than_own": "making a token or a rule of trust has asked",
    "identity.set_password": "the actions that set one have asked, each for another right",
    "identity.begin_sign_in": "signing in has proved who it is",
    "identity.spend": "signing in and confirming have asked",
    "identity.end_sign_ins": "the actions on accounts have asked",
    "identity.claim": "whoever signs in may do nothing yet; tries are counted before",
    "identity.was_last": "reads a count for signing in",
    "identity.give_back": "gives a try back after a good sign-in",
    "kitting.look": "publishing has asked",
    "kitting.ask_ansible": "publishing has asked",
    "kitting.reserve_name": "starting or ordering has asked",
    "kitting.give_name_back": "cancelling has asked",
    "kitting.reserve_seats": "ordering has asked",
    "kitting.reserve_titles": "ordering or lifting has asked",
    "kitting.give_seats_back": "cancelling, or what made the kit ready, has asked",
    "kitting.hand_name_on": "choosing the device has asked",
    "kitting.begin": "starting the kit has asked",
    "kitting.bind": "starting or ordering has asked",
    "kitting.close_order_when_done": "what ended the last kit has asked",
    "kitting.follow_ledger": "receiving, accepting or binding has asked",
    "kitting.give_back": "cancelling or sending back has asked",
    "kitting.make_kit": "starting or ordering has asked",
    "kitting.move_kit": "whatever moves the kit has asked",
    "kitting.move_step": "whatever moves the step has asked",
    "kitting.new_attempt": "the action that begins the try has asked",
    "kitting.try_again": "what made the device answer has asked",
    "kitting.newest_secret": "showing or using a secret has asked",
    "kitting.open_steps": "the job that looks at the kit has asked",
    "kitting.prove": "the step that gives the evidence has asked",
    "kitting.settle": "the action that moved a step has asked",
    "kitting.step_done": "the step's own action has asked",
    "kitting.step_waits": "the step's own action has asked",
    "kitting.step_failed": "the step's own action has asked",
    "kitting.end_cancelled": "cancelling has asked",
    "labels.want_label": "a reaction to a new tag; receiving has asked",
    "runs.close": "ending or importing a run has asked",
    "runs.write": "adding events or importing has asked",
    "licences.refuse_sims_inside": "a reaction to a device that leaves for good; its action has asked",
    "licences.reserve_seats": "ordering what will use them has asked",
    "licences.take_up": "choosing the device, or its licence step, has asked",
    "licences.give_reservations_back": "what ended their use has asked",
    "licences.give_seats_back": "cancelling what took them has asked",
    "licences.fit": "granting has asked",
    "licences.give": "granting has asked",
    "licences.take_back": "freeing has asked",
    "licences.tell_over": "granting or reserving has asked",
    "licences.free_seats_of": "a reaction to a device or a person that left; its action has asked",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def calls(path: Path, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node


def test_no_file_is_longer_than_400_lines() -> None:
    assert len(sources(*FOLDERS)) > 250
    long = {name(path): len(path.read_text("utf-8").splitlines()) for path in sources(*FOLDERS)}
    assert {path: lines for path, lines in long.items() if lines > LINES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{name(path)}:{function.name}"
        for path in sources(*FOLDERS)
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES
    }
    assert long == set(LONG_FUNCTIONS)


def test_no_module_has_a_name_that_says_nothing() -> None:
    wrong = {
        name(path)
        for path in sources(*FOLDERS)
        if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES
    }
    assert wrong == set(NAMED_OTHERWISE)


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name(path)
        for path in sources(*FOLDERS)
        if path.read_text("utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert silent == []


def test_nobody_commits() -> None:
    wrong = {name(path) for path in sources("service", "tests") if any(calls(path, "commit", "rollback"))}
    assert {path for path in wrong if path not in MAY_COMMIT} == set()


def test_a_flush_says_why() -> None:
    silent = []
    for path in sources("service"):
        lines = path.read_text("utf-8").splitlines()
        for call in calls(path, "flush"):
            held = ast.unparse(call.func)
            if held.endswith("session.flush") and "#" not in lines[call.lineno - 1]:
                silent.append(f"{name(path)}:{call.lineno}")
    assert silent == []


def actions_of(room: Path) -> dict[str, Function]:
    paths = [room / "actions.py", *(room / "actions").glob("*.py")]
    return {
        node.name: node
        for path in paths
        if path.exists()
        for node in tree(path).body
        if isinstance(node, Function)
    }


ROOMS = {room.name: actions_of(room) for room in sorted(SERVICE.iterdir()) if actions_of(room)}


def asks(room: str, function: Function, deep: int = 0) -> bool:
    """The first statement that touches the work asks, or is a call of something that asks first."""
    for statement in function.body:
        touched = [node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == "work"]
        if not touched:
            continue
        for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
            said = ast.unparse(call.func)
            if said in ("work.allow", "work.allow_everyone"):
                return True
            passes_on = any(isinstance(given, ast.Name) and given.id == "work" for given in call.args)
            called = _called(room, said)
            if passes_on and called is not None and deep < 4 and asks(*called, deep + 1):
                return True
        return False
    return False


def _called(room: str, said: str) -> tuple[str, Function] | None:
    own = ROOMS[room].get(said.rpartition(".")[2])
    if own is not None:
        return room, own
    other = said.partition(".")[0]
    found = ROOMS.get(other, {}).get(said.rpartition(".")[2])
    return (other, found) if found is not None else None


def test_every_action_asks_before_it_does_anything() -> None:
    public = {
        f"{room}.{function.name}": asks(room, function)
        for room, found in ROOMS.items()
        for function in found.values()
        if not function.name.startswith("_") and function.args.args and function.args.args[0].arg == "work"
    }
    assert len(public) > 100
    assert {action for action, asked in public.items() if not asked} == set(PART_OF_AN_ACTION)


def test_every_work_that_an_action_opens_itself_is_asked_in() -> None:
    for room, found in ROOMS.items():
        for function in found.values():
            for node in ast.walk(function):
                if isinstance(node, ast.With) and "ledger.begin" in ast.unparse(node.items[0].context_expr):
                    inner = ast.FunctionDef(name=function.name, body=node.body)
                    assert asks(room, inner), f"{room}.{function.name}"


def test_every_action_says_what_its_types_cannot() -> None:
    silent = [
        f"{room}.{function.name}"
        for room, found in ROOMS.items()
        for function in found.values()
        if not function.name.startswith("_")
        and function.args.args
        and function.args.args[0].arg == "work"
        and not ast.get_docstring(function)
    ]
    assert silent == []


@pytest.mark.timeout(120)
def test_imports_point_down() -> None:
    told = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert told.returncode == 0, told.stdout
