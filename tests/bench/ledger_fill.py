"""100,000 devices, 20,000 people and 1,000,000 facts for the benches, as the actions would leave them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, text, update

from kitto.assets.actions.naming import folded
from kitto.assets.models import Asset, AssetText, Category, Custody, Identifier, Model
from kitto.assets.rules import AssetTag, Condition, HolderKind, IdentifierKind, Ownership, State
from kitto.base import clock, journal
from kitto.base.facts import Fact
from kitto.base.journal import FactRow, JournalHead
from kitto.base.seal import Secret
from kitto.identity import actions as identity
from kitto.identity import queries as accounts
from kitto.identity.doors import person_actor
from kitto.identity.rules import Permission
from kitto.main import House
from kitto.people.models import Person
from kitto.people.rules import PersonKind, search_key
from tests.make import KITTO

FAMILY = ("佐藤", "鈴木", "髙橋", "田中", "渡邊", "伊藤", "山本", "中村", "小林", "𠮷野")
GIVEN = ("花子", "一郎", "実", "美咲", "翔", "葵", "蓮", "陽菜", "健", "直子")
STATES = (State.IN_USE, State.IN_USE, State.IN_USE, State.READY, State.IN_STOCK, State.RETIRED)


class Filler(Fact):
    """A fact of the bench; a million of them fill the journal as a year of work would."""

    kind = "bench.happened"
    says = "something happened"
    about = ("asset", "asset_id")
    asset_id: int = 0


def fill(house: House, assets: int, people: int, facts: int) -> None:
    """Rows by the thousand, as the actions would leave them."""
    now = clock.now()
    with house.database.write.begin() as connection:
        connection.execute(
            insert(Category),
            [
                {
                    "id": 1,
                    "code": "pc",
                    "name_ja": "PC",
                    "name_en": "PC",
                    "tag_prefix": "PC",
                    "tag_width": 6,
                    "needs_serial": True,
                    "needs_kitting": True,
                }
            ],
        )
        connection.execute(
            insert(Model),
            [
                {
                    "id": n,
                    "version": 1,
                    "category_id": 1,
                    "maker": "Dell",
                    "name": f"Latitude {7000 + n}",
                    "number": "",
                }
                for n in range(1, 51)
            ],
        )
        for start in range(0, people, 5000):
            connection.execute(
                insert(Person), [_person(n) for n in range(start + 1, min(start + 5000, people) + 1)]
            )
        for start in range(0, assets, 5000):
            numbers = range(start + 1, min(start + 5000, assets) + 1)
            connection.execute(insert(Asset), [_asset(n, now) for n in numbers])
            connection.execute(insert(Identifier), [row for n in numbers for row in _known(n, now)])
            held = [n for n in numbers if STATES[n % len(STATES)] is State.IN_USE]
            connection.execute(insert(Custody), [_custody(n, people, now) for n in held])
            connection.execute(insert(AssetText), [_text(n, people) for n in numbers])
    with house.database.write.begin() as connection:
        _write_journal(connection, assets, facts, now)
    with house.database.write.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _write_journal(connection: Connection, assets: int, facts: int, now: datetime) -> None:
    """The chain as `journal.append` would leave it; on PostgreSQL by COPY, which takes minutes less."""
    rows = _chained(assets, facts, now)
    names = FactRow.__table__.columns.keys()
    last = {"seq": 0, "hash": journal.START}
    if connection.dialect.name == "sqlite":
        while some := list(islice(rows, 20_000)):
            connection.execute(insert(FactRow), some)
            last = some[-1]
    else:
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY fact ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
                last = row
    connection.execute(update(JournalHead).values(seq=last["seq"], hash=last["hash"]))


def _chained(assets: int, facts: int, now: datetime) -> Iterator[dict[str, Any]]:
    who = journal.Signature("system", "bench", "bench", "")
    head = journal.START
    for seq in range(1, facts + 1):
        row = journal._row(_fact(seq % assets + 1), who, now, seq, head)
        head = row["hash"]
        yield row


def _fact(asset_id: int) -> Fact:
    made = Filler()
    object.__setattr__(made, "asset_id", asset_id)
    return made


def _name(n: int) -> str:
    return f"{FAMILY[n % 10]} {GIVEN[n // 10 % 10]}"


def _person(n: int) -> dict[str, Any]:
    name = _name(n)
    return {
        "id": n,
        "version": 1,
        "number": f"E{n:06d}",
        "name": name,
        "kana": "",
        "kind": PersonKind.EMPLOYEE,
        "mail": f"e{n}@example.jp",
        "locale": "ja",
        "search": search_key(f"{name} E{n:06d}"),
        "sort_key": search_key(name)[:100],
    }


def tag(n: int) -> AssetTag:
    return AssetTag.number("PC", n)


def _asset(n: int, now: Any) -> dict[str, Any]:
    return {
        "id": n,
        "version": 1,
        "tag": str(tag(n)),
        "model_id": n % 50 + 1,
        "state": STATES[n % len(STATES)],
        "state_since": now,
        "condition": Condition.GOOD,
        "ownership": Ownership.OWNED,
        "serial": f"SN{n:08d}",
        "order_no": f"PO-{n // 50}",
        "ordered_by": "",
        "retired_by": "",
        "accessories": [],
        "note": "",
        "changed_at": now,
    }


def _known(n: int, now: Any) -> Iterator[dict[str, Any]]:
    for kind, raw, norm in (
        (IdentifierKind.TAG, str(tag(n)), tag(n).compact),
        (IdentifierKind.SERIAL, f"SN{n:08d}", f"SN{n:08d}"),
    ):
        yield {"asset_id": n, "kind": kind, "raw": raw, "norm": norm, "since": now}


def _custody(n: int, people: int, now: Any) -> dict[str, Any]:
    holder = n % people + 1
    return {
        "asset_id": n,
        "holder_kind": HolderKind.PERSON,
        "holder_id": holder,
        "holder_name": _name(holder),
        "purpose": "",
        "started_at": now,
        "opened_by": "bench",
    }


def _text(n: int, people: int) -> dict[str, Any]:
    holder = _name(n % people + 1) if STATES[n % len(STATES)] is State.IN_USE else ""
    return {
        "asset_id": n,
        "text": folded(f"{tag(n)} Dell Latitude {7000 + n % 50 + 1} PO-{n // 50} {holder} SN{n:08d}"),
    }


def token_of(house: House) -> str:
    with house.ledger.begin(KITTO) as work:
        identity.create_first_administrator(
            work, name="bench", display_name="bench", password=Secret("correct horse battery staple")
        )
    with house.ledger.read(KITTO) as work:
        maker = person_actor(accounts.account_by_name(work, "bench"))
    wish = identity.TokenWish(
        name="bench",
        permissions=(Permission.SEE, Permission.READ_JOURNAL, Permission.PRINT_LABELS, Permission.WATCH),
        expires_at=clock.now() + timedelta(days=1),
        quota=1_000_000,
    )
    with house.ledger.begin(maker) as work:
        return identity.make_token(work, wish)[1].reveal()
