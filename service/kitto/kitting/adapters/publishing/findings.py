"""What can be wrong with a recipe: one line for each, with how bad it is and what to do."""

from enum import StrEnum
from typing import Final

import msgspec

from kitto.base.i18n import N_, translate


class Severity(StrEnum):
    """An error keeps a recipe from being published; a warning is for its author; a note is about us."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_BAD, _MIND, _TELL = Severity.ERROR, Severity.WARNING, Severity.NOTE

CODES: Final[dict[str, tuple[Severity, str]]] = {
    # the folder
    "folder_missing": (_BAD, N_("There is no folder {what}. Give the folder that holds profile.yml.")),
    "too_large": (
        _BAD,
        N_("This is larger than a recipe may be ({what}). Give large files by their address."),
    ),
    "link_inside": (_BAD, N_("A recipe holds no links. Put the file itself here.")),
    "no_plain_file": (_BAD, N_("This is neither a file nor a folder. Remove it.")),
    "name_strange": (
        _BAD,
        N_("The name {what} does not work everywhere. Use letters, digits, dot, dash, underscore."),
    ),
    "program_inside": (
        _BAD,
        N_("A recipe holds no program that would run inside Ansible on Kitto's machine. Remove it."),
    ),
    "settings_inside": (
        _BAD,
        N_("Settings and variables from beside a playbook pass by the profile. Move them into the profile."),
    ),
    # YAML
    "yaml_broken": (_BAD, N_("This is no YAML: {what}.")),
    "yaml_alias": (_BAD, N_("Anchors and aliases are not used in recipes. Write it out.")),
    "yaml_deep": (_BAD, N_("This is nested deeper, or is longer, than a recipe needs. Make it smaller.")),
    "yaml_tag": (_BAD, N_("The YAML tag {what} is not used in recipes. Secrets come by kitto_secret.")),
    "yaml_twice": (_BAD, N_("The key {what} is there twice, and only the last one counts. Remove one.")),
    "yaml_shape": (_BAD, N_("This file should be {what}.")),
    # the profile
    "profile_missing": (_BAD, N_("There is no profile.yml, so nobody knows what this recipe is for.")),
    "profile_wrong": (_BAD, N_("The profile cannot be used: {what}.")),
    "profile_name": (_BAD, N_("The profile is called {what}, its folder is not. Give both one name.")),
    "parameters_wrong": (_BAD, N_("The schema of the parameters is wrong: {what}.")),
    "parameters_fetch": (_BAD, N_("A schema refers to {what}. It may refer to its own parts (#/…) only.")),
    "default_wrong": (_BAD, N_("The default of {what} is not what the schema of the parameter allows.")),
    "playbook_missing": (_BAD, N_("The step names the playbook {what}, which is not there.")),
    "cause_wrong": (
        _BAD,
        N_(
            "The words for the cause {what} cannot be used. A code has small letters and _; values stand in"
            " the sentence as {{name}}, and Japanese names no other than English does."
        ),
    ),
    "cause_unsaid": (
        _MIND,
        N_(
            "Nobody has Japanese words for “{what}”. Write the sentence in both languages under causes in the"
            " profile, with its values as {{name}}."
        ),
    ),
    "papers_missing": (
        _MIND,
        N_("README.md is missing. Write down what the recipe does, its variables, and its quality card."),
    ),
    "papers_variable": (_MIND, N_("README.md does not explain the parameter {what}.")),
    # plays
    "play_hosts": (_BAD, N_("A play is for “hosts: device”, the one machine of the kit, not for {what}.")),
    "play_facts": (
        _BAD,
        N_("A play says “gather_facts: false”: facts are slow, and the first task comes first."),
    ),
    "mark_missing": (
        _BAD,
        N_(
            'The environment of the play needs KITTO_JOB: "{{{{ kitto_run }}}}"; without it a '
            "cancelled play cannot be ended on the device."
        ),
    ),
    "environment_computed": (
        _BAD,
        N_("The environment is computed, so nobody can see what is in it. Write it out."),
    ),
    "machine_unchecked": (
        _BAD,
        N_(
            "The first task of a play imports tasks/right_machine.yml, without conditions: nothing "
            "may change on another machine."
        ),
    ),
    "machine_check_own": (
        _MIND,
        N_(
            "tasks/right_machine.yml is not one of those that come with Kitto. Look at it with a "
            "second person."
        ),
    ),
    "machine_check_weak": (
        _BAD,
        N_(
            "tasks/right_machine.yml must compare with kitto_serial in an assert that says "
            "[wrong_device], and change nothing."
        ),
    ),
    "acts_here": (_BAD, N_("This would run on Kitto's machine ({what}). A play works on the device only.")),
    "asks_somebody": (_BAD, N_("A play cannot ask anybody (vars_prompt). Make it a parameter.")),
    "import_computed": (_BAD, N_("The name of an imported file is computed ({what}). Write it out.")),
    "import_missing": (_BAD, N_("The file {what} is not in the recipe.")),
    "collection_missing": (
        _BAD,
        N_("The collection {what} is not installed here. Add it to the collections of this installation."),
    ),
    # variables
    "template_broken": (_BAD, N_("This is no template: {what}.")),
    "variable_unknown": (
        _BAD,
        N_(
            "Nobody gives the variable {what}. Declare it in the profile's parameters, or set it in the play."
        ),
    ),
    "variable_taken": (
        _BAD,
        N_("The name {what} belongs to a parameter, to Kitto or to Ansible. Choose another one."),
    ),
    "parameter_unused": (
        _BAD,
        N_("The parameter {what} is asked for and used nowhere. Use it or remove it."),
    ),
    "file_unused": (_MIND, N_("The step asks for the file {what} and does not use it.")),
    # secrets
    "secret_seen": (
        _BAD,
        N_("A task that reads a secret says “no_log: true”, or the secret stands in the log."),
    ),
    "secret_environment": (
        _BAD,
        N_("A secret in an environment can be read by everybody on the device. Use stdin or a file."),
    ),
    "secret_arguments": (
        _BAD,
        N_("A secret in the arguments of a command can be read by everybody on the device. Use stdin."),
    ),
    "secret_kept": (
        _BAD,
        N_(
            "A secret in variables of a play, or in facts, turns up where nobody hides it. Read it in"
            " the task."
        ),
    ),
    "secret_computed": (_BAD, N_("The name of a secret is written out: lookup('kitto_secret', 'name').")),
    "secret_undeclared": (_BAD, N_("The step does not declare the secret {what}; it would be refused.")),
    "secret_unused": (_BAD, N_("The step declares the secret {what} and does not read it. Remove it there.")),
    # Ansible's opinion
    "syntax": (_BAD, N_("Ansible does not accept this: {what}")),
    "lint_error": (_BAD, N_("ansible-lint, {rule}: {what}")),
    "lint": (_MIND, N_("ansible-lint, {rule}: {what}")),
    "lint_missing": (_TELL, N_("It was not linted: ansible-lint is not installed here (the extra “lint”).")),
    "ansible_silent": (_BAD, N_("{what} gave no answer that could be used, so the recipe was not checked.")),
    "not_contained": (
        _TELL,
        N_("Ansible did not look at it: without bubblewrap that is done only for what has no other error."),
    ),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found. `file` is relative to the recipe; `line` is 0 for the file as a whole."""

    code: str
    file: str = ""
    line: int = 0
    names: dict[str, str] = {}

    @property
    def severity(self) -> Severity:
        return CODES[self.code][0]

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def sentence(self, locale: str) -> str:
        """What is wrong and what to do, in the reader's language."""
        return translate(locale, CODES[self.code][1], **{"what": "", "rule": "", **self.names})


def found(code: str, file: str = "", line: int = 0, what: object = "", **names: str) -> Finding:
    """A finding; what it quotes is shortened, because anybody may have written it."""
    said = " ".join(str(what).split())
    return Finding(code=code, file=file, line=line, names={"what": said[:300], **names})


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found in a recipe. `content` is the hash of exactly what was looked at.

    `asked`: the programs that were asked, with their versions.
    """

    content: str
    findings: tuple[Finding, ...]
    asked: tuple[str, ...] = ()

    @property
    def may_be_published(self) -> bool:
        """True if nothing found is an error."""
        return not any(finding.is_error for finding in self.findings)
