# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""Reads a secret of the running play over its Unix socket: it is never in a file or a command line."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

# Ansible loads this file alone; how it asks the run's supervisor lies in a folder beside.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin_utils"))
from kitto_door import asked

DOCUMENTATION = """
name: kitto_secret
author: Kitto
short_description: read a secret of the running kitting step
description:
  - Asks the process that supervises this play for a secret by its name.
  - Only names that the step declares are answered. Each reading is noted, without the value.
options:
  _terms:
    description: names of the secrets
    required: true
notes:
  - Use it under C(no_log), and never inside C(environment), which shows in the process list of the device.
"""

EXAMPLES = """
- name: The agent is enrolled
  ansible.builtin.command:
    cmd: python3 /usr/local/lib/kitto/agent.pyz enrol --server "{{ kitto_server }}" --token-stdin
    stdin: "{{ lookup('kitto_secret', 'enrolment_token') }}"
  no_log: true
"""

RETURN = """
_raw:
  description: the secrets, in the order of the names
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    """`lookup('kitto_secret', name, …)`."""

    def run(self, terms, variables=None, **_options):  # noqa: ARG002 -- Ansible's own signature
        names = [str(term) for term in terms]
        return [asked(AnsibleLookupError, "kitto_secret", "value", ask="secret", name=name) for name in names]
