"""A believable office for looking around: real actions, dated as they would have been."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import chain
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.queries.holders import Holder
from kitto.assets.rules import HolderKind, Step
from kitto.base import clock
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.ids import new_token
from kitto.base.seal import Secret
from kitto.base.work import Actor, Ledger, Work
from kitto.cli import office_plan as plan
from kitto.cli.house import owner
from kitto.cli.office_lines import events as line_events
from kitto.handover import actions as handovers
from kitto.handover.rules import Given, Returned, Terms
from kitto.health import actions as health
from kitto.health.actions.credentials import CredentialSpec
from kitto.health.actions.probes import ProbeChanges
from kitto.health.rules.probes import CredentialKind, ProbeKind
from kitto.identity import actions as identity
from kitto.identity import queries as accounts
from kitto.identity.actions.own_account import check_strength
from kitto.identity.doors import person_actor
from kitto.identity.rules import Permission
from kitto.identity.rules.links import link_address
from kitto.kitting import actions as kitting
from kitto.labels import printing
from kitto.labels.rules import PrintOrder
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.rules import PoolDetails, TitleDetails
from kitto.main import House
from kitto.people import actions as people
from kitto.people.rules import DepartmentDetails, PersonDetails, ProjectDetails

FOUNDED = 1600
"""Days before today on which the office began to keep its ledger."""
PROJECTS_BEGAN = 400
PLAIN_STEPS = {
    "kit": Step.START_KITTING,
    "ready": Step.FINISH_KITTING,
    "restock": Step.RESTOCK,
    "repair": Step.SEND_REPAIR,
    "recall": Step.RECALL,
    "lost": Step.REPORT_LOST,
    "retire": Step.RETIRE,
    "dispose": Step.DISPOSE,
    "wipe": Step.START_WIPE,
}
REASONS = {
    "repair": "キーボードの一部が反応しない",
    "recall": "機種更新のため",
    "lost": "出張先で紛失の届け出",
    "retire": "保守期限切れ",
    "dispose": "廃棄業者へ引渡し",
    "wipe": "再利用のため消去",
}


class LedgerNotEmpty(Refusal):
    code = "seed.ledger_not_empty"
    says = N_("Nothing was seeded: this ledger holds devices already. Choose an empty data folder.")


def fill(house: House, password: str) -> dict[str, Any]:
    """Fill an empty ledger. Without a password the accounts get one-time links to set their own.

    Refuses a ledger that holds devices, and a password that is too weak.
    """
    with house.ledger.read(owner()) as work:
        work.allow(Permission.SEE)
        if asset_queries.listed(work, asset_queries.AssetFilter(), limit=1).items:
            raise LedgerNotEmpty
    names = {one.number: one.name for one in plan.STAFF}
    for name, number, _ in plan.ACCOUNTS if password else ():
        check_strength(Secret(password), name, names[number])
    return Office(house.ledger).build(Secret(password) if password else None)


class Office:
    """Builds the office on a ledger, oldest day first, so that its journal reads as it happened."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.began = clock.now()
        self.actors: dict[str, Actor] = {}
        self.people: dict[str, int] = {}
        self.departments: dict[str, int] = {}
        self.projects: dict[str, int] = {}
        self.models: dict[str, int] = {}
        self.locations: dict[str, int] = {}
        self.pools: dict[str, int] = {}
        self.tags: dict[int, str] = {}

    @contextmanager
    def on(self, days_ago: int, who: str = "owner", minutes: int = 0) -> Iterator[Work]:
        """A work of that day."""
        with self.ledger.begin(self.actors.get(who) or owner()) as work:
            if days_ago:  # days begin at nine in Tokyo, which is midnight in UTC
                morning = self.began.replace(hour=0, minute=0, second=0, microsecond=0)
                work.now = morning - timedelta(days=days_ago, minutes=-minutes)
            yield work

    def day(self, days_ago: int) -> date:
        return (self.began - timedelta(days=days_ago)).date()

    def build(self, password: Secret | None) -> dict[str, Any]:
        self._organisation()
        self._accounts(password)
        self._masters()
        self._pools()
        lives = [self._life(number, device) for number, device in enumerate(plan.DEVICES)]
        for _, _, happen in sorted(chain(*lives, line_events(self)), key=lambda event: (-event[0], event[1])):
            happen()
        self._seats()
        self._labels()
        self._on_order()
        self._kits()
        self._orders()
        self._probes()
        return self._told(password)

    def _organisation(self) -> None:
        with self.on(FOUNDED) as work:
            for code, name in plan.DEPARTMENTS:
                self.departments[code] = people.open_department(
                    work, DepartmentDetails(code=code, name=name)
                ).id
            for code, name in plan.PROJECTS:
                details = ProjectDetails(
                    code=code,
                    name=name,
                    starts_on=self.day(PROJECTS_BEGAN),
                    ends_on=self.day(-200),
                    cost_centre="1200",
                )
                self.projects[code] = people.open_project(work, details).id
            for one in plan.STAFF:
                self.people[one.number] = people.join(work, self._details(one)).id
                if one.project:
                    first = self.day(min(one.joined_ago or PROJECTS_BEGAN, PROJECTS_BEGAN))
                    people.assign(work, self.people[one.number], self.projects[one.project], starts_on=first)

    def _details(self, one: plan.Member) -> PersonDetails:
        joined = FOUNDED if one.joined_ago is None else one.joined_ago
        return PersonDetails(
            number=one.number,
            name=one.name,
            kana=one.kana,
            kind=one.kind,
            department_id=self.departments[one.department],
            mail=f"{one.number.lower()}@kitto.example",
            joins_on=self.day(joined),
            leaves_on=None if one.leaves_in is None else self.day(-one.leaves_in),
            badge=f"BADGE-{one.number}",
        )

    def _accounts(self, password: Secret | None) -> None:
        names = {one.number: one.name for one in plan.STAFF}
        for name, number, role in plan.ACCOUNTS:
            with self.on(FOUNDED, minutes=5) as work:
                account, link = identity.make_account(
                    work,
                    name=name,
                    display_name=names[number],
                    roles=[identity.RoleIn(role)],
                    locale="ja",
                    person_id=self.people[number],
                )
                if password is not None:
                    identity.set_first_password(work, link=link, password=password)
            self.actors[name] = person_actor(account)

    def _masters(self) -> None:
        with self.on(FOUNDED, "suzuki", 10) as work:
            for code, ja, en, prefix, needs_serial, needs_kitting in plan.CATEGORIES:
                assets.make_category(
                    work,
                    code=code,
                    name_ja=ja,
                    name_en=en,
                    tag_prefix=prefix,
                    needs_serial=needs_serial,
                    needs_kitting=needs_kitting,
                )
            for code, name, parent in plan.LOCATIONS:
                made = assets.make_location(work, code=code, name=name, parent_id=self.locations.get(parent))
                self.locations[code] = made.id
            for one in plan.PRODUCTS:
                self.models[one.word] = assets.make_model(
                    work, category_code=one.category, maker=one.maker, name=one.name
                ).id

    def _pools(self) -> None:
        for one in plan.LICENCES:
            with self.on(FOUNDED, "suzuki", 15) as work:
                title = licences.add_title(work, TitleDetails(name=one.title, publisher=one.publisher))
                details = PoolDetails(
                    title_id=title.id,
                    name=one.title,
                    metric=one.metric,
                    cap=one.cap,
                    policy=one.policy,
                    starts_on=self.day(FOUNDED),
                    ends_on=self.day(-one.ends_in),
                    reference="PO-2022-118",
                )
                self.pools[one.title] = licences.open_pool(work, details).id

    def _life(self, number: int, device: plan.Device) -> Iterator[tuple[int, int, Callable[[], None]]]:
        """What happened to one device, each with its day."""
        yield device.arrived, number, lambda: self._arrive(number, device)
        for event in device.life:
            ago, verb, *given = event.split()
            yield (
                int(ago),
                number,
                lambda ago=int(ago), verb=verb, given=given: (  # type: ignore[misc]
                    self._happen(number, ago, verb, given)
                ),
            )

    def _arrive(self, number: int, device: plan.Device) -> None:
        product = next(one for one in plan.PRODUCTS if one.word == device.product)
        serial = device.serial or f"{product.serial}{4711 + number * 37:07d}"
        with self.on(device.arrived, "sato", 2 * number) as work:
            made = assets.register(
                work,
                model_id=self.models[device.product],
                serial=serial if product.serial else "",
                project_id=self.projects.get(device.project),
                location_id=self.locations["HQ-SV" if product.category == "server" else "HQ-3F"],
                ownership=device.ownership,
                accessories=list(product.accessories),
            )
            self.tags[number] = str(made.tag)
        if device.accepted:
            with self.on(device.arrived, "suzuki", 2 * number + 1) as work:
                assets.accept(work, tag=self.tags[number])

    def _happen(self, number: int, ago: int, verb: str, given: list[str]) -> None:
        tag = self.tags[number]
        who = "suzuki" if verb == "dispose" else "sato"
        with self.on(ago, who, 120 + number) as work:
            match verb:
                case "give":
                    self._give(work, tag, *given)
                case "transfer":
                    assets.transfer(work, tag=tag, holder=self._holder(work, given[0]))
                case "back":
                    handovers.take_back(work, [Returned(tag=tag)])
                case _:
                    assets.take_step(work, tag=tag, step=PLAIN_STEPS[verb], reason=REASONS.get(verb, ""))

    def _holder(self, work: Work, number: str) -> Holder:
        return asset_queries.find_holder(work, HolderKind.PERSON, self.people[number])

    def _give(self, work: Work, tag: str, number: str, pool: str = "-", days: str = "") -> None:
        """`pool`: "office" grants the first pool's seat with it; `days`: how long it may be kept."""
        pools = (self.pools[plan.LICENCES[0].title],) if pool == "office" else ()
        due = (work.now + timedelta(days=int(days))).date() if days else None
        handovers.hand_over(
            work, self._holder(work, number), [Given(tag=tag)], Terms(due_on=due, pool_ids=pools)
        )

    def _seats(self) -> None:
        """Seats given by hand, until each pool stands as the plan says."""
        for one in plan.LICENCES:
            pool_id = self.pools[one.title]
            with self.on(1, "suzuki", 240) as work:
                missing = one.given_to - positions.pool(work, pool_id).used
                without = [h for h in self._candidates(work, one) if not _has_seat(work, pool_id, h)]
                for holder in without[: max(missing, 0)]:
                    licences.grant_seat(work, pool_id, holder)

    def _candidates(self, work: Work, one: plan.Licences) -> Iterator[Holder]:
        if one.metric == "device":
            for number in (0, 1, 3):
                asset = asset_queries.by_tag(work, self.tags[number])
                yield asset_queries.find_holder(work, HolderKind.ASSET, asset.id)
            return
        today = self.began.date()
        for staff_number in self.people:
            holder = self._holder(work, staff_number)
            if holder.active_on(today):
                yield holder

    def _labels(self) -> None:
        """Every device has its label, but for those that came yesterday."""
        tags = [self.tags[number] for number, device in enumerate(plan.DEVICES) if device.arrived > 1]
        order = PrintOrder(tags=tuple(tags), template=plan.SHEET)
        printing.print_now(self.ledger, self.actors["sato"], order)

    def _on_order(self) -> None:
        word, quantity, project = plan.ON_ORDER
        with self.on(1, "sato", 260) as work:
            assets.order(
                work,
                model_id=self.models[word],
                quantity=quantity,
                order_no="PO-2026-0412",
                project_id=self.projects[project],
                price=238_000,
            )

    def _kits(self) -> None:
        """One kit waits for a person; another was cancelled."""
        waiting, cancelled = self._unkitted()
        for place, tag in enumerate((waiting, cancelled)):
            with self.on(0, "sato") as work:
                assets.set_endpoint(
                    work,
                    tag=tag,
                    kind="ssh",
                    address=f"192.0.2.{21 + place}",
                    port=22,
                    account="kitto",
                    host_key=_host_key(),
                )
                kit = kitting.start_kit(work, tag=tag, profile="linux-workstation")
            if tag == cancelled:
                with self.on(0, "sato") as work:
                    kitting.cancel(work, kit_id=kit.id, reason="天板に傷があったため交換を依頼")

    def _orders(self) -> None:
        """One order waits for an approval, the other for its devices."""
        for quantity, asks in ((12, True), (5, False)):
            with self.on(0, "sato") as work:
                kitting.ask_order(
                    work,
                    profile="linux-workstation",
                    quantity=quantity,
                    project_id=next(iter(self.projects.values())),
                    needs_approval=asks,
                    note="開発部の新人研修",
                )

    def _unkitted(self) -> tuple[str, str]:
        devices = plan.DEVICES
        fresh = [n for n in self.numbers_of("latitude") if devices[n].accepted and not devices[n].life]
        return self.tags[fresh[0]], self.tags[fresh[1]]

    def _probes(self) -> None:
        """Probes of addresses that are nobody's, switched off: turn them on for your own."""
        with self.on(0, "sato") as work:
            key = health.set_credential(
                work,
                CredentialSpec(
                    name="機器監視（読取り専用）", kind=CredentialKind.COMMUNITY, secret=Secret(new_token())
                ),
            )
            for place, number in enumerate(self.numbers_of("printer", "switch")):
                probe = health.add_probe(
                    work,
                    tag=self.tags[number],
                    kind=ProbeKind.SNMP,
                    address=f"192.0.2.{101 + place}",
                    credential_id=key.id,
                )
                health.change_probe(
                    work, probe_id=probe.id, changes=ProbeChanges(enabled=False), version=None
                )

    def numbers_of(self, *products: str) -> list[int]:
        """Places in the plan of the devices of these products."""
        return [n for n, device in enumerate(plan.DEVICES) if device.product in products]

    def _told(self, password: Secret | None) -> dict[str, Any]:
        found: dict[str, Any] = {
            "people": len(self.people),
            "devices": len(self.tags) + plan.ON_ORDER[1],
            "accounts": [name for name, _, _ in plan.ACCOUNTS],
        }
        if password is None:
            with self.ledger.begin(owner()) as work:
                for name, _, _ in plan.ACCOUNTS:
                    account = accounts.account_by_name(work, name)
                    link = identity.make_password_link(work, account.id)
                    found[f"{name}_sets_password_at"] = link_address(link)
        return found


def _has_seat(work: Work, pool_id: int, holder: Holder) -> bool:
    return any(seat.pool_id == pool_id for seat in positions.seats_of(work, holder.kind, [holder.id]))


def _host_key() -> str:
    made = Ed25519PrivateKey.generate().public_key()
    return made.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
