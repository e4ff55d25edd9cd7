# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""Asks and configures network gear over its command line, through netmiko, in one session per task."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from pathlib import Path

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from netmiko import ConnectHandler
from netmiko.exceptions import (
    ConfigInvalidException,
    NetmikoAuthenticationException,
    NetmikoBaseException,
)
from paramiko.ssh_exception import BadHostKeyException, SSHException

DOCUMENTATION = """
name: kitto_gear
author: Kitto
short_description: ask or configure a switch or router over its command line
description:
  - Signs in with the host key that the ledger has and no other. Secrets are named, never given; the plugin
    asks the run's socket for them, so that they stand in no argument.
  - C(wants) compares with the configuration that the gear shows, sends what is missing, removes what stands
    in its place, reads the configuration again, and fails if the gear does not show what it took.
options:
  platform: {description: netmiko's name of the command line, required: true}
  password: {description: name of the secret to sign in with; without it the run's key is used}
  enable: {description: name of the secret for privileged mode}
  show: {description: commands whose output comes back as C(said), type: list}
  config: {description: command that shows the running configuration, default: show running-config}
  startup: {description: command that shows what is loaded at the next start}
  wants:
    description:
      - "C(lines): what has to be there. C(instead_of): a pattern of lines in whose place they stand; such
        lines are taken away with C(no). Without lines nothing is taken away."
      - "C(secrets): names of secrets; C(<name>) in a line is replaced by its value when it is sent."
      - "C(unless): C({show, matches}) for what the configuration does not show, all patterns to be found;
        C(anew) sends it anyway."
    type: list
  save: {description: whether the running configuration shall be that of the next start, type: bool}
  backup: {description: whether to return the configuration in C(pieces), without what C(hide) matches}
  hide: {description: pattern with one group; what follows the group in a line is hidden}
"""

PIECE = 8 * 1024
SECONDS = 30
QUIET_LINES = 8
# Cisco and its kin say `% …`, Yamaha and others `Error:` or that in Japanese. `%SYS-5-CONFIG_I: …` is news.
REFUSED = r"^[ \t]*(?:%(?![A-Z0-9_]+-\d-)[^\r\n]*\w[^\r\n]*|(?:Error|エラー)[ ]*[:\uff1a][^\r\n]*)"
NOT_CONFIG = re.compile(r"!|Building config|Current configuration|Using \d+|Last configuration change|end$")
CHANGED_KEY = "REMOTE HOST IDENTIFICATION HAS CHANGED: the host key is not the one in the ledger"


class ActionModule(ActionBase):
    """`kitto_gear:`; see DOCUMENTATION."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        args = self._task.args
        with self._session(args, task_vars or {}) as session:
            if args.get("enable"):
                _raised(session, self._secret(args["enable"]))
            result["said"] = {command: _asked(session, command) for command in args.get("show", ())}
            if args.get("wants"):
                result.update(self._wanted(session, args))
            if args.get("save"):
                saved = _saved(session, args, dry=self._task.check_mode)
                result["changed"] = result.get("changed", False) or saved
            if args.get("backup"):
                result.update(_backup(_asked(session, _config_command(args)), args.get("hide")))
        return result

    def _secret(self, name):
        return lookup_loader.get("kitto_secret").run([name])[0]

    @contextmanager
    def _session(self, args, known):
        address, port = str(known.get("ansible_host")), int(known.get("ansible_port", 22))
        password = self._secret(args["password"]) if args.get("password") else ""
        try:
            session = ConnectHandler(
                device_type=args["platform"],
                host=address,
                port=port,
                username=str(known.get("ansible_user")),
                password=password,
                use_keys=False,
                allow_agent=not password,
                ssh_strict=True,
                system_host_keys=False,
                alt_host_keys=True,
                alt_key_file=str(Path(os.environ["KITTO_DOOR"]).with_name("known_hosts")),  # noqa: TID251
                conn_timeout=SECONDS,
                auth_timeout=SECONDS,
                banner_timeout=SECONDS,
            )
        except NetmikoAuthenticationException as denied:
            raise AnsibleConnectionFailure("Permission denied") from denied
        except (NetmikoBaseException, SSHException, OSError, EOFError, ValueError) as broken:
            raise AnsibleConnectionFailure(_why(broken, address)) from broken
        try:
            with session:
                yield session
        except (NetmikoBaseException, SSHException, OSError, EOFError) as broken:
            raise AnsibleConnectionFailure(f"The line to {address} broke: {_first_line(broken)}") from broken

    def _wanted(self, session, args):
        before = _config(session, args)
        commands = _plan(session, before, args["wants"])
        told = {"changed": bool(commands), "commands": [command for command, _ in commands]}
        if commands:
            told["diff"] = {"prepared": "".join(f"{_signed(command)}\n" for command, _ in commands)}
        if not commands or self._task.check_mode:
            return told
        _sent(session, [self._filled(command, secrets) for command, secrets in commands])
        left = _plan(session, _config(session, args), [{**want, "anew": False} for want in args["wants"]])
        if left:
            raise AnsibleActionFail(
                "[not_taken] The device took these lines and does not show them:"
                f" {'; '.join(command for command, _ in left)}. Look at it by hand."
            )
        return told

    def _filled(self, command, secrets):
        hidden = command
        for name in secrets:
            hidden = hidden.replace(f"<{name}>", self._secret(name))
        return command, hidden


def _raised(session, secret):
    session.secret = secret
    try:
        session.enable()
    except (NetmikoBaseException, ValueError):
        # Not "from" it, here and below: Ansible would quote netmiko behind our sentence.
        raise AnsibleActionFail(
            "[enable_refused] The device lets Kitto in, but not into privileged mode. Correct that password."
        ) from None


def _asked(session, command):
    """What a command says. An error of the device is one of ours: netmiko would hand it over as an answer."""
    said = session.send_command(command, read_timeout=SECONDS, strip_command=True)
    if len(said.splitlines()) <= QUIET_LINES:
        _look_for_refusal(said, command)
    return said


def _sent(session, commands):
    try:
        session.config_mode()
    except ValueError:
        raise AnsibleActionFail(
            "[command_refused] The device has no configuration mode for this account."
        ) from None
    for shown, command in commands:
        try:
            session.send_config_set(
                [command],
                enter_config_mode=False,
                exit_config_mode=False,
                error_pattern=REFUSED,
                read_timeout=SECONDS,
            )
        except ConfigInvalidException as refused:
            # Netmiko says the line with its secrets.
            said = str(refused).rpartition("matched error: ")[2].strip()
            raise AnsibleActionFail(f"[command_refused] The device refused “{shown}”: {said}") from None
        if shown.startswith("hostname "):
            session.set_base_prompt(pri_prompt_terminator="#", alt_prompt_terminator="#")
    session.exit_config_mode()
    session.set_base_prompt()


def _look_for_refusal(said, command):
    refused = re.search(REFUSED, said, re.MULTILINE)
    if refused:
        raise AnsibleActionFail(f"[command_refused] The device refused “{command}”: {refused[0].strip()}")


def _config_command(args):
    return args.get("config", "show running-config")


def _config(session, args):
    return _lines(_asked(session, _config_command(args)))


def _lines(text):
    """The lines of a configuration at its top level; what is indented belongs to a part of it."""
    found = [line.rstrip() for line in text.splitlines() if line.strip()]
    return [line for line in found if not line[0].isspace() and not NOT_CONFIG.match(line)]


def _plan(session, config, wants):
    """The commands that are missing, each with the secrets it needs."""
    commands = []
    for want in wants:
        lines = [_plain(line) for line in want.get("lines", ())]
        secrets = tuple(want.get("secrets", ()))
        if "unless" in want:
            said = session.send_command(want["unless"]["show"], read_timeout=SECONDS)
            shown = all(re.search(pattern, said, re.MULTILINE) for pattern in want["unless"]["matches"])
            if want.get("anew") or not shown:
                commands += [(line, secrets) for line in lines]
            continue
        commands += [(line, secrets) for line in lines if line not in config]
        pattern = want.get("instead_of")
        if lines and pattern:
            stale = [line for line in config if re.fullmatch(pattern, line) and line not in lines]
            commands += [(f"no {line}", ()) for line in stale]
    return commands


def _plain(line):
    if not line.isprintable() or not line.strip():
        raise AnsibleActionFail(f"[line_strange] {line!r} is no line of a configuration. Correct the order.")
    return line.strip()


def _signed(command):
    return f"-{command.removeprefix('no ')}" if command.startswith("no ") else f"+{command}"


def _saved(session, args, *, dry):
    """Whether the running configuration had to be written, or would have to be."""
    if _lines(_asked(session, args["startup"])) == _config(session, args):
        return False
    if not dry:
        _look_for_refusal(session.save_config(), "save")
        if _lines(_asked(session, args["startup"])) != _config(session, args):
            raise AnsibleActionFail(
                "[not_saved] The device did not save its configuration. Look at it by hand."
            )
    return True


def _backup(text, hide):
    """The configuration for the journal. What opens doors is hidden, and the hash is that of the whole."""
    pattern = re.compile(hide) if hide else None
    kept = [pattern.sub(r"\1 (hidden)", line) if pattern else line for line in text.splitlines()]
    pieces = [""]
    for line in kept:
        if len(pieces[-1]) + len(line) > PIECE:
            pieces.append("")
        pieces[-1] += f"{line}\n"
    return {"pieces": pieces, "sha256": hashlib.sha256(text.encode()).hexdigest(), "lines": len(kept)}


def _why(broken, address):
    """In the words of ssh, so that whoever reads outcomes knows one set of them."""
    step = broken
    while step is not None:
        if isinstance(step, BadHostKeyException) or "not found in known_hosts" in str(step):
            return CHANGED_KEY
        if isinstance(step, ConnectionRefusedError):
            return f"Connection refused by {address}"
        step = step.__cause__ or step.__context__
    return f"{address} does not answer: {_first_line(broken)}"


def _first_line(broken):
    return next((line for line in str(broken).splitlines() if line.strip()), type(broken).__name__)
