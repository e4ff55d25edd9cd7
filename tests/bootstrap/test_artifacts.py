"""Files for fresh machines: each is well formed by its own rules and carries its order."""

import ast
import io
import json
import plistlib
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import tree_sitter_powershell
import yaml
from tree_sitter import Language, Node, Parser

from kitto.base import settings as settings_module
from kitto.base.settings import Settings
from kitto.bootstrap.adapters import files
from kitto.bootstrap.rules.artifacts import Artifact, Order, places_of, server_of
from kitto.bootstrap.rules.refusals import HttpsNeeded, PlacesUnknown
from kitto.bootstrap.rules.states import ArtifactKind
from tests.bootstrap.windows import certificate

ORDER = Order(
    server="https://kitto.example",
    token="t0ken-of-'quotes'-and-43-signs-in-all-xxxxx",
    tag="PC-000001-2",
    account="kitto",
    places=["192.0.2.1/32", "2001:db8::/64"],
    ca="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
)
UNATTEND = "{urn:schemas-microsoft-com:unattend}"
SCHEMA = Path(__file__).parent / "answers" / "cloud-config-schema.json"


@pytest.fixture(autouse=True)
def own(reachable: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KITTO_DATA", str(tmp_path))
    monkeypatch.setenv("KITTO_ORGANISATION", "株式会社みなと商事")
    settings_module.settings.cache_clear()
    return settings_module.settings()


def made(kind: ArtifactKind, order: Order = ORDER) -> Artifact:
    return files.artifact(kind, order, token_id=7)


def unzipped(artifact: Artifact) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(artifact.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def wrong_places(source: bytes) -> list[str]:
    """What a PowerShell grammar does not understand."""
    found: list[str] = []

    def walk(node: Node) -> None:
        if node.type == "ERROR" or node.is_missing:
            found.append(f"{node.start_point}: {source[node.start_byte : node.end_byte][:60]!r}")
        for child in node.children:
            walk(child)

    walk(Parser(Language(tree_sitter_powershell.language())).parse(source).root_node)
    return found


@pytest.mark.parametrize("kind", list(ArtifactKind))
def test_the_same_order_gives_the_same_file(kind: ArtifactKind) -> None:
    if kind is ArtifactKind.AUTOUNATTEND:
        pytest.skip("its first password is made anew each time")
    assert made(kind).content == made(kind).content
    assert made(kind).token_id == 7


def test_the_unix_script_is_python_that_carries_its_order() -> None:
    source = made(ArtifactKind.LINUX_SCRIPT).content.decode()
    tree = ast.parse(source, feature_version=(3, 8))
    given = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ORDER"
    )
    assert isinstance(given, ast.Call)
    told = json.loads(ast.literal_eval(given.args[0]))
    assert (told["token"], told["places"], told["ca"]) == (ORDER.token, ORDER.places, ORDER.ca)


@pytest.mark.parametrize("text", ["if (", "class A : System.Exception { }", "Get-Item |"])
def test_the_powershell_grammar_finds_mistakes(text: str) -> None:
    assert wrong_places(text.encode()) != []


def test_the_windows_script_is_powershell_that_carries_its_order() -> None:
    source = made(ArtifactKind.WINDOWS_SCRIPT).content
    assert wrong_places(source) == []
    assert source.isascii()
    line = next(line for line in source.decode().splitlines() if line.startswith("$Order = "))
    said = line.removeprefix("$Order = '").removesuffix("' | ConvertFrom-Json")
    assert json.loads(said.replace("''", "'"))["token"] == ORDER.token
    assert "'" not in said.replace("''", "")


def test_the_windows_script_opens_https_only_and_closes_what_it_opened() -> None:
    source = made(ArtifactKind.WINDOWS_SCRIPT).content.decode()
    for line in (
        r"Set-Item -Path WSMan:\localhost\Service\Auth\Basic -Value $false",
        r"Set-Item -Path WSMan:\localhost\Service\AllowUnencrypted -Value $false",
        "RemoteAddress = @($Order.places)",
        "Remove-NetFirewallRule -Name $block.Name",
        "Unregister-ScheduledTask -TaskName $Task",
        "AutoAdminLogon",
        "DefaultPassword",
        r"Panther\unattend.xml",
    ):
        assert line in source, line
    blocked = source.index("-Action Block")
    assert blocked < source.index("Enable-PSRemoting -Skip") < source.index("Transport = 'HTTPS'")
    assert "Transport = 'HTTP'" not in source


def passes(root: ET.Element) -> dict[str, list[str]]:
    return {
        settings.attrib["pass"]: [part.attrib["name"] for part in settings.findall(f"{UNATTEND}component")]
        for settings in root.findall(f"{UNATTEND}settings")
    }


def test_autounattend_goes_through_its_passes_in_order() -> None:
    root = ET.fromstring(made(ArtifactKind.AUTOUNATTEND).content)
    assert root.tag == f"{UNATTEND}unattend"
    assert passes(root) == {
        "windowsPE": ["Microsoft-Windows-International-Core-WinPE", "Microsoft-Windows-Setup"],
        "specialize": ["Microsoft-Windows-Shell-Setup", "Microsoft-Windows-Deployment"],
        "oobeSystem": ["Microsoft-Windows-International-Core", "Microsoft-Windows-Shell-Setup"],
    }
    for part in root.iter(f"{UNATTEND}component"):
        assert part.attrib["publicKeyToken"] == "31bf3856ad364e35"
        assert part.attrib["processorArchitecture"] == "amd64"
    assert {one.text for one in root.iter(f"{UNATTEND}UILanguage")} == {"ja-JP"}
    name = root.find(f".//{UNATTEND}ComputerName")
    zone = root.find(f".//{UNATTEND}TimeZone")
    assert name is not None
    assert zone is not None
    assert (name.text, zone.text) == ("PC-000001-2", "Tokyo Standard Time")
    for group in ("CreatePartitions", "ModifyPartitions"):
        orders = [one.text for one in root.findall(f".//{UNATTEND}{group}//{UNATTEND}Order")]
        assert orders == [str(number) for number in range(1, len(orders) + 1)]


def test_autounattend_logs_on_once_and_brings_its_script_along() -> None:
    root = ET.fromstring(made(ArtifactKind.AUTOUNATTEND).content)
    passwords = {one.text for one in root.findall(f".//{UNATTEND}Password/{UNATTEND}Value")}
    assert len(passwords) == 1
    assert passwords != {
        one.text
        for one in ET.fromstring(made(ArtifactKind.AUTOUNATTEND).content).findall(
            f".//{UNATTEND}Password/{UNATTEND}Value"
        )
    }, "another one in each file"
    count = root.find(f".//{UNATTEND}AutoLogon/{UNATTEND}LogonCount")
    assert count is not None
    assert count.text == "1"
    space = "{urn:kitto:first-contact}"
    script, extract = (root.find(f".//{space}{name}") for name in ("Script", "Extract"))
    assert script is not None
    assert extract is not None
    assert script.text == files.windows_script(ORDER)
    assert wrong_places((extract.text or "").encode()) == []
    (path,) = root.findall(f".//{UNATTEND}RunSynchronousCommand/{UNATTEND}Path")
    assert len(path.text or "") <= 259, "Windows takes no longer one there"
    assert wrong_places((path.text or "").partition('-Command "')[2].rstrip('"').encode()) == []
    (first,) = root.findall(f".//{UNATTEND}FirstLogonCommands//{UNATTEND}CommandLine")
    assert r"C:\ProgramData\Kitto\FirstContact.ps1" in (first.text or "")
    assert r"$folder\FirstContact.ps1" in (extract.text or "")


def test_the_provisioning_package_is_described_for_its_designer() -> None:
    held = unzipped(made(ArtifactKind.WINDOWS_PACKAGE))
    assert set(held) == {"customizations.xml", "BUILD.txt", "FirstContact.ps1"}
    root = ET.fromstring(held["customizations.xml"])
    config = "{urn:schemas-Microsoft-com:Windows-ICD-Package-Config.v1.0}"
    space = "{urn:schemas-microsoft-com:windows-provisioning}"
    fields = {one.tag.removeprefix(config): one.text for one in root.findall(f"{config}PackageConfig/*")}
    assert list(fields) == ["ID", "Name", "Version", "OwnerType", "Rank", "Notes"]
    assert fields["Name"] == "Kitto PC-000001-2"
    way = "Settings/Customizations/Common/ProvisioningCommands/PrimaryContext/Command/CommandConfig"
    command = root.find("/".join(space + part for part in way.split("/")))
    assert command is not None
    given = {one.tag.removeprefix(space): one.text or "" for one in command}
    assert given["CommandFile"] == "FirstContact.ps1"
    assert "FirstContact.ps1" in given["CommandLine"]
    assert b"Kitto*" in held["FirstContact.ps1"], "it removes its own package"
    assert wrong_places(held["FirstContact.ps1"]) == []


def test_cloud_init_takes_the_user_data() -> None:
    held = unzipped(made(ArtifactKind.CLOUD_INIT))
    assert set(held) == {"user-data", "meta-data"}
    assert held["user-data"].startswith(b"#cloud-config\n")
    said: dict[str, Any] = yaml.safe_load(held["user-data"])
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(said)
    script, unit = said["write_files"]
    assert (script["permissions"], unit["permissions"]) == ("0600", "0644")
    import base64  # only here

    assert base64.b64decode(script["content"]).decode() == files.unix_script(ORDER)
    assert script["path"].encode() in base64.b64decode(unit["content"])
    assert yaml.safe_load(held["meta-data"]) == {"instance-id": "kitto-7", "local-hostname": "pc-000001-2"}


def test_a_mistake_in_user_data_would_be_found() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate({"ssh_pwauth": {"a": 1}})


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="cloud-init is not installed here")
def test_cloud_init_itself_takes_the_user_data(tmp_path: Path) -> None:
    path = tmp_path / "user-data"
    path.write_bytes(unzipped(made(ArtifactKind.CLOUD_INIT))["user-data"])
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valid cloud-config" in done.stdout


@pytest.mark.skipif(shutil.which("debconf-set-selections") is None, reason="no debconf here")
def test_the_debian_installer_takes_the_preseed(tmp_path: Path) -> None:
    path = tmp_path / "preseed.cfg"
    path.write_bytes(made(ArtifactKind.PRESEED).content)
    checked = ["debconf-set-selections", "--checkonly", str(path)]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    path.write_text(path.read_text() + "d-i\n")
    assert subprocess.run(checked, capture_output=True, check=False).returncode != 0, "it does look"


def test_the_preseed_brings_the_script_and_starts_it(tmp_path: Path) -> None:
    text = made(ArtifactKind.PRESEED).content.decode()
    late = text.partition("preseed/late_command string ")[2].strip()
    # as the installer does, but into a folder of ours
    command = late.replace("in-target sh -c", "sh -c").replace("/var/lib", f"{tmp_path}/lib")
    command = command.replace("/etc/systemd/system", str(tmp_path)).replace("systemctl enable", "true")
    (tmp_path / "lib").mkdir()
    subprocess.run(["sh", "-c", command], check=True)
    script = tmp_path / "lib/kitto-bootstrap/kitto-bootstrap.py"
    assert script.read_text("utf-8") == files.unix_script(ORDER)
    assert script.stat().st_mode & 0o777 == 0o600
    assert b"ExecStart" in (tmp_path / "kitto-bootstrap.service").read_bytes()


def test_a_mac_gets_a_profile_and_a_script() -> None:
    held = unzipped(made(ArtifactKind.MACOS))
    profile = plistlib.loads(held["kitto.mobileconfig"])
    assert profile["PayloadType"] == "Configuration"
    assert profile["DurationUntilRemoval"] == 3 * 24 * 3600
    kinds = [part["PayloadType"] for part in profile["PayloadContent"]]
    assert kinds == ["com.apple.loginwindow", "com.apple.security.pem"]
    assert profile["PayloadContent"][0]["LoginwindowText"] == "株式会社みなと商事 PC-000001-2"
    assert profile["PayloadContent"][1]["PayloadContent"] == ORDER.ca.encode()
    names = [part["PayloadUUID"] for part in (profile, *profile["PayloadContent"])]
    assert len(set(names)) == 3
    assert ORDER.token.encode() not in held["kitto.mobileconfig"]
    command = held["kitto-bootstrap.command"]
    assert subprocess.run(["sh", "-n"], input=command, check=False).returncode == 0


@pytest.mark.parametrize(
    ("given", "address", "places"),
    [
        ("", "https://192.0.2.1:8443", ["192.0.2.1/32"]),
        ("192.0.2.1, 10.0.0.5/8", "https://kitto.example", ["192.0.2.1/32", "10.0.0.0/8"]),
        ("2001:db8::1", "https://kitto.example", ["2001:db8::1/128"]),
    ],
)
def test_kitto_says_where_it_comes_from(given: str, address: str, places: list[str]) -> None:
    assert places_of(given, address) == places


@pytest.mark.parametrize(
    ("given", "address"), [("", "https://kitto.example"), ("kitto; rm -rf /", "https://1.1.1.1")]
)
def test_without_knowing_where_kitto_comes_from_no_file_is_made(given: str, address: str) -> None:
    with pytest.raises(PlacesUnknown):
        places_of(given, address)


def test_a_machine_may_call_by_https_only() -> None:
    with pytest.raises(HttpsNeeded):
        server_of("http://kitto.example")
    assert server_of("http://127.0.0.1:8300") == "http://127.0.0.1:8300"


def test_text_that_people_choose_stays_text() -> None:
    order = Order(server=ORDER.server, token=ORDER.token, tag="A<&>'\"-1", account="kitto", places=[], ca="")
    root = ET.fromstring(made(ArtifactKind.AUTOUNATTEND, order).content)
    name = root.find(f".//{UNATTEND}ComputerName")
    assert name is not None
    assert name.text == "A------1"
    assert wrong_places(made(ArtifactKind.WINDOWS_SCRIPT, order).content) == []
    assert certificate().startswith("-----BEGIN CERTIFICATE-----")
