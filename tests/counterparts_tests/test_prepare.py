"""What is installed where, decided without touching the machine."""

import subprocess
import sys
from pathlib import Path

from tests.prepare import NEEDS, Plan, System, make_plan, missing

PREPARE = Path(__file__).parents[1] / "prepare.py"


def _packages(plan: Plan) -> set[str]:
    return {need.package for need in plan.install}


def test_root_on_debian_installs_all_that_is_missing() -> None:
    plan = make_plan(NEEDS, System(is_root=True, family="debian"))

    assert plan == Plan(NEEDS, (), plan.why_leave)


def test_ubuntu_goes_without_chromium() -> None:
    plan = make_plan(NEEDS, System(is_root=True, family="ubuntu"))

    assert [need.package for need in plan.leave] == ["chromium"]
    assert "postgresql" in _packages(plan)


def test_without_root_nothing_is_installed_and_everything_useful_is_named() -> None:
    plan = make_plan(NEEDS, System(is_root=False, family="debian"))

    assert not plan.install
    assert {"postgresql", "chromium"} <= {need.package for need in plan.leave}
    assert "mmdebstrap" not in {need.package for need in plan.leave}
    assert plan.why_leave == "only root may install packages"


def test_another_system_is_named() -> None:
    assert "darwin" in make_plan(NEEDS, System(is_root=True, family="darwin")).why_leave


def test_nothing_missing_means_nothing_to_do() -> None:
    assert make_plan((), System(is_root=True, family="debian")).install == ()


def test_a_test_can_say_why_it_is_skipped() -> None:
    for need in NEEDS:
        assert missing(need.package) == "" or need.package in missing(need.package)


def test_it_runs_with_the_standard_library_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", PREPARE, "--check"], capture_output=True, text=True, check=False
    )

    assert done.returncode in (0, 1)
    assert len(done.stdout.splitlines()) == 1, done.stderr
