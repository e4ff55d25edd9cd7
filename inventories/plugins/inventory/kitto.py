# Copyright (C) the Kitto authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version. It comes WITHOUT ANY WARRANTY. See the file LICENSE beside this folder.
"""Hosts from a Kitto's own ledger: filtered there, asked again only when something has changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from ansible.errors import AnsibleParserError
from ansible.module_utils.urls import open_url
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 there is no such mark

    def trust_as_template(value):
        return value


DOCUMENTATION = """
name: kitto
author: Kitto
short_description: hosts from the ledger of a Kitto
description:
  - Lists devices of a Kitto as hosts, named by their tags, with how they are reached. No secret is ever
    among the variables.
  - The filters are evaluated by the server. Its answer is kept in a file that only its owner reads and is
    asked for again with its ETag, so an unchanged ledger costs one short answer.
  - The file ends in C(kitto.yml) or C(kitto.yaml).
extends_documentation_fragment: [constructed]
options:
  plugin:
    description: Says that the file is for this plugin.
    required: true
    choices: [kitto]
  url:
    description: Address of the Kitto, such as C(https://kitto.example.jp).
    env: [{name: KITTO_URL}]
    required: true
  token:
    description: A token with the right C(see). Keep it in the environment, not in this file.
    env: [{name: KITTO_TOKEN}]
    required: true
    no_log: true
  ca_path:
    description: File of the authority behind the certificate of the Kitto, if the system does not know it.
    env: [{name: KITTO_CA}]
    type: path
  state:
    description: Only devices in one of these states, such as C(in_stock).
    type: list
    elements: str
    default: []
  category:
    description: Only devices of one of these categories, by code.
    type: list
    elements: str
    default: []
  site:
    description: Only devices at one of these places, by code.
    type: list
    elements: str
    default: []
  project:
    description: Only devices of one of these projects, by code.
    type: list
    elements: str
    default: []
  department:
    description: Only devices of one of these departments, by code.
    type: list
    elements: str
    default: []
  platform:
    description: Only devices that were kitted for one of these platforms, such as C(linux).
    type: list
    elements: str
    default: []
  profile:
    description: Only devices that were last kitted with one of these profiles.
    type: list
    elements: str
    default: []
  tag_prefix:
    description: Only devices whose tag starts so.
    type: str
    default: ''
  needs_rekit:
    description: Only devices whose profile has a newer version (or, with C(false), only the others).
    type: bool
  group_by:
    description:
      - Makes a group of each value of these, such as C(state_in_stock) or C(site_name_東京本社).
      - Letters of every language stay; what a group name cannot hold becomes C(_). Two values that would
        share a name get a short mark of their own.
    type: list
    elements: str
    default: [state, category, platform, site, needs_rekit]
  timeout:
    description: Seconds to wait for an answer.
    type: int
    default: 30
  cache_dir:
    description: Folder of the kept answers.
    type: path
    env: [{name: KITTO_CACHE}]
    default: ~/.cache/kitto
"""

EXAMPLES = """
# in_stock.kitto.yml: ansible-inventory -i in_stock.kitto.yml --list
plugin: kitto
url: https://kitto.example.jp
state: [in_stock]
category: [pc]
needs_rekit: true
keyed_groups:
  - {key: kitto_site_name, prefix: site}
compose:
  ansible_user: "'kitto'"
"""

FILTERS = ("state", "category", "site", "project", "department", "platform", "profile")
NOT_MODIFIED = 304
ENV = os.environ  # noqa: TID251 -- runs inside Ansible, far from the settings
LANGUAGE = "ja" if ENV.get("LC_ALL", ENV.get("LANG", "")).startswith("ja") else "en"
UNFIT = re.compile(r"\W")


class InventoryModule(BaseInventoryPlugin, Constructable):
    """Asks page after page and makes hosts and groups of them."""

    NAME = "kitto"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith(("kitto.yml", "kitto.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        hosts = list(self._hosts())
        names = self._group_names(hosts)
        for host in hosts:
            self._add(host["name"], host["vars"], names)

    def _hosts(self):
        query = [(name, value) for name in FILTERS for value in self.get_option(name)]
        query.append(("tag_prefix", self.get_option("tag_prefix")))
        if self.get_option("needs_rekit") is not None:
            query.append(("needs_rekit", str(bool(self.get_option("needs_rekit"))).lower()))
        cursor = None
        while True:
            page = self._page(query + ([("cursor", cursor)] if cursor else []))
            yield from page["hosts"]
            cursor = page["next"]
            if not cursor:
                return

    def _page(self, query):
        url = f"{self.get_option('url').rstrip('/')}/api/v1/inventory?{urlencode(query)}"
        kept = self._kept_file(url)
        known = _read(kept)
        headers = {
            "Authorization": f"Bearer {self.get_option('token').strip()}",
            "Accept": "application/json",
            "Accept-Language": LANGUAGE,
        }
        if known:
            headers["If-None-Match"] = known["etag"]
        try:
            with open_url(
                url, headers=headers, timeout=self.get_option("timeout"), ca_path=self.get_option("ca_path")
            ) as answer:
                page = json.loads(answer.read())
                _keep(kept, answer.headers.get("ETag", ""), page)
                return page
        except HTTPError as refused:
            if refused.code == NOT_MODIFIED and known:
                return known["page"]
            raise AnsibleParserError(f"Kitto refused the inventory: {_sentence(refused)}") from None
        except (URLError, OSError, ValueError) as trouble:
            reason = getattr(trouble, "reason", trouble)
            raise AnsibleParserError(
                f"Kitto at {self.get_option('url')} does not answer ({reason}): check url and ca_path"
            ) from None

    def _kept_file(self, url):
        # Another token may see other devices, so its answers are kept apart.
        who = f"{url}\0{self.get_option('token')}"
        name = hashlib.sha256(who.encode()).hexdigest()[:40]
        return Path(self.get_option("cache_dir")).expanduser() / f"inventory-{name}.json"

    def _group_names(self, hosts):
        """The group of each value; values that would fall together get a mark of their own."""
        found = {}
        for field in self.get_option("group_by"):
            values = sorted({str(host["vars"].get(f"kitto_{field}", "")) for host in hosts} - {""})
            plain = [UNFIT.sub("_", unicodedata.normalize("NFKC", value)) for value in values]
            for value, safe in zip(values, plain):  # noqa: B905 -- the two are made of one another
                mark = f"_{hashlib.sha256(value.encode()).hexdigest()[:6]}" if plain.count(safe) > 1 else ""
                found[field, value] = f"{field}_{safe}{mark}"
        return found

    def _add(self, name, variables, names):
        self.inventory.add_host(name)
        for key, value in variables.items():
            self.inventory.set_variable(name, key, _plain(value))
        for field in self.get_option("group_by"):
            value = variables.get(f"kitto_{field}", "")
            if field == "needs_rekit":
                group = "needs_rekit" if value else None
            else:
                group = names.get((field, str(value)))
            if group:
                self.inventory.add_host(name, self.inventory.add_group(group))
        strict, variables = self.get_option("strict"), self.inventory.get_host(name).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)


def _plain(value):
    # Ansible shows text that it does not trust as an object. Without braces there is nothing to evaluate, so
    # it may be trusted; what has braces stays text for ever.
    return trust_as_template(value) if isinstance(value, str) and "{" not in value else value


def _sentence(refused):
    try:
        problem = json.loads(refused.read())
        return f"{problem['detail']} [{problem['code']}]"
    except (ValueError, KeyError, TypeError):
        return f"HTTP {refused.code}"


def _read(path):
    try:
        known = json.loads(path.read_bytes())
        return known if known["etag"] and known["page"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path, etag, page):
    if not etag:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".inventory-")  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"etag": etag, "page": page}, file, ensure_ascii=False)
        Path(name).replace(path)
    except OSError:
        return  # a place that cannot be written costs time, not the play
