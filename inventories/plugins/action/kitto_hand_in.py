# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""Gives a secret of the device to Kitto over the run's Unix socket: it is in no event and no file."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

# Ansible loads this file alone; how it asks the run's supervisor lies in a folder beside.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin_utils"))
from kitto_door import asked

DOCUMENTATION = """
name: kitto_hand_in
author: Kitto
short_description: give a secret of the device to Kitto
description:
  - Tells the process that supervises this play a secret by its name, for example a recovery key.
  - The task succeeds when the secret is on disk, in a box that only the service can open.
  - Only names that the step declares under C(hands_in) are taken.
options:
  name:
    description: name of the secret, with small letters, digits and C(_)
    required: true
  value:
    description: the secret itself
    required: true
notes:
  - Use it under C(no_log), and hand a secret in before it is put to use.
  - In check mode nothing is handed in.
"""

EXAMPLES = """
- name: Kitto has the recovery key
  kitto_hand_in:
    name: bitlocker_recovery
    value: "{{ recovery.output[0].key }}"
  no_log: true
"""


class ActionModule(ActionBase):
    """`kitto_hand_in: {name: …, value: …}`."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("name", "value"))

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        name, value = self._task.args.get("name"), self._task.args.get("value")
        if not isinstance(name, str) or not isinstance(value, str):
            raise AnsibleActionFail("kitto_hand_in needs a name and a value, both of them text.")
        if self._task.check_mode:
            return {**result, "changed": False, "msg": f"{name} would be handed in"}
        asked(AnsibleActionFail, "kitto_hand_in", "taken", ask="hand_in", name=name, value=value)
        return {**result, "changed": False, "msg": f"{name} was handed in"}
