"""A canary goes through every way out of a play, and is seen nowhere."""

import base64
import html
import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Kind, Outcome
from kitto.kitting.adapters.supervisor.files import files_of
from kitto.kitting.adapters.supervisor.masker import HIDDEN, Masker
from kitto.kitting.adapters.supervisor.pen import LONGEST_TEXT, cut
from tests.counterparts.pcs import BenchPc
from tests.kitting.adapters import stage
from tests.kitting.adapters.stage import finish, order, recipe, told

CANARY = "Kanarie \"7'&<9/ä+x==\\n"
# What a careless recipe may do with a secret: print it, encode it, fail with it, hand it to a module's stdin.
CARELESS = """\
    - name: Print
      ansible.builtin.debug:
        msg: "{{ lookup('kitto_secret', 'canary') }}"
    - name: Encode
      ansible.builtin.debug:
        msg:
          base64: "{{ ('user:' ~ lookup('kitto_secret', 'canary')) | b64encode }}"
          url: "{{ lookup('kitto_secret', 'canary') | urlencode }}"
          json: "{{ {'a': lookup('kitto_secret', 'canary')} | to_json | to_json }}"
    - name: Hand over
      ansible.builtin.command:
        cmd: cat
        stdin: "{{ lookup('kitto_secret', 'canary') }}"
    - name: Write
      ansible.builtin.copy:
        content: "{{ lookup('kitto_secret', 'canary') }}"
        dest: /tmp/canary
        mode: "0600"
      diff: true
    - name: Misuse
      ansible.builtin.file:
        path: /tmp/nothing
        state: "{{ lookup('kitto_secret', 'canary') }}"
      ignore_errors: true
    - name: Crash
      ansible.builtin.command:
        cmd: python3 -c 'import sys; raise RuntimeError([sys.stdin.read()])'
        stdin: "{{ lookup('kitto_secret', 'canary') }}"
      ignore_errors: true
    - name: Repeat
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop:
        - "{{ lookup('kitto_secret', 'canary') }}"
        - "{{ {'deep': [{'er': lookup('kitto_secret', 'canary')}]} }}"
    - name: Hold
      ansible.builtin.wait_for:
        path: /tmp/gate
    - name: Ask for another one
      ansible.builtin.debug:
        msg: "{{ lookup('kitto_secret', 'not_ours') }}"
      ignore_errors: true
    - name: Fail
      ansible.builtin.command:
        cmd: sh -c 'tee /dev/stderr | base64 -w0; exit 3'
        stdin: "{{ lookup('kitto_secret', 'canary') }}"
"""


def forms(secret: str) -> list[str]:
    plain = json.dumps(secret)[1:-1]
    raw = secret.encode()
    return [
        secret,
        plain,
        json.dumps(plain)[1:-1],
        base64.b64encode(raw).decode().rstrip("="),
        # Inside a longer text, where it begins at another of the three places.
        base64.b64encode(b"user:" + raw).decode()[8:-4],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        raw.hex(),
    ]


def seen_in(text: str) -> list[str]:
    return [form for form in forms(CANARY) if form in text]


@pytest.mark.bench_pc
def test_a_secret_is_in_no_file_no_argument_no_environment_and_no_event(
    ansible: Ansible, pc: BenchPc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITTO_DATABASE_URL", "postgresql://only-the-service-knows")
    folder = recipe(tmp_path / "careless", CARELESS)
    spec = order(pc, folder, secret_names=("canary",), verbosity=3, diff=True)
    files = files_of(ansible.home, spec.run_id)
    leaks: list[str] = []
    done = threading.Event()

    def watch() -> None:
        key = stage.KEY.private.splitlines()[2]
        while not done.wait(0.05):
            for text in (stage.command_lines(), stage.environments_of(files.mark)):
                leaks.extend(seen_in(text) + ([key] if key in text else []))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        handle = ansible.start(spec, {"canary": CANARY}, stage.KEY.private)
        stage.wait_for_task(ansible, spec.run_id, "Hold")
        during = list(files.work.rglob("*")) + list(files.kept.rglob("*"))
        for path in during:
            assert path.lstat().st_mode & 0o077 == 0 or "project" in path.parts or path.is_symlink(), path
            if path.is_file():
                text = path.read_text(errors="replace")
                assert not seen_in(text), path
                assert stage.KEY.private.splitlines()[2] not in text, path
        assert files.door.is_socket()
        assert not list(files.work.glob("artifacts/*/command"))
        supervisors = Path(f"/proc/{handle.pid}/environ").read_text()
        plays = stage.environments_of(files.mark)
        assert "ANSIBLE_STDOUT_CALLBACK" in plays
        assert "only-the-service-knows" not in supervisors + plays
        pc.run("touch /tmp/gate")
        outcome = finish(ansible, spec.run_id)
    finally:
        done.set()
        watcher.join()
    assert leaks == []
    assert (outcome.outcome, outcome.cause) == (Outcome.FAILED, "task_failed")
    for path in files.kept.rglob("*"):
        assert not seen_in(path.read_text(errors="replace")), path
    readings = [event.text for event in told(ansible, spec.run_id) if event.kind is Kind.SECRET]
    assert "The play read the secret canary." in readings
    assert "The secret not_ours is not among those of this step." in readings
    assert HIDDEN in "".join(event.text for event in told(ansible, spec.run_id))
    assert pc.run("cat /tmp/canary").stdout == CANARY


CARRIERS: list[Callable[[str], str]] = [
    str,
    json.dumps,
    lambda secret: json.dumps({"inner": json.dumps([secret])}),
    lambda secret: base64.b64encode(f"user:{secret}\n".encode()).decode(),
    lambda secret: base64.b64encode(f"u{secret}xy".encode()).decode(),
    lambda secret: base64.urlsafe_b64encode(f"us{secret}".encode()).decode(),
    lambda secret: "https://host/?q=" + quote(secret) + "&r=" + quote_plus(secret),
    html.escape,
    shlex.quote,
    repr,
    lambda secret: secret.encode().hex(),
]


def test_a_secret_that_a_failure_quotes_is_not_in_the_reason_of_the_outcome(
    ansible: Ansible, pc: BenchPc, tmp_path: Path
) -> None:
    careless = """\
    - name: Fail
      ansible.builtin.fail:
        msg: "[refused] The code is {{ lookup('kitto_secret', 'canary') }}."
"""
    spec = order(pc, recipe(tmp_path / "recipe", careless), secret_names=("canary",))
    outcome = stage.play(ansible, spec, {"canary": CANARY})
    assert (outcome.cause, outcome.reason) == ("refused", f"The code is {HIDDEN}.")
    assert CANARY not in str(told(ansible, "run-1"))


@given(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=6, max_size=60),
    st.sampled_from(CARRIERS),
)
@settings(deadline=None)  # two cores, shared
def test_no_form_of_a_secret_passes_the_masker(secret: str, carrier: Callable[[str], str]) -> None:
    hidden = Masker([secret]).hide(carrier(secret))
    assert HIDDEN in hidden
    assert not [form for form in forms(secret) if form in hidden]


def test_a_key_is_hidden_line_by_line() -> None:
    masker = Masker([stage.KEY.private])
    line = stage.KEY.private.splitlines()[2]
    assert masker.hide(f"debug1: {line}") == f"debug1: {HIDDEN}"


def test_a_masker_without_secrets_still_takes_out_what_databases_refuse() -> None:
    assert Masker([]).hide("a\0b\udce9") == "ab?"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=3000))
@settings(deadline=None)  # two cores, shared
def test_a_text_is_cut_to_its_bytes_and_keeps_both_ends(text: str) -> None:
    kept = cut(text, 400)
    assert len(kept.encode()) <= 400
    if len(text.encode()) <= 400:
        assert kept == text


def test_a_long_text_keeps_its_end() -> None:
    kept = cut("a" * 100_000 + "the reason", LONGEST_TEXT)
    assert kept.endswith("the reason")
    assert "bytes left out" in kept


OUTSIDE = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.debug: { msg: "{{ lookup('kitto_secret', 'canary') }}" }
      ignore_errors: true
    - kitto_make_secret: { name: canary }
      ignore_errors: true
    - kitto_hand_in: { name: canary, value: "the bird" }
      ignore_errors: true
"""


def test_outside_a_run_of_kitto_each_plugin_says_that_there_is_no_door(tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(OUTSIDE, encoding="utf-8")
    plugins = stage.ROOT / "inventories" / "plugins"
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "play.yml"],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "ANSIBLE_ACTION_PLUGINS": str(plugins / "action"),
            "ANSIBLE_LOOKUP_PLUGINS": str(plugins / "lookup"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    for name in ("kitto_secret", "kitto_make_secret", "kitto_hand_in"):
        assert (
            f"{name} works only in a play that Kitto runs: there is no KITTO_DOOR."
            in done.stdout + done.stderr
        )
    assert (done.returncode, "ignored=3" in done.stdout) == (0, True)
