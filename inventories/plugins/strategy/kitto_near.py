# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""A play on one device without a process for each task.

Ansible forks a worker for each task and host, so that hosts go side by side. A play of Kitto has one host and
waits for each task anyway. Here the task runs where its worker would be forked: what it loads and compiles
stays loaded for the next one, and nobody waits for a queue. Everything else is Ansible's own `linear`.
"""

from __future__ import annotations

import contextlib
import os
import pickle

from ansible._internal import _task
from ansible.errors import AnsibleError
from ansible.executor.task_executor import TaskExecutor
from ansible.executor.task_result import _RawTaskResult
from ansible.plugins import loader
from ansible.plugins.strategy.linear import StrategyModule as Linear

DOCUMENTATION = """
name: kitto_near
short_description: Ansible's linear, for a single host, without a process for each task
description:
  - Runs each task in Ansible's own process where the play has one host.
  - Where it has more, does as C(linear) does.
author: the Kitto authors
options: {}
"""


class StrategyModule(Linear):
    def run(self, iterator, play_context):
        # A task finds nobody at its standard input, as in a worker.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return super().run(iterator, play_context)

    def _queue_task(self, host, task, task_vars, play_context):
        if len(self._hosts_cache_all) != 1:
            super()._queue_task(host, task, task_vars, play_context)
            return
        self._queued_task_cache[(host.name, task._uuid)] = {
            "host": host,
            "task": task,
            "task_vars": task_vars,
            "play_context": play_context,
        }
        self._tqm.send_callback("v2_runner_on_start", host, task)
        # A worker changes what it was given; the fork made that a copy.
        own = task.copy(exclude_parent=True, exclude_tasks=True)
        own._parent = task._parent
        with _task.TaskContext(own), _not_the_end():
            said = TaskExecutor(
                host,
                own,
                {**task_vars},
                play_context.copy(),
                self._loader,
                loader.get_plugin_loader_namespace(),
                _Here(self),
                self._variable_manager,
            ).run()
        result = _RawTaskResult(host=host, task=own, return_data=said, task_fields=own.dump_attrs())
        with self._results_lock:
            self._results.append(self._as_received(result))
        self._pending_results += 1

    def _as_received(self, result):
        """As it would come out of a worker's queue: nothing in it belongs to somebody else."""
        wire = pickle.loads(pickle.dumps(result.as_wire_task_result()))  # noqa: S301 -- made in this line
        return self._convert_wire_task_result_to_raw(wire)


@contextlib.contextmanager
def _not_the_end():
    """A plugin that ends its process ended a worker; it must not end the play as if all were done."""
    try:
        yield
    except SystemExit as ended:
        raise AnsibleError(f"A task wanted to end Ansible itself, with code {ended.code!r}.") from ended


class _Here:
    """What a task says while it runs is heard at once, not through a queue."""

    def __init__(self, strategy):
        self._strategy = strategy

    def send_callback(self, method_name, task_result):
        self._strategy._tqm.send_callback(method_name, self._strategy._as_received(task_result))
