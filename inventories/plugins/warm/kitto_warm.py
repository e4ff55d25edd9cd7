# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""`python kitto_warm.py FOLDER IDLE_SECONDS`: Ansible, loaded once; each play is a fork of it.

It answers at FOLDER/door.sock, which nothing inside a play's namespaces can see. Whoever connects hands over
descriptors only: a terminal three times, a process descriptor of the namespaces to go into, and a pipe with
the command, its folder and its environment. This process never reads that pipe. It forks at once, and the
fork reads, and goes into the play's own namespaces: what belongs to one run is never in the memory that the
next one is a copy of.

    we ──fork──▶ guide: reads the wish, enters the namespaces ──fork──▶ ansible-playbook
                 waits, says how it ended                               in there, like any other

Each fork takes its own environment, and Ansible's settings are evaluated anew from it.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import traceback
import warnings
from pathlib import Path

NAMESPACES = 0x00020000 | 0x08000000 | 0x20000000  # mount, ipc, pid
USER_NAMESPACE = 0x10000000
NO_NEW_PRIVILEGES = 38
LOOK_SECONDS = 2.0
LONGEST_WISH = 1024 * 1024
CANNOT_ENTER = 250
# Modules whose travelling form is made once, because nearly every recipe uses them.
PACKED = (
    *("command", "stat", "file", "copy", "lineinfile", "hostname", "apt", "async_wrapper", "async_status"),
    *("user", "get_url", "setup", "systemd_service", "group", "wait_for", "service", "blockinfile", "find"),
    *("replace", "slurp", "uri", "cron", "getent", "unarchive", "known_hosts", "ping"),
)
# Ansible itself goes through all of the first line before each play.
PLUGINS = (
    *("connection", "shell", "become", "action", "cache", "callback", "inventory", "lookup", "strategy"),
    *("vars",),
)
SURROUNDINGS = dict(os.environ)  # noqa: TID251 -- what Ansible reads its settings from when it is loaded
ALSO = ("ansible.executor.module_common", "ansible._internal._templating._jinja_bits")
_libc = ctypes.CDLL(None, use_errno=True)


def main(folder, idle_seconds):
    """Load, listen, fork; end when nobody came for a while, or when the folder is not ours any more."""
    os.umask(0o077)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    alive = os.open(folder / "alive", os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)
    door = folder / "door.sock"
    with contextlib.suppress(FileNotFoundError):
        door.unlink()
    packed = folder / "packed"
    shutil.rmtree(packed, ignore_errors=True)
    packed.mkdir(mode=0o700)
    _load()
    prepared = _prepare()
    _settle_memory()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(door))
        listener.listen(64)
        if _serve(listener, alive, folder, idle_seconds, packs=not prepared):
            shutil.rmtree(folder, ignore_errors=True)


def _serve(listener, alive, folder, idle_seconds, *, packs):
    """Whether we ended of ourselves, so that the folder is still ours."""
    door = folder / "door.sock"
    born = door.stat().st_ino
    quiet = 0.0
    # A fork may live longer than we do; it must neither answer for us nor count as us.
    ours = (listener.fileno(), alive)
    busy = {_pack(folder / "packed", ours)} if packs else set()
    while quiet < idle_seconds:
        ready, _, _ = select.select([listener], [], [], LOOK_SECONDS)
        while busy:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            busy.discard(pid)
        if not ready:
            quiet = 0.0 if busy else quiet + LOOK_SECONDS
            try:
                if door.stat().st_ino != born:
                    return False
            except OSError:
                return False
            continue
        quiet = 0.0
        line, _ = listener.accept()
        pid = os.fork()
        if not pid:
            _let_go(ours)
            _guide(line, folder)
        busy.add(pid)
        line.close()
    return True


def _let_go(handles):
    for handle in handles:
        os.close(handle)


def _guide(line, folder):
    """One run, in a process of its own; never returns."""
    try:
        # Ended by the run's own end only: a signal to us is not meant for what we started.
        os.setsid()
        wish, terminal, place = _received(line)
        code = _entered(line, wish, terminal, place, folder)
        line.sendall(f"{code}\n".encode())
    except Exception:  # noqa: BLE001 -- told to who asked; a line that ends without a word means "do it yourself"
        os._exit(1)
    os._exit(0)


def _received(line):
    """The wish, the terminal, and the namespaces; they come as descriptors, so nothing was written down."""
    room = socket.CMSG_SPACE(5 * array.array("i").itemsize)
    _, extra, _, _ = line.recvmsg(16, room)
    handles = array.array("i")
    for level, kind, raw in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            handles.frombytes(raw[: len(raw) - len(raw) % handles.itemsize])
    pipe, place, *terminal = handles
    with os.fdopen(pipe, "rb") as text:
        wish = json.loads(text.read(LONGEST_WISH))
    return wish, terminal, place


def _entered(line, wish, terminal, place, folder):
    """Go into the namespaces, fork there (a process number comes with the fork), and wait for the end."""
    cache = os.open(folder / "packed", os.O_RDONLY | os.O_DIRECTORY)
    root = os.open(f"/proc/{wish['pid']}/root", os.O_RDONLY | os.O_DIRECTORY)
    if not Path(f"/proc/{wish['pid']}/ns/user").samefile("/proc/self/ns/user"):
        _call("setns", place, USER_NAMESPACE)
    _call("setns", place, NAMESPACES)
    os.fchdir(root)
    os.chroot(".")
    line.sendall(b"in\n")
    pid = os.fork()
    if not pid:
        line.close()
        os.close(root)
        os.close(place)
        _become_play(wish, terminal, cache)
    for handle in (*terminal, cache, root, place):
        os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _call(name, *arguments):
    if getattr(_libc, name)(*(ctypes.c_ulong(each) for each in arguments)):
        raise OSError(ctypes.get_errno(), name)


def _become_play(wish, terminal, cache):
    """What `ansible-playbook` would be here; never returns."""
    code = CANNOT_ENTER
    try:
        os.setsid()
        _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        if os.geteuid():
            _without_rights()
        for number, handle in enumerate(terminal):
            os.dup2(handle, number)
        for handle in {*terminal}:
            os.close(handle)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.umask(wish["umask"])
        os.chdir(wish["folder"])
        os.environ.clear()  # noqa: TID251 -- a play's own environment takes the place of ours
        os.environ.update(wish["environment"])  # noqa: TID251 -- see above
        code = _play(wish["command"], cache)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001 -- the last frame of a process; the terminal is all there is to tell
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        # What the mother of all plays wanted to tidy up at her own end is hers.
        os._exit(code)


def _without_rights():
    """Going into a user namespace gave us every right in it; the play must have none."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    none = (ctypes.c_uint32 * 6)()
    if _libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


def _play(command, cache):
    from ansible.cli.playbook import PlaybookCLI

    _settings_anew()
    _unpack(cache)
    sys.argv = list(command)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    # It says so each time it is asked; we asked it before, with the same folders.
    warnings.filterwarnings("ignore", message="AnsibleCollectionFinder has already")
    PlaybookCLI.cli_executor(list(command))


def _settings_anew():
    """Ansible reads its settings once, when it is loaded; ours were read for nobody.

    Read again are those that the play's own surroundings can change: by a variable, or as they are places.
    """
    from ansible import constants
    from ansible.config.manager import find_ini_config_file
    from ansible.utils.display import Display

    config = constants.config
    config._config_file = find_ini_config_file(config.WARNINGS)  # noqa: SLF001 -- Ansible has no door for it
    now = dict(os.environ)  # noqa: TID251 -- the play's own
    other = {name for name in {*now, *SURROUNDINGS} if now.get(name) != SURROUNDINGS.get(name)}
    for name, about in config.get_configuration_definitions().items():
        if not other & {each["name"] for each in about.get("env") or ()} and not _is_a_place(about):
            continue
        constants.set_constant(name, config.get_config_value(name, variables=vars(constants)))
    Display()._set_column_width()  # noqa: SLF001 -- the same


def _is_a_place(about):
    """Whether a setting stands for a path, or its default is made from another one."""
    return "path" in about.get("type", "") or "{{" in str(about.get("default"))


def _unpack(cache):
    from ansible import constants

    if next(Path.cwd().rglob("*.py"), None) is not None:
        return  # A recipe's own module_utils may stand in for Ansible's, and must be packed in their place.
    into = Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
    into.mkdir(mode=0o700)
    # A copy, not the file itself: what a play does to its own changes nothing for the next one.
    for name in os.listdir(cache):  # noqa: PTH208 -- a descriptor, since the path is not seen from here
        source = os.open(name, os.O_RDONLY, dir_fd=cache)
        with os.fdopen(source, "rb") as read, (into / name).open("wb") as written:
            shutil.copyfileobj(read, written)
    os.close(cache)


def _load():
    """Everything a play loads sooner or later, most of it in every single task."""
    import importlib
    import inspect

    import ansible.cli.playbook  # noqa: F401 -- loaded for the forks
    from ansible.plugins import loader
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader()
    for kind in PLUGINS:
        for _ in getattr(loader, f"{kind}_loader").all(class_only=True):
            pass
    for kind in ("filter", "test"):
        for _ in getattr(loader, f"{kind}_loader").all():
            pass
    for name in ALSO:
        importlib.import_module(name)
    # A strategy of ours makes Ansible look through its stack, which looks up where every module came from.
    inspect.stack()


def _settle_memory():
    """What is loaded is never garbage: looking for it in a fork would copy it, page by page, in each task."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _common():
    """The paths of common modules, by name."""
    from ansible.plugins.loader import module_loader

    found = {name: module_loader.find_plugin_with_context(f"ansible.legacy.{name}") for name in PACKED}
    return {name: each.plugin_resolved_path for name, each in found.items()}


def _prepare():
    """Where modules travel by Mitogen's way, make what that needs, in memory; False where they do not."""
    from ansible import constants
    from ansible.plugins.loader import strategy_loader

    prepare = getattr(strategy_loader.get(constants.DEFAULT_STRATEGY, class_only=True), "prepare", None)
    if prepare is None:
        return False
    prepare(_common().values())
    return True


def _pack(packed, ours):
    """Make the travelling form of common modules, by Ansible itself, in a fork whose state nobody inherits.

    It goes on while the first plays run: they take what there is, and make the rest themselves.
    """
    pid = os.fork()
    if not pid:
        _let_go(ours)
        os.nice(10)
        with contextlib.suppress(BaseException):
            _pack_all(packed)
        os._exit(0)
    return pid


def _pack_all(packed):
    from ansible import constants
    from ansible.executor import module_common
    from ansible.parsing.dataloader import DataLoader
    from ansible.template import Templar

    made = Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
    made.mkdir()
    variables = {"ansible_python_interpreter": "/usr/bin/python3"}
    for name, path in _common().items():
        with contextlib.suppress(Exception):
            module_common.modify_module(
                module_name=f"ansible.legacy.{name}",
                module_path=path,
                module_args={},
                templar=Templar(loader=DataLoader(), variables=variables),
                task_vars=variables,
                module_compression=constants.DEFAULT_MODULE_COMPRESSION,
            )
        # One after the other, each whole at once.
        for each in made.iterdir():
            if not each.name.endswith((".lock", "-part")):
                each.rename(packed / each.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
