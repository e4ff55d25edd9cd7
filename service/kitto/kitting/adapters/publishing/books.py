"""A playbook with everything it imports, flat: plays, and tasks with what they inherit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from kitto.kitting.adapters.publishing.findings import Finding, found
from kitto.kitting.adapters.publishing.reading import Fields, Items, Text, Unreadable, line_of, read

BLOCKS: Final = ("block", "rescue", "always")
TASK_LISTS: Final = ("pre_tasks", "tasks", "post_tasks", "handlers")
# https://docs.ansible.com/ansible/latest/reference_appendices/playbooks_keywords.html, core 2.19
_KEYWORDS: Final = """
    action any_errors_fatal args async become become_exe become_flags become_method become_user block
    rescue always changed_when check_mode collections connection debugger delay delegate_facts
    delegate_to diff environment failed_when ignore_errors ignore_unreachable listen local_action loop
    loop_control module_defaults name no_log notify poll port register remote_user retries run_once tags
    throttle timeout until vars when
"""
KEYWORDS: Final = frozenset(_KEYWORDS.split())
_FILES: Final = {"import_tasks": "file", "include_tasks": "file", "include_vars": "file"}
_ROLES: Final = ("import_role", "include_role")
MOST_TASKS: Final = 5000


@dataclass(frozen=True)
class Task:
    """A task, or the head of a block (`module` is empty). `hidden`: no_log holds here."""

    file: str
    fields: Fields
    module: str
    hidden: bool

    @property
    def line(self) -> int:
        return self.fields.line

    @property
    def args(self) -> Any:
        return self.fields.get(self.module)

    @property
    def short(self) -> str:
        """The module without `ansible.builtin.`."""
        return self.module.removeprefix("ansible.builtin.").removeprefix("ansible.legacy.")


@dataclass
class Play:
    """One play. `tasks` are in the order in which they run; handlers come last."""

    file: str
    fields: Fields
    tasks: list[Task] = field(default_factory=list)


@dataclass
class Book:
    """What one step runs. `variables`: files that only hold variables, roles' defaults included."""

    name: str
    plays: list[Play] = field(default_factory=list)
    variables: list[tuple[str, Fields]] = field(default_factory=list)


class Gatherer:
    """Reads one book; notes what it cannot follow."""

    def __init__(self, folder: Path, findings: list[Finding]) -> None:
        self._folder = folder
        self._findings = findings
        self._seen: set[tuple[str, bool]] = set()
        self._tasks = 0

    def book(self, name: str) -> Book:
        """The playbook of this name, with all it imports."""
        book = Book(name)
        self._read_book(name, book)
        return book

    def tasks(self, name: str) -> list[Task]:
        """The tasks of one file, with all it imports."""
        play = Play(name, Fields())
        self._take(name, self._items(name, "a list of tasks"), False, play, Book(name))
        return play.tasks

    def _read_book(self, name: str, book: Book) -> None:
        if (name, False) in self._seen:
            return
        self._seen.add((name, False))
        for entry in self._items(name, "a list of plays"):
            if not isinstance(entry, Fields):
                self._note("yaml_shape", name, line_of(entry), "a list of plays")
                continue
            imported = entry.get("ansible.builtin.import_playbook", entry.get("import_playbook"))
            if imported is not None:
                for file in self._literal(name, imported):
                    self._read_book(file, book)
                continue
            play = Play(name, entry)
            book.plays.append(play)
            self._fill(play, book)

    def _fill(self, play: Play, book: Book) -> None:
        hidden = play.fields.get("no_log") is True
        for given in _listed(play.fields.get("vars_files")):
            self._variables(play.file, given, book)
        self._take(play.file, play.fields.get("pre_tasks"), hidden, play, book)
        for role in _listed(play.fields.get("roles")):
            named = role.get("role", role.get("name")) if isinstance(role, Fields) else role
            self._role(play.file, named, hidden, play, book)
        for name in TASK_LISTS[1:]:
            self._take(play.file, play.fields.get(name), hidden, play, book)

    def _take(self, file: str, given: object, hidden: bool, play: Play, book: Book) -> None:
        for entry in _listed(given):
            self._tasks += 1
            if not isinstance(entry, Fields) or self._tasks > MOST_TASKS:
                self._note("yaml_shape", file, line_of(entry), "a list of tasks")
                return
            module = next((key for key in entry if _is_module(key)), "")
            task = Task(file, entry, module, hidden or entry.get("no_log") is True)
            play.tasks.append(task)
            for part in BLOCKS:
                self._take(file, entry.get(part), task.hidden, play, book)
            self._follow(task, play, book)

    def _follow(self, task: Task, play: Play, book: Book) -> None:
        """Go where an import leads."""
        args = task.args
        if task.short == "include_vars":
            self._variables(task.file, args.get("file") if isinstance(args, Fields) else args, book)
        elif task.short in _FILES:
            target = args.get("file") if isinstance(args, Fields) else args
            for file in self._literal(task.file, target, task.line):
                if (file, task.hidden) not in self._seen:
                    self._seen.add((file, task.hidden))
                    self._take(file, self._items(file, "a list of tasks"), task.hidden, play, book)
        elif task.short in _ROLES:
            name = args.get("name") if isinstance(args, Fields) else None
            self._role(task.file, name, task.hidden, play, book)

    def _role(self, file: str, name: object, hidden: bool, play: Play, book: Book) -> None:
        if not isinstance(name, str) or "{{" in name or "/" in name:
            self._note("import_computed", file, line_of(name), name)
            return
        top = f"roles/{name}"
        if not (self._folder / top).is_dir():
            self._note("import_missing", file, line_of(name), top)
            return
        for part in ("defaults", "vars"):
            if (self._folder / top / part / "main.yml").is_file():
                self._read_variables(f"{top}/{part}/main.yml", book)
        for part in ("tasks", "handlers"):
            main = f"{top}/{part}/main.yml"
            if (self._folder / main).is_file() and (main, hidden) not in self._seen:
                self._seen.add((main, hidden))
                self._take(main, self._items(main, "a list of tasks"), hidden, play, book)

    def _variables(self, file: str, given: object, book: Book) -> None:
        for name in self._literal(file, given):
            self._read_variables(name, book)

    def _read_variables(self, name: str, book: Book) -> None:
        content = self._content(name)
        if isinstance(content, Fields):
            book.variables.append((name, content))
        elif content is not None:
            self._note("yaml_shape", name, 1, "a mapping of variables")

    def _literal(self, file: str, given: object, line: int = 0) -> Iterator[str]:
        """The file in the recipe that is named, as seen from `file` and then from the top."""
        at = line_of(given, line)
        if not isinstance(given, str) or "{{" in given or "{%" in given:
            self._note("import_computed", file, at, given)
            return
        for start in (PurePosixPath(file).parent, PurePosixPath(), PurePosixPath("tasks")):
            path = (self._folder / start / given.strip()).resolve()
            if path.is_file() and path.is_relative_to(self._folder.resolve()):
                yield path.relative_to(self._folder.resolve()).as_posix()
                return
        self._note("import_missing", file, at, given)

    def _items(self, name: str, shape: str) -> Items:
        content = self._content(name)
        if isinstance(content, Items):
            return content
        self._note("yaml_shape", name, 1, shape)
        return Items()

    def _content(self, name: str) -> Any:
        try:
            return read(self._folder, name, self._findings)
        except Unreadable as wrong:
            self._findings.append(wrong.finding)
            return None

    def _note(self, code: str, file: str, line: int, what: object = "") -> None:
        self._findings.append(found(code, file, line, what))


def _listed(given: object) -> list[Any]:
    if isinstance(given, list):
        return given
    return [] if given is None else [given]


def _is_module(key: str) -> bool:
    return key not in KEYWORDS and not key.startswith("with_")


def texts(value: object) -> Iterator[Text]:
    """Every string inside a value, keys left out."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
