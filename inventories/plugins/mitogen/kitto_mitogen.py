# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""`kitto_near` over Mitogen: a Python stays on the device for the play, and tasks run in one process here.

It stands in a folder of its own, so that it is loaded only where Mitogen is wanted. What Mitogen does for
many hosts is turned off, as a play has one device and many plays run side by side. And what it makes anew in
each process is made once by `kitto_warm`: the travelling form of itself and of Ansible's modules.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import ansible_mitogen.affinity
import mitogen.core
import mitogen.master
import mitogen.parent
from ansible import module_utils
from ansible.plugins.loader import strategy_loader
from ansible_mitogen import module_finder, process
from ansible_mitogen.services import ContextService
from ansible_mitogen.strategy import StrategyMixin

DOCUMENTATION = """
name: kitto_mitogen
short_description: Mitogen, for a single host, without a process for each task
description:
  - As C(mitogen_linear), on any processor, and by the system's own Python.
author: the Kitto authors
options: {}
"""

SETTINGS = {
    # It signs in anew for each Python it looks for in vain, and would look for the system's own last.
    "ansible_interpreter_python_fallback": ["/usr/bin/python3", "python3"],
    # What it sends is compressed.
    "mitogen_ssh_compression": False,
}
BECOMES_ROOT_BY = ("mitogen.sudo", "mitogen.su")
# It would nail each process to one processor, and so all plays to the same two.
ansible_mitogen.affinity.policy = ansible_mitogen.affinity.Policy()
_may_send = process._setup_responder


class _Ready(mitogen.master.ModuleResponder):
    """Answers nobody; what it has read, compressed and looked through is a beginning for those who do."""

    def __init__(self):
        super().__init__(SimpleNamespace(add_handler=lambda **_: None), mitogen.core.ImportPolicy())
        _may_send(self)

    def make(self, names):
        """All of `names`, the packages they stand in, and whatever they import."""
        wanted = list(names)
        while wanted:
            name = wanted.pop()
            parent = name.rpartition(".")[0]
            if name not in self._cache:
                wanted += [*self._build_tuple(name)[4], *([parent] if parent else [])]

    def give(self, responder):
        _may_send(responder)
        responder._cache.update(self._cache)
        responder._finder._found_cache.update(self._finder._found_cache)
        responder._finder._related_cache.update(self._finder._related_cache)


@cache
def _compiled(source, mode):
    return compile(source, "a module", mode, dont_inherit=True)


_ready = _Ready()
process._setup_responder = _ready.give
# Mitogen compiles all that a module may import in each process, only to see what that is.
module_finder.compile = lambda source, _name, mode: _compiled(source, mode)


class StrategyModule(StrategyMixin, strategy_loader.get("kitto_near", class_only=True)):
    @staticmethod
    def prepare(modules):
        """Make what the modules of these paths need to travel; forks of this process have it then."""
        mitogen.parent.get_core_source_partial()
        places = (str(Path(module_utils.__file__).parent),)
        needed = {name for path in modules for name, *_ in module_finder.scan("any", path, places)}
        _ready.make([*ContextService.ALWAYS_PRELOAD, *BECOMES_ROOT_BY, *needed])

    def _queue_task(self, host, task, task_vars, play_context):
        super()._queue_task(host, task, {**SETTINGS, **task_vars}, play_context)
