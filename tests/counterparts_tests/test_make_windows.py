"""`make test-windows`: what it says when there is no Windows, and how far it goes against the bench's."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.counterparts.windows.pc import windows_pc
from tests.prepare import missing_collections

ROOT = Path(__file__).resolve().parents[2]


def make(password: str = "", **told: object) -> subprocess.CompletedProcess[str]:
    words = [f"{name}={value}" for name, value in told.items()]
    env = os.environ | {"KITTO_TEST_WINDOWS_PASSWORD": password}  # noqa: TID251 -- as a shell would
    return subprocess.run(
        ["make", "--no-print-directory", "-o", str(ROOT / ".venv/ready"), "test-windows", *words],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=550,
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of no machine that is on."""
    with windows_pc() as pc:
        path = tmp_path_factory.mktemp("windows") / "pc.pem"
        path.write_text(pc.certificate)
    return path


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "Say which Windows: make test-windows HOST="),
        ({"HOST": "127.0.3.250"}, "openssl s_client -connect 127.0.3.250:5986"),
        ({"HOST": "127.0.3.250", "CERTIFICATE": "Makefile"}, "is not a file with a certificate"),
        ({"HOST": "127.0.3.250", "PORT": "winrm"}, "PORT=winrm is no number"),
    ],
)
def test_it_says_what_is_missing_and_what_to_do(told: dict[str, str], said: str) -> None:
    ended = make(**told)
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nothing_happens_without_a_password_or_without_an_answer(certificate: Path) -> None:
    if lacking := missing_collections():
        pytest.skip(lacking)
    told = {"HOST": "127.0.3.250", "CERTIFICATE": certificate}
    assert "set KITTO_TEST_WINDOWS_PASSWORD" in make(**told).stderr
    silent = make("secret-Password-1", **told)
    assert "Nothing answers WinRM at 127.0.3.250 port 5986." in silent.stderr
    assert "winrm enumerate winrm/config/listener" in silent.stderr
    assert "Traceback" not in silent.stderr


@pytest.mark.timeout(600)
def test_it_goes_all_the_way_against_the_bench_and_changes_nothing() -> None:
    if lacking := missing_collections():
        pytest.skip(lacking)
    with windows_pc() as pc:
        wrong = make("not-this-one", HOST=pc.address, USER=pc.user, CERTIFICATE=pc.ca_file)
        assert f"does not take the password of {pc.user}" in wrong.stderr
        ended = make(pc.password, HOST=pc.address, USER=pc.user, CERTIFICATE=pc.ca_file)
        assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-1000:]
        assert f"serial {pc.windows.serial}" in ended.stdout
        assert "7 passed, 1 skipped" in ended.stdout, ended.stdout
        assert pc.password not in ended.stdout + ended.stderr
        assert pc.windows.done == []
