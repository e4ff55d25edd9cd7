# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""`kitto_near` over Mitogen: a Python stays on the device for the play, and tasks run in one process here.

It stands in a folder of its own, so that it is loaded only where Mitogen is wanted. What Mitogen does for
many hosts is turned off, as a play has one device and many plays run side by side.
"""

from __future__ import annotations

import ansible_mitogen.affinity
from ansible.plugins.loader import strategy_loader
from ansible_mitogen.strategy import StrategyMixin

DOCUMENTATION = """
name: kitto_mitogen
short_description: Mitogen, for a single host, without a process for each task
description:
  - As C(mitogen_linear), on any processor, and by the system's own Python.
author: the Kitto authors
options: {}
"""

# Mitogen signs in anew for each Python it looks for in vain, and would look for the system's own last.
PYTHONS = ("/usr/bin/python3", "python3")
# It would nail each process to one processor, and so all plays to the same two.
ansible_mitogen.affinity.policy = ansible_mitogen.affinity.Policy()


class StrategyModule(StrategyMixin, strategy_loader.get("kitto_near", class_only=True)):
    def _queue_task(self, host, task, task_vars, play_context):
        task_vars = {"ansible_interpreter_python_fallback": list(PYTHONS), **task_vars}
        super()._queue_task(host, task, task_vars, play_context)
