"""What is looked at before a recipe may be used: form, manners, Ansible's own opinion, and lint.

`check(folder)` never raises for what is in the folder, runs nothing of it, and needs no device. The order:
`survey` (a safe look from outside, and a copy), `reading` (YAML with line numbers), `profile`, `manners`,
`variables`, `secrets`, then `asking` (ansible-playbook and ansible-lint in a container without network).
"""

from kitto.kitting.adapters.publishing.findings import Finding, Report, Severity
from kitto.kitting.adapters.publishing.whole import check

__all__ = ["Finding", "Report", "Severity", "check"]
