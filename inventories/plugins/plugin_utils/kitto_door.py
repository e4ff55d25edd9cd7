# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""What the plugins of a running play ask its supervisor, over the run's Unix socket: one question each."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

PATIENCE_SECONDS = 30


def asked(error, plugin, wanted, **question):
    """What the answer has under C(wanted). Raises C(error) with a sentence when it has nothing there.

    The socket is named by C(KITTO_DOOR), and the run's token stands in the file beside it.
    """
    door = os.environ.get("KITTO_DOOR")  # noqa: TID251 -- runs inside Ansible, far from the settings
    if not door:
        raise error(f"{plugin} works only in a play that Kitto runs: there is no KITTO_DOOR.")
    token = Path(door).with_suffix(".token").read_text("ascii")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(PATIENCE_SECONDS)
        line.connect(door)
        line.sendall(json.dumps({"token": token, **question}).encode() + b"\n")
        with line.makefile("rb") as answers:
            answer = json.loads(answers.readline() or b"{}")
    if wanted not in answer:
        raise error(answer.get("refused", f"{plugin}: nothing was answered about {question['name']}."))
    return answer[wanted]
