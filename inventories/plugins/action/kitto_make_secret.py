# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""Has Kitto make and keep a password of the device over the run's Unix socket: no event or file has it."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

# Ansible loads this file alone; how it asks the run's supervisor lies in a folder beside.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin_utils"))
from kitto_door import asked

DOCUMENTATION = """
name: kitto_make_secret
author: Kitto
short_description: have Kitto make and keep a password for the device
description:
  - Asks the process that supervises this play to make a password of 20 letters and digits, some of each kind.
  - The task succeeds when it is on disk in a box that only the service can open. Only then its C(value) comes
    back, so that no device has a password that Kitto has not.
  - Only names that the step declares under C(hands_in) are made.
options:
  name:
    description: name of the secret, with small letters, digits and C(_)
    required: true
notes:
  - Use it and what uses its value under C(no_log).
  - In check mode nothing is made or kept, and C(value) is no secret.
"""

EXAMPLES = """
- name: Kitto makes a password
  kitto_make_secret:
    name: local_password_tanaka
  register: accounts_password
  no_log: true
"""

RETURN = """
value:
  description: the password
  type: str
"""


class ActionModule(ActionBase):
    """`kitto_make_secret: {name: …}`."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("name",))

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        name = self._task.args.get("name")
        if not isinstance(name, str):
            raise AnsibleActionFail("kitto_make_secret needs a name.")
        if self._task.check_mode:
            return {
                **result,
                "changed": False,
                "msg": f"{name} would be made",
                "value": f"(not made: {name})",
            }
        made = asked(AnsibleActionFail, "kitto_make_secret", "taken", ask="make", name=name)
        return {**result, "changed": False, "msg": f"{name} was made and kept", "value": made}
