"""What a label says, without a database."""

import pytest

from kitto.assets.rules import AssetTag, read_scan
from kitto.base.paper.proof import Calibration
from kitto.labels.rules import (
    Device,
    House,
    LabelsTooMany,
    NoLabelScanned,
    OffsetTooFar,
    check_calibration,
    check_size,
    label_for,
    label_scanned,
)

TAG = AssetTag.number("PC", 17)
DEVICE = Device(1, TAG, "Dell Latitude 7450", "8XK2Q93", ())


@pytest.mark.parametrize(
    ("label_host", "public_url", "address", "host"),
    [
        ("kitto.example", "http://127.0.0.1:8300", "HTTPS://KITTO.EXAMPLE", "kitto.example"),
        ("", "https://kitto.example.co.jp", "HTTPS://KITTO.EXAMPLE.CO.JP", "kitto.example.co.jp"),
        ("", "http://127.0.0.1:8300", "HTTP://127.0.0.1:8300", "127.0.0.1:8300"),
    ],
)
def test_codes_lead_to_the_label_host_or_to_the_service(
    label_host: str, public_url: str, address: str, host: str
) -> None:
    house = House.of(label_host=label_host, public_url=public_url, organisation="株式会社きっと")
    label = label_for(DEVICE, house)
    assert label.code == f"{address}/T/{TAG.compact}"
    assert label.host == host


def test_a_label_carries_tag_model_serial_and_owner() -> None:
    house = House.of(label_host="kitto.example", public_url="", organisation="株式会社きっと")
    label = label_for(DEVICE, house)
    assert (label.title, label.bars, label.short_code) == (str(TAG), TAG.compact, TAG.compact)
    assert (label.name, label.detail, label.owner) == ("Dell Latitude 7450", "S/N 8XK2Q93", "株式会社きっと")


def test_what_the_code_says_is_read_as_the_same_tag() -> None:
    house = House.of(label_host="kitto.example", public_url="", organisation="")
    assert label_scanned(read_scan(label_for(DEVICE, house).code)) == TAG
    assert label_scanned(read_scan(label_for(DEVICE, house).bars.lower())) == TAG


def test_a_serial_number_is_no_label() -> None:
    with pytest.raises(NoLabelScanned, match="8XK2Q93"):
        label_scanned(read_scan("8XK2Q93"))


def test_too_many_labels_and_offsets_too_far_are_refused() -> None:
    check_size(["x"] * 1000)
    with pytest.raises(LabelsTooMany):
        check_size(["x"] * 1001)
    check_calibration(Calibration(20, -20, 1.05, 0.95))
    for far in (
        Calibration(dx=20.1),
        Calibration(dy=-21),
        Calibration(scale_x=1.06),
        Calibration(scale_y=0.9),
    ):
        with pytest.raises(OffsetTooFar):
            check_calibration(far)
