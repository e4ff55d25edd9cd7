"""The PC's files: names without case, backslashes, folders that must exist."""

import hashlib
import ntpath
from dataclasses import dataclass, field

VARIABLES = {
    "%temp%": r"C:\Users\kitto\AppData\Local\Temp",
    "%programdata%": r"C:\ProgramData",
    "%programfiles%": r"C:\Program Files",
    "%systemroot%": r"C:\Windows",
    "%userprofile%": r"C:\Users\kitto",
}


def expanded(path: str) -> str:
    """Environment variables in the middle of a path, as Windows reads them."""
    plain = path.replace("/", "\\")
    for name, value in VARIABLES.items():
        while (at := plain.lower().find(name)) >= 0:
            plain = plain[:at] + value + plain[at + len(name) :]
    return ntpath.normpath(plain)


@dataclass
class Disk:
    """Files and folders; asked and told in any spelling of their names."""

    files: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(
        default_factory=lambda: {
            expanded(path).lower() for path in ("C:\\", *VARIABLES, "C:\\Users", r"C:\Windows\System32")
        }
    )

    def read(self, path: str) -> bytes | None:
        return self.files.get(expanded(path).lower())

    def write(self, path: str, content: bytes) -> None:
        """Raises FileNotFoundError where its folder is not there."""
        whole = expanded(path)
        if not self.is_folder(ntpath.dirname(whole)):
            raise FileNotFoundError(f"Could not find a part of the path '{whole}'.")
        self.files[whole.lower()] = content
        self.names[whole.lower()] = whole

    def is_folder(self, path: str) -> bool:
        return expanded(path).lower() in self.folders

    def make_folder(self, path: str) -> None:
        whole = expanded(path).lower()
        while whole not in self.folders:
            self.folders.add(whole)
            whole = ntpath.dirname(whole)

    def remove(self, path: str) -> None:
        """A file, or a folder with all in it."""
        whole = expanded(path).lower()
        for kept in [name for name in self.files if name == whole or name.startswith(whole + "\\")]:
            del self.files[kept]
        self.folders = {name for name in self.folders if name != whole and not name.startswith(whole + "\\")}

    def sha1(self, path: str) -> str:
        content = self.read(path)
        return "" if content is None else hashlib.sha1(content).hexdigest()
