# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""The sending half of the callback kitto_report: a spool file, a thread that sends from it, a masker."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, quote_plus

from ansible.module_utils.urls import open_url

BATCH, BATCH_BYTES, EVERY, ALIVE = 500, 4 * 2**20, 1.0, 60.0
SHORTEST_SECRET = 4
TOO_MANY, BROKEN = 429, 500
ENV = os.environ  # noqa: TID251 -- runs inside Ansible, far from the settings
LANGUAGE = "ja" if ENV.get("LC_ALL", ENV.get("LANG", "")).startswith("ja") else "en"


class RefusedError(Exception):
    """The Kitto said no: its code and its sentence."""

    def __init__(self, code, sentence):
        super().__init__(f"{sentence} [{code}]")
        self.code = code


class AwayError(Exception):
    """The Kitto cannot be reached now."""


class Sender:
    """A spool file, and the thread that sends what is in it. Only acknowledged lines are passed over."""

    def __init__(self, options, opening):
        self.options, self.opening = options, opening
        self.told, self.stopped, self.refused = [], "", ""
        self.over = self.ended = self._opened = self._end_sent = False
        self._known, self._offset, self._seq, self._pause, self._heard = 0, 0, 0, EVERY, 0.0
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="kitto_report", daemon=True)
        folder = Path(options["spool_dir"]).expanduser()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f"{opening['id']}.jsonl"
        self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._write({"run": opening})

    def add_hosts(self, hosts):
        known = {host["name"] for host in self.opening["hosts"]}
        fresh = [host for host in hosts if host["name"] not in known]
        if fresh:
            self.opening["hosts"] += fresh
            self._write({"hosts": fresh})
        return bool(fresh)

    def add(self, event):
        self._seq += 1
        self._write({"seq": self._seq, "at": now(), **event})
        if self._seq % BATCH == 0:
            self._wake.set()

    def _write(self, line):
        # Names of files may hold bytes that are no text; "replace" keeps the line readable.
        text = json.dumps(line, default=str, ensure_ascii=False).encode("utf-8", "replace")
        with self._lock:
            self._file.write(text + b"\n")
            self._file.flush()

    def open(self, locks):
        self._ask("PUT", f"?locks={locks}", json.dumps(self.opening).encode("utf-8", "replace"))
        self._opened, self._known = True, len(self.opening["hosts"])

    def start(self):
        if not self._thread.is_alive() and not self.ended:
            self._thread.start()

    def end(self, end):
        self._write({"end": end})
        self.ended, self._end = True, end
        if self._thread.is_alive():
            self._wake.set()
            self._thread.join(self.options["flush"])
        with self._lock:
            self._file.close()
        if self._end_sent:
            self.path.unlink()

    def summary(self):
        if self._end_sent:
            return (
                f"Kitto: run {self.opening['id']} is reported with {self._seq} events: "
                f"{self.options['url'].rstrip('/')}/runs/{self.opening['id']}"
            )
        why = self.refused or "the Kitto could not be reached in time"
        return f"Kitto: not everything is reported ({why}). Later: kitto run import {self.path}"

    def _work(self):
        while not (self._end_sent or self.refused or self.over):
            self._wake.wait(self._pause)
            self._wake.clear()
            try:
                self._push()
                self._pause = EVERY
            except AwayError:
                self._pause = min(self._pause * 2, 1 if self.ended else 30)
            except RefusedError as no:
                self._no(no)

    def _no(self, no):
        if no.code == "kitting.fence_stale" and not self.options["strict"]:
            self.told.append(f"{no} Reported on without the lock.")
            self._try(lambda: self._ask("POST", "/without-lock", b""))
        elif no.code == "kitting.fence_stale":
            self.stopped = str(no)
        elif no.code == "runs.events_missing":
            self._offset = 0  # what the Kitto has it passes over
        elif no.code == "not_found":
            self._opened, self._offset = False, 0
        else:
            self.refused = str(no)

    def _try(self, ask):
        try:
            ask()
        except (RefusedError, AwayError) as trouble:
            self.told.append(str(trouble))

    def _push(self):
        if not self._opened or self._known < len(self.opening["hosts"]):
            self.open("try")
        while True:
            lines, offset = self._next()
            if not lines and time.monotonic() - self._heard < ALIVE:
                break
            self._ask("POST", "/events", gzip.compress(b"".join(lines), 3))
            self._offset = offset
            if not lines:
                break
        if self.ended:
            self._ask("POST", "/end", json.dumps(self._end).encode())
            self._end_sent = True

    def _next(self):
        """The next events that are not acknowledged, and where in the file they end."""
        lines, size = [], 0
        with self.path.open("rb") as file:
            file.seek(self._offset)
            offset = self._offset
            while len(lines) < BATCH and size < BATCH_BYTES:
                line = file.readline()
                if not line.endswith(b"\n"):
                    break
                offset += len(line)
                if line.startswith(b'{"seq"'):
                    lines.append(line)
                    size += len(line)
        return lines, offset

    def _ask(self, method, rest, body):
        url = f"{self.options['url'].rstrip('/')}/api/v1/runs/{self.opening['id']}{rest}"
        headers = {
            "Authorization": f"Bearer {self.options['token'].strip()}",
            "Accept": "application/json",
            "Accept-Language": LANGUAGE,
            "Content-Type": "application/x-ndjson" if rest == "/events" else "application/json",
        }
        try:
            with open_url(
                url,
                method=method,
                data=body,
                headers=headers,
                timeout=self.options["timeout"],
                ca_path=self.options["ca_path"],
            ) as answer:
                answer.read()
            self._heard = time.monotonic()
        except HTTPError as refused:
            if refused.code >= BROKEN or refused.code == TOO_MANY:
                raise AwayError(f"it is busy (HTTP {refused.code}).") from None
            raise _refused(refused) from None
        except (URLError, OSError, ValueError) as trouble:
            raise AwayError(f"{url} cannot be reached ({getattr(trouble, 'reason', trouble)}).") from None


def _refused(answer):
    try:
        problem = json.loads(answer.read())
        return RefusedError(problem["code"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        return RefusedError("http", f"HTTP {answer.code}")


def masker(names):
    """Hides the values of these environment variables as they are, in JSON, base64 and URLs."""
    forms = set()
    for value in {ENV.get(name, "").strip() for name in names}:
        if len(value) >= SHORTEST_SECRET:
            raw = value.encode("utf-8", "surrogateescape")
            plain = raw.decode("utf-8", "replace")
            packed = {
                base64.b64encode(raw).decode().rstrip("="),
                base64.urlsafe_b64encode(raw).decode().rstrip("="),
            }
            forms |= {plain, json.dumps(plain)[1:-1], quote(plain, safe=""), quote_plus(plain), *packed}
    if not forms:
        return str
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
    return lambda text: pattern.sub("***", str(text))


def now():
    """This moment, as it is written into the spool."""
    return datetime.now(timezone.utc).isoformat()  # noqa: TID251, UP017 -- Ansible's own clock and Python
