"""Who works in the seeded office, what it owns, and what happened to each thing. Data only."""

from dataclasses import dataclass
from typing import Final

from kitto.assets.rules import Ownership
from kitto.identity.rules import Role
from kitto.licences.rules import Metric, Policy
from kitto.people.rules import PersonKind


@dataclass(frozen=True)
class Member:
    """One person. `joined_ago` in days (None: from the beginning); `leaves_in`: days from today."""

    number: str
    name: str
    kana: str
    department: str
    kind: PersonKind = PersonKind.EMPLOYEE
    joined_ago: int | None = None
    leaves_in: int | None = None
    project: str = ""


@dataclass(frozen=True)
class Product:
    """A model, by the word the plan uses for it."""

    word: str
    category: str
    maker: str
    name: str
    serial: str
    accessories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Device:
    """One device: its product, how many days ago it arrived, and what happened since.

    Each event is "days-ago verb [argument …]"; the verbs are those of `office.VERBS`.
    """

    product: str
    arrived: int
    life: tuple[str, ...] = ()
    ownership: Ownership = Ownership.OWNED
    project: str = ""
    accepted: bool = True
    serial: str = ""


@dataclass(frozen=True)
class Licences:
    title: str
    publisher: str
    metric: Metric
    cap: int
    policy: Policy
    given_to: int
    ends_in: int = 400


@dataclass(frozen=True)
class Line:
    """A phone line. `inside`: the product whose next device has its SIM; `suspended`: days ago."""

    number: str
    carrier: str
    plan: str
    contract: str
    began: int
    inside: str = ""
    esim: bool = False
    suspended: int | None = None


ACCOUNTS: Final = (
    ("sato", "E0101", Role.TECHNICIAN),
    ("suzuki", "E0102", Role.ASSET_MANAGER),
    ("tanaka", "E0201", Role.VIEWER),
)
DEPARTMENTS: Final = (
    ("IT", "情報システム部"),
    ("PSO", "プロジェクト支援室"),
    ("DEV", "開発部"),
    ("SALES", "営業部"),
    ("GA", "総務部"),
)
PROJECTS: Final = (("P-2026-01", "新宿拠点 PC 入替"), ("P-2026-02", "現場タブレット展開"))
LOCATIONS: Final = (
    ("HQ", "東京本社", ""),
    ("HQ-3F", "東京本社 3F 機材庫", "HQ"),
    ("HQ-SV", "東京本社 サーバー室", "HQ"),
    ("OSAKA", "大阪支社", ""),
)
CATEGORIES: Final = (  # code, Japanese, English, prefix, serial needed, kitted
    ("pc", "パソコン", "PC", "PC", True, True),
    ("phone", "携帯電話", "Phone", "PH", True, False),
    ("tablet", "タブレット", "Tablet", "TB", True, False),
    ("monitor", "モニター", "Monitor", "MN", True, False),
    ("printer", "プリンター", "Printer", "PR", True, False),
    ("network", "ネットワーク機器", "Network", "NW", True, False),
    ("server", "サーバー", "Server", "SV", True, False),
    ("accessory", "付属品", "Accessory", "AC", False, False),
)
PRODUCTS: Final = (
    Product("latitude", "pc", "Dell", "Latitude 7450", "7LT", ("AC アダプター", "電源コード")),
    Product("thinkpad", "pc", "Lenovo", "ThinkPad X1 Carbon Gen 12", "PF4", ("AC アダプター",)),
    Product("letsnote", "pc", "Panasonic", "Let's note FV5", "5KR", ("AC アダプター", "予備バッテリー")),
    Product("iphone", "phone", "Apple", "iPhone 15", "F4G", ("USB-C ケーブル",)),
    Product("aquos", "phone", "SHARP", "AQUOS sense8", "SH5"),
    Product("ipad", "tablet", "Apple", "iPad Air 11", "DMQ", ("ケース", "USB-C ケーブル")),
    Product("eizo", "monitor", "EIZO", "FlexScan EV2740X", "EZ2", ("HDMI ケーブル",)),
    Product("printer", "printer", "Kitto Works", "KW-C3500", "KWC35-"),
    Product("switch", "network", "Kitto Works", "KW-SW24G", "KWSW24-"),
    Product("server", "server", "HPE", "ProLiant DL360 Gen11", "CZJ"),
    Product("mouse", "accessory", "Logicool", "MX Master 3S", ""),
)
STAFF: Final = (
    Member("E0101", "佐藤 花子", "サトウ ハナコ", "IT"),
    Member("E0102", "鈴木 一郎", "スズキ イチロウ", "IT"),
    Member("E0201", "田中 実", "タナカ ミノル", "DEV", project="P-2026-01"),
    Member("E0202", "髙橋 大輔", "タカハシ ダイスケ", "DEV", project="P-2026-01"),
    Member("E0203", "渡邊 さくら", "ワタナベ サクラ", "DEV", project="P-2026-02"),
    Member("E0301", "𠮷野 葛", "ヨシノ カズラ", "SALES"),
    Member("E0302", "伊藤 美咲", "イトウ ミサキ", "SALES"),
    Member("E0303", "山本 健", "ヤマモト ケン", "SALES", leaves_in=12),
    Member("E0401", "中村 優子", "ナカムラ ユウコ", "GA"),
    Member("E0402", "小林 誠", "コバヤシ マコト", "GA"),
    Member("E0501", "加藤 陽菜", "カトウ ヒナ", "PSO", project="P-2026-02"),
    Member("T0001", "齋藤 蓮", "サイトウ レン", "PSO", PersonKind.TEMPORARY, 200, 60),
    Member("B0001", "Anna Schmidt", "アンナ シュミット", "DEV", PersonKind.PARTNER, project="P-2026-01"),
    Member("E0601", "森 あおい", "モリ アオイ", "DEV", joined_ago=-10),
)
DEVICES: Final = (
    Device("latitude", 380, ("370 kit", "369 ready", "365 give E0201 office")),
    Device("latitude", 380, ("370 kit", "369 ready", "365 give E0202 office")),
    Device(
        "latitude",
        380,
        ("370 kit", "368 ready", "360 give E0303", "30 back", "28 restock", "27 kit", "26 ready"),
    ),
    Device("latitude", 380, ("370 kit", "368 ready", "350 give E0302 office", "40 back", "38 repair")),
    Device("latitude", 380, ("370 kit", "368 ready", "340 give E0401 office", "15 transfer E0402")),
    Device("latitude", 380, ("370 kit", "368 ready", "330 give E0203 office", "9 recall")),
    Device("latitude", 120, ("110 kit", "109 ready", "100 give E0301 office")),
    Device("latitude", 120, ("110 kit", "109 ready"), project="P-2026-01"),
    Device("latitude", 120, ("110 kit", "109 ready"), project="P-2026-01"),
    Device("latitude", 20, ("12 kit", "11 ready"), project="P-2026-01"),
    Device("latitude", 20, project="P-2026-01"),
    Device("latitude", 20, project="P-2026-01"),
    Device("latitude", 20, project="P-2026-01"),
    Device("latitude", 1, project="P-2026-01", accepted=False),
    Device("latitude", 1, project="P-2026-01", accepted=False),
    Device("thinkpad", 300, ("290 kit", "289 ready", "280 give E0101 office")),
    Device("thinkpad", 300, ("290 kit", "289 ready", "280 give E0102 office")),
    Device("thinkpad", 300, ("290 kit", "289 ready", "270 give B0001 - 250"), Ownership.LEASED),
    Device("thinkpad", 300, ("290 kit", "289 ready", "260 give E0501 office", "5 lost"), Ownership.LEASED),
    Device("thinkpad", 90, ("85 kit", "84 ready", "80 give T0001 office 140"), Ownership.RENTED),
    Device("letsnote", 1500, ("1490 kit", "1489 ready", "1480 give E0402", "120 back", "118 retire")),
    Device(
        "letsnote",
        1500,
        ("1490 kit", "1489 ready", "1480 give E0401", "130 back", "128 retire", "100 dispose"),
    ),
    Device("letsnote", 1500, ("1490 kit", "1489 ready", "1470 give E0302", "4 back", "3 wipe")),
    Device("letsnote", 1500, ("1490 kit", "1489 ready", "1470 give E0301", "2 back")),
    Device("iphone", 200, ("190 give E0301 -",)),
    Device("iphone", 200, ("190 give E0302 -",)),
    Device("iphone", 200, ("190 give E0303 -",)),
    Device("iphone", 200),
    Device("aquos", 60, ("55 give E0501 - 40",)),
    Device("aquos", 60),
    Device("ipad", 45, ("40 give E0203 - 33",), project="P-2026-02"),
    Device("ipad", 45, ("40 give E0501 - 60",), project="P-2026-02"),
    Device("ipad", 45, project="P-2026-02"),
    Device("eizo", 380, ("364 give E0201 -",)),
    Device("eizo", 380, ("364 give E0202 -",)),
    Device("eizo", 380),
    Device("printer", 500, serial="KWC35-0004711"),
    Device("printer", 500),
    Device("switch", 500, serial="SW24-8D20331"),
    Device("switch", 500),
    Device("server", 500),
    Device("mouse", 30, ("25 give E0201 -",)),
)
SHEET: Final = "A-ONE 72224"
ON_ORDER: Final = ("latitude", 3, "P-2026-01")
LICENCES: Final = (
    Licences("Office LTSC 2024", "Microsoft", Metric.USER, 14, Policy.HARD, 12),
    Licences("Acrobat Pro", "Adobe", Metric.USER, 4, Policy.WARN, 5, ends_in=45),
    Licences("CAD Works", "Kitto Works", Metric.DEVICE, 3, Policy.HARD, 2),
    Licences("Slack", "Salesforce", Metric.USER, 0, Policy.COUNT, 9),
)
LINES: Final = (  # after 090, 080 and 070 no number begins with 0, so these are nobody's
    Line("090-0000-4101", "ドコモ", "5G ビジネス 10GB", "DCM", 190, "iphone", esim=True),
    Line("090-0000-4102", "ドコモ", "5G ビジネス 10GB", "DCM", 190, "iphone"),
    Line("090-0000-4103", "ドコモ", "5G ビジネス 10GB", "DCM", 190, "iphone"),
    Line("080-0000-4104", "KDDI", "法人データ 5GB", "KDI", 55, "aquos"),
    Line("080-0000-4105", "KDDI", "法人データ 20GB", "KDI", 40, "ipad", esim=True),
    Line("070-0000-4106", "ソフトバンク", "音声のみ", "SBM", 300, suspended=20),
    Line("070-0000-4107", "ソフトバンク", "法人データ 5GB", "SBM", 10),
)
