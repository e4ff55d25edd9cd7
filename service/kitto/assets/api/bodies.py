"""What the JSON doors of the ledger take and give."""

from datetime import date, datetime

from pydantic import BaseModel, Field, SecretStr

from kitto.assets.models import Asset, Custody, Endpoint, Identifier
from kitto.assets.queries import AssetLine
from kitto.assets.rules import (
    RIGHTS,
    Condition,
    HolderKind,
    IdentifierKind,
    Ownership,
    State,
    Step,
    open_steps,
)
from kitto.base.work import Work
from kitto.web.bodies import Number, Short, Strict


class HolderOut(BaseModel):
    kind: HolderKind
    id: int
    name: str
    since: datetime | None
    due_on: date | None


class AssetOut(BaseModel):
    """A device as the ledger knows it."""

    id: int
    version: int
    tag: str | None = Field(examples=["PC-000042-C"])
    state: State
    state_since: datetime
    condition: Condition
    ownership: Ownership
    category: str = Field(examples=["pc"])
    maker: str
    model: str
    model_id: int
    serial: str | None
    hostname: str | None
    department_id: int | None
    project_id: int | None
    location_id: int | None
    order_no: str
    price: int | None = Field(description="yen")
    warranty_until: date | None
    accessories: list[str]
    note: str
    holder: HolderOut | None
    steps: list[Step] = Field(description="Steps that its state allows and your rights cover.")


class AssetsOut(BaseModel):
    items: list[AssetOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class CustodyOut(BaseModel):
    id: int
    asset_id: int
    holder_kind: HolderKind
    holder_id: int
    holder_name: str
    purpose: str
    due_on: date | None
    started_at: datetime
    ended_at: datetime | None


class IdentifierOut(BaseModel):
    id: int
    kind: IdentifierKind
    value: str
    since: datetime
    ended_at: datetime | None


class OrderIn(Strict):
    model_id: Number
    quantity: int = Field(default=1, ge=1, le=500)
    order_no: Short = ""
    project_id: Number | None = None
    department_id: Number | None = None
    ownership: Ownership = Ownership.OWNED
    price: int | None = Field(default=None, ge=0, le=10**12, description="yen, each")


class RegisterIn(Strict):
    model_id: Number
    serial: Short = Field(default="", examples=["8XK2Q93"])
    project_id: Number | None = None
    department_id: Number | None = None
    location_id: Number | None = None
    ownership: Ownership = Ownership.OWNED
    accessories: list[Short] = Field(default=[], max_length=50)


class ReceiveIn(Strict):
    serial: Short = Field(default="", examples=["8XK2Q93"])
    accessories: list[Short] = Field(default=[], max_length=50)
    location_id: Number | None = None


class ChangeIn(Strict):
    """Fields that are left out stay as they are."""

    condition: Condition | None = None
    ownership: Ownership | None = None
    department_id: Number | None = None
    project_id: Number | None = None
    location_id: Number | None = None
    hostname: Short | None = None
    order_no: Short | None = None
    price: int | None = Field(default=None, ge=0, le=10**12)
    warranty_until: date | None = None
    accessories: list[Short] | None = Field(default=None, max_length=50)
    note: str | None = Field(default=None, max_length=4000, examples=["天板に小さな傷"])


class StepIn(Strict):
    step: Step = Field(examples=["recall"])
    reason: str = Field(default="", max_length=500)


class CorrectIn(Strict):
    state: State = Field(examples=["in_stock"])
    reason: str = Field(max_length=500, examples=["Entered twice by mistake."])


class HandOverIn(Strict):
    holder_kind: HolderKind = HolderKind.PERSON
    holder_id: Number
    due_on: date | None = None
    purpose: Short = ""


class RenewIn(Strict):
    due_on: date | None = None


class TakeBackIn(Strict):
    condition: Condition = Condition.GOOD
    missing: list[Short] = Field(default=[], max_length=50)


class IdentifierIn(Strict):
    kind: IdentifierKind = Field(examples=["mac"])
    value: str = Field(min_length=1, max_length=200, examples=["00:00:5E:00:53:01"])


class EndpointIn(Strict):
    address: str = Field(max_length=64, examples=["192.0.2.10"])
    port: int = Field(ge=1, le=65535, examples=[22])
    account: Short = ""
    host_key: str = Field(
        default="",
        max_length=8000,
        examples=["ssh-ed25519 AAAA…"],
        description="SSH: the host key as in its .pub file. WinRM: the device's certificate as PEM.",
    )
    way: str = Field(
        default="",
        max_length=16,
        examples=["ssh"],
        description="ssh or ssh_windows for ssh, psrp or winrm for winrm; left out, the first of them.",
    )
    password: SecretStr | None = Field(
        default=None,
        max_length=256,
        description="WinRM: the account's password. It is sealed and never given back; left out, it stays.",
    )


class EndpointOut(BaseModel):
    kind: str
    address: str
    port: int
    account: str
    host_key: str
    way: str
    has_password: bool

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointOut":
        """The endpoint without its password."""
        return cls(
            kind=endpoint.kind,
            address=endpoint.address,
            port=endpoint.port,
            account=endpoint.account,
            host_key=endpoint.host_key,
            way=endpoint.way,
            has_password=bool(endpoint.sealed),
        )


class CategoryIn(Strict):
    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", examples=["scanner"])
    name_ja: Short = Field(examples=["スキャナー"])
    name_en: Short = Field(examples=["Scanner"])
    tag_prefix: str = Field(pattern=r"^[A-Z]{1,4}$", examples=["SC"])
    tag_width: int = Field(default=6, ge=4, le=9)
    needs_serial: bool = True
    needs_kitting: bool = False


class CategoryOut(CategoryIn):
    id: int


class ModelIn(Strict):
    category: str = Field(max_length=32, examples=["pc"])
    maker: Short = Field(examples=["Dell"])
    name: Short = Field(examples=["Latitude 7450"])
    number: Short = ""


class ModelOut(ModelIn):
    id: int


class LocationIn(Strict):
    code: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$", examples=["HQ-3F"])
    name: Short = Field(examples=["本社 3 階"])
    parent_id: Number | None = None


class LocationOut(LocationIn):
    id: int


def shown(work: Work, asset: Asset, custody: Custody | AssetLine | None) -> AssetOut:
    """A device as JSON, with who holds it."""
    model = asset.model
    return AssetOut(
        id=asset.id,
        version=asset.version,
        tag=asset.tag,
        state=asset.state,
        state_since=asset.state_since,
        condition=asset.condition,
        ownership=asset.ownership,
        category=model.category.code,
        maker=model.maker,
        model=model.name,
        model_id=model.id,
        serial=asset.serial,
        hostname=asset.hostname,
        department_id=asset.department_id,
        project_id=asset.project_id,
        location_id=asset.location_id,
        order_no=asset.order_no,
        price=asset.price,
        warranty_until=asset.warranty_until,
        accessories=asset.accessories,
        note=asset.note,
        holder=_holder(custody),
        steps=[step for step in open_steps(asset.state) if work.actor.may(RIGHTS[step])],
    )


def _holder(custody: Custody | AssetLine | None) -> HolderOut | None:
    if custody is None or custody.holder_kind is None:
        return None
    since = custody.started_at if isinstance(custody, Custody) else custody.held_since
    return HolderOut(
        kind=custody.holder_kind,
        id=custody.holder_id or 0,
        name=custody.holder_name or "",
        since=since,
        due_on=custody.due_on,
    )


def shown_custody(custody: Custody) -> CustodyOut:
    return CustodyOut.model_validate(custody, from_attributes=True)


def shown_identifier(found: Identifier) -> IdentifierOut:
    return IdentifierOut(
        id=found.id, kind=found.kind, value=found.raw, since=found.since, ended_at=found.ended_at
    )
