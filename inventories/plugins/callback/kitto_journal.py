# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""Tells the journal of a run what happens in the play: one JSON line per event, over a Unix socket."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: kitto_journal
author: Kitto
type: stdout
short_description: short JSON lines for the journal of a kitting step
description:
  - Sends one line for each play, task and result to the socket named in E(KITTO_DOOR).
  - Results in full are sent for failures only. What C(no_log) hides stays hidden.
"""

# The supervisor keeps at most 64 kB of a result. Four times as much is sent, so that it can hide secrets
# first and cut after that: a secret torn by our own cut lies where the supervisor cuts anyway.
LONGEST_TEXT = 256 * 1024
HEAD = 64 * 1024
QUIET_SECONDS = 60
LEFT_OUT = ("exception", "invocation", "ansible_facts", "diff", "deprecations", "warnings")


class CallbackModule(CallbackBase):
    """Sends; prints nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "kitto_journal"

    def __init__(self):
        super().__init__()
        self._waited_at = 0.0
        door = os.environ["KITTO_DOOR"]  # noqa: TID251 -- runs inside Ansible, far from the settings
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.connect(door)
        self._tell(token=Path(door).with_suffix(".token").read_text("ascii"), ask="journal")

    def _tell(self, **event):
        # Names of files may hold bytes that are no text; "replace" keeps the line readable.
        line = json.dumps(event, default=str, ensure_ascii=False)
        self._line.sendall(line.encode("utf-8", "replace") + b"\n")

    def v2_playbook_on_play_start(self, play):
        self._tell(kind="play", play=play.get_name())

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

    def v2_runner_item_on_skipped(self, result):
        self._result(result, "skipped", kind="item")

    def v2_runner_retry(self, result):
        tried = result.result.get("attempts", "?")
        self._tell(kind="output", task=result.task_name, text=f"not yet, tried {tried} times")

    def v2_runner_on_async_poll(self, result):
        # A long task asks every few seconds; once a minute is enough to show that the device still works.
        now = time.monotonic()
        if now - self._waited_at > QUIET_SECONDS:
            self._waited_at = now
            self._tell(kind="output", task=result.task_name, text="the device is still working")

    def v2_on_file_diff(self, result):
        if result.result.get("diff"):
            shown = self._get_diff(result.result["diff"])
            if shown:
                self._tell(kind="diff", task=result.task_name, text=_shortened(shown))

    def v2_playbook_on_stats(self, stats):
        names = ("ok", "changed", "failures", "skipped", "dark")
        self._tell(kind="stats", **{name: sum(getattr(stats, name).values()) for name in names})

    def _result(self, result, status, *, kind="result", ignored=False):
        found = result.result
        event = {"kind": kind, "task": result.task_name, "status": status}
        if kind == "item":
            event["item"] = _shortened(str(self._get_item_label(found)))
        if ignored:
            event["ignored"] = True
        event["text"] = _shortened(_said(found))
        if status in ("failed", "unreachable"):
            kept = {k: v for k, v in found.items() if k not in LEFT_OUT and not k.startswith("_ansible")}
            event["detail"] = _shorter(kept)
        self._tell(**event)


def _said(found):
    if "censored" in found:
        return "hidden (no_log)"
    parts = [str(found[key]) for key in ("msg", "stderr", "stdout") if found.get(key)]
    return "\n".join(parts)


def _shorter(value):
    if isinstance(value, dict):
        return {str(key): _shorter(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shorter(inner) for inner in value]
    if isinstance(value, str):
        return _shortened(value)
    return value


def _shortened(text):
    if len(text) <= LONGEST_TEXT:
        return str(text)
    return text[:HEAD] + "\n…\n" + text[HEAD - LONGEST_TEXT :]
