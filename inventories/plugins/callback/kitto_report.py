# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""Reports a play that was started anywhere to a Kitto: spooled first, sent in batches from a thread."""

from __future__ import annotations

import atexit
import getpass
import os
import secrets
import socket
import sys
import time
from pathlib import Path

from ansible import context
from ansible.plugins.callback import CallbackBase

# Ansible loads this file alone; what it sends with lies in a folder beside.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin_utils"))
from kitto_sender import AwayError, RefusedError, Sender, masker, now

DOCUMENTATION = """
name: kitto_report
author: Kitto
type: notification
short_description: reports a play to a Kitto
description:
  - Every event is written to a spool file first and sent from there, each second or each 500 events. When the
    Kitto cannot be reached the play goes on, and C(kitto run import) brings the spool in later. Sending
    twice is harmless.
  - Each host that is a device of the ledger is locked for the time of the play.
  - Results in full are sent for failures only. What C(no_log) hides stays hidden.
options:
  url: {description: Address of the Kitto., env: [{name: KITTO_URL}], required: true}
  token: {description: A token with the right C(kit)., env: [{name: KITTO_TOKEN}], required: true}
  ca_path: {description: File of the authority behind its certificate., env: [{name: KITTO_CA}], type: path}
  spool_dir:
    {description: Folder of spools., env: [{name: KITTO_SPOOL}], type: path, default: ~/.cache/kitto/spool}
  strict:
    description: End the play when the run cannot be opened, or when a lock is refused or lost.
    env: [{name: KITTO_STRICT}]
    type: bool
    default: false
  mask_env:
    description: Names of environment variables whose values are hidden wherever they appear.
    env: [{name: KITTO_MASK}]
    type: list
    elements: str
    default: []
  timeout: {description: Seconds to wait for an answer., env: [{name: KITTO_TIMEOUT}], type: int, default: 10}
  flush: {description: Seconds to wait at the end., env: [{name: KITTO_FLUSH}], type: int, default: 30}
"""

LONGEST_TEXT = 16 * 1024
LEFT_OUT = ("exception", "invocation", "ansible_facts", "diff", "deprecations", "warnings", "results")
ALWAYS_HIDDEN = (
    "KITTO_TOKEN",
    "KITTO_ID_TOKEN",
    "CI_JOB_TOKEN",
    "GITHUB_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
OUTCOMES = (("unreachable", "unreachable"), ("failures", "failed"), ("changed", "changed"))
# The names by which CI systems say where they are: system, project, ref, commit, job, by, link.
SYSTEMS = (
    ("GITHUB_ACTIONS", "GitHub", "GITHUB_REPOSITORY GITHUB_REF GITHUB_SHA GITHUB_WORKFLOW GITHUB_ACTOR"),
    (
        "GITLAB_CI",
        "GitLab",
        "CI_PROJECT_PATH CI_COMMIT_REF_NAME CI_COMMIT_SHA CI_JOB_NAME GITLAB_USER_LOGIN CI_JOB_URL",
    ),
    ("JENKINS_URL", "Jenkins", "JOB_NAME GIT_BRANCH GIT_COMMIT BUILD_TAG BUILD_USER BUILD_URL"),
)
ENV = os.environ  # noqa: TID251 -- runs inside Ansible, far from the settings


class CallbackModule(CallbackBase):
    """Writes each event down; a Sender sends what is written."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "kitto_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._sender = None
        self._play = "ansible"
        self._pid = os.getpid()

    def v2_playbook_on_start(self, playbook):
        self._play = Path(str(getattr(playbook, "_file_name", "ansible"))).name

    def v2_playbook_on_play_start(self, play):
        manager = play.get_variable_manager()
        names = manager.get_vars(play=play).get("ansible_play_hosts_all", [])
        inventory = manager._inventory  # noqa: SLF001 -- the only way from a play to its hosts
        hosts = [{"name": n, "tag": str(inventory.get_host(n).vars.get("kitto_tag", ""))} for n in names]
        if self._sender is None:
            self._begin(hosts)
        elif not self._sender.add_hosts(hosts):
            self._tell(kind="play", task=play.get_name())
            return
        self._open()
        self._tell(kind="play", task=play.get_name())

    def _begin(self, hosts):
        self._hide = masker([*ALWAYS_HIDDEN, *self.get_option("mask_env")])
        opening = {
            "id": _ulid(),
            "started_at": now(),
            "play": self._hide(self._play)[:255],
            "hosts": hosts,
            "check": bool(context.CLIARGS.get("check")),
            "source": {name: self._hide(value)[:255] for name, value in _source().items()},
        }
        self._sender = Sender(
            {
                name: self.get_option(name)
                for name in ("url", "token", "ca_path", "timeout", "spool_dir", "strict", "flush")
            },
            opening,
        )
        atexit.register(self._cut_off)

    def _open(self):
        try:
            self._sender.open("need" if self.get_option("strict") else "try")
        except (RefusedError, AwayError) as trouble:
            self._trouble(f"Kitto: {trouble}")
        self._sender.start()

    def _trouble(self, sentence):
        if self.get_option("strict"):
            self._sender.over = True
            self._display.error(sentence)
            raise SystemExit(1)
        self._display.warning(f"{sentence} The play goes on; its report is kept in {self._sender.path}.")

    def v2_playbook_on_task_start(self, task, is_conditional):  # noqa: ARG002 -- Ansible's own signature
        self._tell(kind="task", task=task.get_name())

    def v2_playbook_on_handler_task_start(self, task):
        self._tell(kind="task", task=task.get_name())

    def v2_runner_on_ok(self, result):
        self._result(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result(result, "failed", ignored=bool(ignore_errors))

    def v2_runner_on_skipped(self, result):
        self._result(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self._result(result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        self._result(result, "changed" if result.is_changed() else "ok", kind="item")

    def v2_runner_item_on_failed(self, result):
        self._result(result, "failed", kind="item")

    def v2_runner_retry(self, result):
        text = f"not yet, tried {result.result.get('attempts', '?')} times"
        self._tell(kind="output", host=result.host.get_name(), task=result.task_name, text=text)

    def v2_on_file_diff(self, result):
        shown = self._get_diff(result.result["diff"]) if result.result.get("diff") else ""
        if shown:
            self._tell(kind="diff", host=result.host.get_name(), task=result.task_name, text=_cut(shown))

    def v2_playbook_on_stats(self, stats):
        hosts = {name: _outcome(stats.summarize(name)) for name in stats.processed}
        self._finish({"at": now(), "hosts": hosts})

    def _result(self, result, status, *, kind="result", ignored=False):
        found = result.result
        said = "hidden (no_log)" if "censored" in found else _said(found)
        event = {"kind": kind, "host": result.host.get_name(), "task": result.task_name, "status": status}
        if kind == "item":
            said = f"{self._get_item_label(found)} {said}".rstrip()
        if ignored:
            event["ignored"] = True
        if status in ("failed", "unreachable"):
            kept = {k: v for k, v in found.items() if k not in LEFT_OUT and not k.startswith("_ansible")}
            event["detail"] = kept
        self._tell(text=said, **event)

    def _tell(self, **event):
        if self._sender is None:
            return
        if self._sender.stopped:
            self._sender.over = True
            self._display.error(f"Kitto: {self._sender.stopped}")
            raise SystemExit(1)
        # Secrets are hidden before anything is cut: a torn one would not be recognised.
        self._sender.add({name: _shorter(_each(value, self._hide)) for name, value in event.items()})

    def _finish(self, end):
        if self._sender is None or self._sender.ended or os.getpid() != self._pid:
            return
        self._sender.end(end)
        for sentence in self._sender.told:
            self._display.warning(f"Kitto: {sentence}")
        self._display.display(self._sender.summary())

    def _cut_off(self):
        self._finish({"at": now(), "cut_off": True})


def _each(value, hide):
    if isinstance(value, dict):
        return {hide(key): _each(inner, hide) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each(inner, hide) for inner in value]
    return hide(value) if isinstance(value, str) else value


def _shorter(value):
    if isinstance(value, dict):
        return {key: _shorter(inner) for key, inner in list(value.items())[:200]}
    if isinstance(value, list):
        return [_shorter(inner) for inner in value[:200]]
    return _cut(value) if isinstance(value, str) else value


def _cut(text):
    half = LONGEST_TEXT // 2
    return text if len(text) <= LONGEST_TEXT else text[: half - 3] + "\n…\n" + text[-half:]


def _said(found):
    return "\n".join(str(found[key]) for key in ("msg", "stderr", "stdout") if found.get(key))


def _outcome(summary):
    return next((outcome for name, outcome in OUTCOMES if summary.get(name)), "ok")


def _source():
    for mark, system, names in SYSTEMS:
        if ENV.get(mark):
            said = [ENV.get(name, "") for name in names.split()]
            keys = ("project", "ref", "commit", "job", "by", "link")
            found = dict(zip(keys, said), system=system)  # noqa: B905 -- GitHub gives its link in parts
            if system == "GitHub":
                found["link"] = "/".join(
                    [
                        ENV.get("GITHUB_SERVER_URL", ""),
                        found["project"],
                        "actions/runs",
                        ENV.get("GITHUB_RUN_ID", ""),
                    ]
                )
            return found | {"commit": found["commit"][:64]}
    return {"system": "", "project": socket.gethostname(), "by": getpass.getuser()}


def _ulid():
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
