"""A finding, and the table of all of them: what is wrong, how to mend it, and in which part of the report.

A code never changes its meaning. An *error* is something for which FinCEN refuses the batch or the report, or what cannot be
true. A *warning* is what FinCEN takes and complains about, or what is missing from what it asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ERROR: Final = "error"
WARNING: Final = "warning"

#: The code of a finding that an XSD gave, and none of the desk's rules.
XSD: Final = "XSD"

_LONGEST_VALUE: Final = 60


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding. ``says`` is a template; ``mend`` the way out; ``part`` where the report's form has it."""

    severity: str
    part: str
    says: str
    mend: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a document, at an element of it."""

    code: str
    severity: str
    path: str
    line: int
    sentence: str
    part: str


def quoted(value: str) -> str:
    """Return a value as a sentence shows it: in quotation marks, on one line, cut where it is long."""
    cut = value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…"
    return "“" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut) + "”"


def _read(text: str) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if not lines:
            continue
        head, says, mend = lines
        code, severity, part = head.split(" ", 2)
        if code in rules:
            raise ValueError(f"{code} stands twice in the table of findings.")
        rules[code] = Rule(severity, part, says, mend)
    return rules


#: Code to rule. The file is the table: one block a code.
RULES: Final[Mapping[str, Rule]] = _read(Path(__file__).with_name("findings.txt").read_text(encoding="utf-8"))


def finding(code: str, path: str, line: int, **words: object) -> Finding:
    """Make a finding of the table; ``words`` fill its sentence."""
    rule = RULES[code]
    return Finding(code, rule.severity, path, line, f"{rule.says.format(**words)} {rule.mend}", rule.part)
