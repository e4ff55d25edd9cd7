"""What a label says and what a print is asked to be; pure, without database and web."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field

from kitto.assets.rules import AssetTag, Scan
from kitto.base.errors import Fault, NotFound, Refusal
from kitto.base.i18n import N_
from kitto.base.paper.layout import Label
from kitto.base.paper.proof import Calibration
from kitto.base.paper.templates import Template

MOST: Final = 1000
"""Labels of one print; more are several prints, each read back by itself."""
SHOWN: Final = 5
FURTHEST: Final = 20.0
"""Millimetres by which a printer may be set off; more is the wrong template."""
NARROWEST: Final = 0.95
WIDEST: Final = 1.05
Shift = Annotated[float, Field(ge=-FURTHEST, le=FURTHEST, allow_inf_nan=False)]
Scale = Annotated[float, Field(ge=NARROWEST, le=WIDEST, allow_inf_nan=False)]


class LabelsTooMany(Refusal):
    code = "labels.too_many"
    status = 422
    says = N_("Nothing was printed: {count} labels are more than {most}. Print them in several goes.")


class DevicesUnknown(Refusal):
    code = "labels.devices_unknown"
    status = 404
    says = N_("Nothing was printed: not in the ledger: {tags}. Check these tags, then print again.")


class NoLabelScanned(Refusal):
    code = "labels.no_label_scanned"
    status = 422
    says = N_(
        "“{text}” is no label of ours: a label names the tag of the device. "
        "Scan the code on the label, not the serial number."
    )


class WrongLabel(Refusal):
    code = "labels.wrong_label"
    says = N_("The label on this device says {scanned}, it should say {tag}. Stick the right label on it.")


class LabelFileGone(NotFound):
    code = "labels.file_gone"
    says = N_("The file of print {key} is gone or was changed. Print these labels again.")


class OffsetTooFar(Refusal):
    code = "labels.offset_too_far"
    status = 422
    says = N_(
        "Nothing was kept: an offset is at most {furthest} mm, a scale between {low} and {high}. "
        "Further off than that is another template."
    )


class LabelStoreBroken(Fault):
    """The folder that keeps finished labels cannot be used."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a label knows of a device."""

    asset_id: int
    tag: AssetTag
    model: str
    serial: str
    scopes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class House:
    """Who the labels belong to: `address` is what the code begins with, `host` is printed in clear."""

    address: str
    host: str
    organisation: str

    @classmethod
    def of(cls, *, label_host: str, public_url: str, organisation: str) -> "House":
        """Codes lead to the short label host if there is one, else to the service itself."""
        parts = urlsplit(f"https://{label_host}" if label_host else public_url)
        return cls(f"{parts.scheme}://{parts.netloc}".upper(), parts.netloc.lower(), organisation)


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """What someone asks for. `template` is an id or the part number on the pack.

    `printer` names a known printer, whose offsets then count; else `calibration` does.
    """

    tags: tuple[str, ...]
    template: str
    skip: int = 0
    printer: str = ""
    calibration: Calibration = field(default_factory=Calibration)
    border: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A print with everything known that drawing needs; no database from here on."""

    template: Template
    others: tuple[Template, ...]
    devices: tuple[Device, ...]
    house: House
    calibration: Calibration
    order: PrintOrder

    def labels(self) -> list[Label]:
        return [label_for(device, self.house) for device in self.devices]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished print: its file is kept and every code on it was read back."""

    plan: Plan
    sha256: str
    pages: int
    bytes: int
    warnings: dict[str, int]


def label_for(device: Device, house: House) -> Label:
    """The label of a device. Its address is in capitals, which makes the code a size smaller."""
    return Label(
        title=str(device.tag),
        short_title=device.tag.compact,
        code=address_of(device.tag, house),
        short_code=device.tag.compact,
        bars=device.tag.compact,
        name=device.model,
        detail=f"S/N {device.serial}" if device.serial else "",
        owner=house.organisation,
        host=house.host,
    )


def address_of(tag: AssetTag, house: House) -> str:
    """What the code on a label leads to: `HTTPS://HOST/T/PC0000171`."""
    return f"{house.address}/T/{tag.compact}"


def check_size(tags: Sequence[str]) -> None:
    if len(tags) > MOST:
        raise LabelsTooMany(count=len(tags), most=MOST)


def check_calibration(calibration: Calibration) -> None:
    """Refuse what no printer misses by."""
    offsets = (calibration.dx, calibration.dy)
    scales = (calibration.scale_x, calibration.scale_y)
    if any(abs(offset) > FURTHEST for offset in offsets) or any(
        not NARROWEST <= scale <= WIDEST for scale in scales
    ):
        raise OffsetTooFar(furthest=FURTHEST, low=NARROWEST, high=WIDEST)


def label_scanned(scan: Scan) -> AssetTag:
    """The tag a scanned label names. Refuses a scan that holds none, such as a serial number."""
    if not scan.tags:
        raise NoLabelScanned(text=scan.text[:64])
    return scan.tags[0]
