"""Profiles: what kits can be started with, their frozen versions, and who carries which."""

import difflib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import jsonschema
import msgspec
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from jsonschema.exceptions import SchemaError

from kitto.base.errors import InvalidInput, Refusal
from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, offer, queries
from kitto.kitting.actions import lift as lifting
from kitto.kitting.actions.checks import findings_of
from kitto.kitting.adapters.publishing import Finding
from kitto.kitting.adapters.publishing.findings import found
from kitto.kitting.adapters.publishing.reading import Unreadable, read
from kitto.kitting.looks import ABILITY_WORDS, CHECK_WORDS, KIND_WORDS, SEVERITY_TONES, SEVERITY_WORDS
from kitto.kitting.models import KitProfileVersion, RecipeCheck
from kitto.kitting.pages import schema_form
from kitto.kitting.rules.profiles import ProfileSpec, order
from kitto.kitting.rules.refusals import ProfileRejected
from kitto.web.bodies import Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.panels import panels_of
from kitto.web.render import redirect, render

router = APIRouter(route_class=Door, include_in_schema=False)
open_way("kitting", "/kitting/profiles", N_("Profiles"), permission=Permission.SEE, rank=50)

FILE: Final = "profile.yml"
LONGEST: Final = 200_000
Name = Annotated[str, Query(max_length=64)]
EXAMPLE: Final = """\
name: dev-workstation
title: { ja: 開発用ワークステーション, en: Workstation for developers }
platform: linux
extends: linux-workstation
steps:
  - key: badge
    kind: manual
    title: { ja: 開発者シールを貼る, en: Stick the developer badge }
"""


@router.get("/kitting/profiles")
def show_profiles(request: Request, work: ReadDep) -> HTMLResponse:
    """What kits can be started with."""
    work.allow(Permission.SEE)
    key = queries.newest_key(work)
    return render(
        request,
        "kitting/profiles.html",
        profiles=offer.offered(work),
        public_key=key.public if key else "",
    )


@router.post("/kitting/key")
def make_key(request: Request, work: WorkDep) -> Response:
    """Make Kitto's SSH key, so that new machines can let it in."""
    actions.make_key(work)
    return redirect(request, "/kitting/profiles", N_("Done."))


@router.get("/kitting/profiles/publish")
def show_publish(request: Request, work: ReadDep, name: Name = "") -> HTMLResponse:
    """The form that publishes a profile."""
    work.allow(Permission.MANAGE_MASTERS)
    row = queries.profile_row(work, name) if name else None
    text = msgspec.yaml.encode(_short(row.source)).decode() if row and row.source else EXAMPLE
    return _publish(request, text, [], "")


def _short(source: dict[str, Any]) -> dict[str, Any]:
    """A profile as its author would write it: without what is empty anyway."""
    plain: dict[str, Any] = {}
    for key, value in source.items():
        if isinstance(value, (list, tuple)):
            value = [_short(one) if isinstance(one, dict) else one for one in value]  # noqa: PLW2901
        if value not in (None, "", [], {}, False):
            plain[key] = value
    return plain


def _publish(
    request: Request, text: str, findings: list[Finding], refused: str, status: int = 200
) -> HTMLResponse:
    answer = render(
        request,
        "kitting/publish.html",
        status_code=status,
        text=text,
        findings=findings,
        refused=refused,
    )
    answer.headers["HX-Push-Url"] = "false"
    return answer


@router.post("/kitting/profiles/publish")
def publish(request: Request, work: WorkDep, text: Annotated[str, Form(max_length=LONGEST)]) -> Response:
    """Publish a profile; what is wrong with it stands beside the text, and nothing is changed then."""
    work.allow(Permission.MANAGE_MASTERS)
    findings, source = look_at(text)
    if findings:
        return _publish(request, text, findings, "", 422)
    try:
        version = actions.publish(work, source=source)
    except ProfileRejected as rejected:
        return _publish(request, text, list(rejected.findings), "", 422)
    except Refusal as refusal:
        return _publish(request, text, [], refusal.sentence(work.locale), 422)
    return redirect(
        request,
        f"/kitting/profiles/{version.name}",
        N_("{name} v{number} is published."),
        name=version.name,
        number=version.number,
    )


def look_at(text: str) -> tuple[list[Finding], dict[str, Any]]:
    """What is wrong with a profile as text, by line, and the profile as plain values if nothing is."""
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / FILE).write_text(text, encoding="utf-8")
        try:
            fields = read(Path(scratch), FILE, findings)
        except Unreadable as wrong:
            return [wrong.finding], {}
    if not isinstance(fields, dict):
        return [found("yaml_shape", FILE, what="name: …")], {}
    source: dict[str, Any] = msgspec.yaml.decode(text.encode(), type=dict[str, Any])
    try:
        jsonschema.Draft202012Validator.check_schema(source.get("parameters", {}))
    except SchemaError as wrong:
        findings.append(found("parameters_wrong", FILE, what=wrong.message[:200]))
    return findings, source


@router.get("/kitting/profiles/{name}")
def show_profile(request: Request, work: ReadDep, name: str) -> HTMLResponse:
    """One profile: its steps, parameters and versions, and which devices carry which."""
    work.allow(Permission.SEE)
    return _profile(request, work, name)


@router.post("/kitting/profiles/{name}/freeze")
def freeze(request: Request, work: WorkDep, name: str) -> Response:
    """Publish a profile as it is now; what is wrong with its recipes stands on the page."""
    try:
        version = actions.publish_recipe(work, name=name)
    except ProfileRejected as rejected:
        return _profile(request, work, name, rejected.findings)
    says = N_("{name} v{number} is published.")
    to = f"/kitting/profiles/{name}/versions/{version.number}"
    return redirect(request, to, says, name=name, number=version.number)


def _profile(request: Request, work: Work, name: str, findings: Sequence[Finding] = ()) -> HTMLResponse:
    spec, trouble = None, ""
    try:
        spec = offer.spec_of(work, name)
    except Refusal as refusal:
        trouble = refusal.sentence(work.locale)
        if not queries.versions(work, name):
            raise
    row = queries.profile_row(work, name)
    versions = queries.versions(work, name)
    plans = lifting.plan_lift(work, name) if spec is not None else []
    return render(
        request,
        "kitting/profile.html",
        status_code=422 if findings else 200,
        name=name,
        findings=findings,
        spec=spec,
        trouble=trouble,
        extends=offer.written(work, name).extends if spec else "",
        written_here=row is not None and row.source is not None,
        retired=row is not None and row.retired_at is not None,
        needs=order(spec) if spec else {},
        versions=versions,
        checked=_checked(work, versions[0]) if versions else [],
        carriers=queries.carriers(work, name).items,
        plans=plans,
        kinds=KIND_WORDS,
        abilities=ABILITY_WORDS,
        checks=CHECK_WORDS,
        parameters=_parameters(spec, work.locale) if spec else [],
    )


def _parameters(spec: ProfileSpec, locale: str) -> list[tuple[str, str, str, str]]:
    known = spec.parameters.get("properties", {})
    return [
        (
            name,
            schema_form.title_of(item, name, locale),
            str(item.get("type", "")),
            msgspec.json.encode(item["default"]).decode() if "default" in item else "",
        )
        for name, item in known.items()
    ]


@router.get("/kitting/profiles/{name}/versions/{number:int}")
def show_version(
    request: Request, work: ReadDep, name: str, number: Number, against: int | None = None
) -> HTMLResponse:
    """What changed between two frozen versions; without a second one, what the one says."""
    work.allow(Permission.SEE)
    new = queries.version(work, name, number)
    old = queries.version(work, name, against) if against else None
    return render(
        request,
        "kitting/version.html",
        new=new,
        old=old,
        lines=_differences(old, new),
        recipes=_recipes(old, new),
        checked=_checked(work, new),
        versions=queries.versions(work, name),
        severities=SEVERITY_WORDS,
        tones=SEVERITY_TONES,
    )


def _differences(old: KitProfileVersion | None, new: KitProfileVersion) -> list[tuple[str, str]]:
    after = msgspec.yaml.encode(new.definition).decode().splitlines()
    if old is None:
        return [("plain", line) for line in after]
    before = msgspec.yaml.encode(old.definition).decode().splitlines()
    tones = {"+": "good", "-": "bad", "@": "info"}
    lines = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
    return [(tones.get(line[:1], "plain"), line) for line in lines]


def _checked(
    work: Work, version: KitProfileVersion
) -> list[tuple[str, RecipeCheck | None, Sequence[Finding]]]:
    """Each recipe of a version, with what was last found in it."""
    checks = [(name, queries.check_of(work, content)) for name, content in sorted(version.recipes.items())]
    return [(name, check, findings_of(check)) for name, check in checks]


@router.get("/kitting/checks/{check_id:int}")
def show_check(request: Request, work: ReadDep, check_id: Number) -> HTMLResponse:
    """When a recipe was last checked, by whom, and what came of it."""
    work.allow(Permission.SEE)
    check = queries.check(work, check_id)
    return render(
        request,
        "kitting/check.html",
        check=check,
        findings=findings_of(check),
        versions=queries.versions_with(work, check.recipe, check.content),
        severities=SEVERITY_WORDS,
        tones=SEVERITY_TONES,
        panels=panels_of("recipe_check", work, check.id),
    )


def _recipes(old: KitProfileVersion | None, new: KitProfileVersion) -> list[tuple[str, str, str]]:
    """Name of each recipe, and its content before and after."""
    before = old.recipes if old else {}
    names = sorted({*before, *new.recipes})
    return [(name, str(before.get(name, "")), str(new.recipes.get(name, ""))) for name in names]


@router.post("/kitting/profiles/{name}/retire")
def retire(request: Request, work: WorkDep, name: str) -> Response:
    """Offer a profile no longer."""
    actions.retire_profile(work, name=name)
    return redirect(request, "/kitting/profiles", N_("{name} is offered no longer."), name=name)


@router.post("/kitting/profiles/{name}/lift")
def lift(
    request: Request, work: WorkDep, name: str, tag: Annotated[list[str] | None, Form(max_length=500)] = None
) -> Response:
    """Bring the chosen devices to the newest version."""
    if not tag:
        raise InvalidInput(field="tag", reason="PC-000042-C")
    started, refused = lifting.lift(work, name=name, tags=tag)
    says = N_("{n} kits started, {m} not: {why}") if refused else N_("{n} kits started.")
    return redirect(
        request,
        f"/kitting/profiles/{name}",
        says,
        tone="warn" if refused else "good",
        n=len(started),
        m=len(refused),
        why=next(iter(refused.values()), ""),
    )
