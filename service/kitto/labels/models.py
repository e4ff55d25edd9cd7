"""Tables of labels: prints, the label of each device, and how printers miss."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kitto.base.db import Base, Id, Json
from kitto.base.paper.proof import Calibration


class LabelPrint(Base):
    """One print. Its PDF lies in the data folder under its SHA-256; rows are only added."""

    __tablename__ = "label_print"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(100), index=True)
    made_by_name: Mapped[str]
    template: Mapped[str]
    count: Mapped[int]
    pages: Mapped[int]
    skipped: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    tags: Mapped[list[str]]
    warnings: Mapped[dict[str, int]] = mapped_column(Json)


class DeviceLabel(Base):
    """The label of a device: wanted since when, printed last in which print, scanned back when."""

    __tablename__ = "device_label"

    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), primary_key=True, autoincrement=False)
    wanted_since: Mapped[datetime | None]
    printed_at: Mapped[datetime | None]
    print_id: Mapped[int | None] = mapped_column(ForeignKey("label_print.id"))
    verified_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_device_label_wanted", "wanted_since", "asset_id"),)


class LabelPrinter(Base):
    """How a printer misses: shift in millimetres and stretch, found with the trial page."""

    __tablename__ = "label_printer"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    dx: Mapped[float]
    dy: Mapped[float]
    scale_x: Mapped[float]
    scale_y: Mapped[float]

    __mapper_args__ = {"version_id_col": version}

    @property
    def calibration(self) -> Calibration:
        return Calibration(self.dx, self.dy, self.scale_x, self.scale_y)

    def keep(self, calibration: Calibration) -> None:
        self.dx, self.dy = calibration.dx, calibration.dy
        self.scale_x, self.scale_y = calibration.scale_x, calibration.scale_y
