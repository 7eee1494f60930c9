"""A rule set: which rules run, with which parameters, who proposed it, and who put it in force.

Until one was put in force, the rules run as they are shipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from casedesk.domain.proposals import Proposal
from casedesk.errors import Invalid

FORMAT: Final = "casedesk-rules-1"
#: How a command names the rules as the desk ships them.
SHIPPED: Final = "shipped"
IN_FORCE: Final = "in-force"


class BadContent(Invalid):
    """The stored content of a rule set is not what the desk wrote."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One rule of a set: its version then, and the value of every parameter as JSON types."""

    version: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline(Proposal):
    """A rule set in a list: everything but its rules and its evidence sheet, which are long."""

    KEY: ClassVar[str] = "rule_set_id"
    WHAT: ClassVar[str] = "rule set"

    rule_set_id: str
    hash_before: str
    hash_after: str
    sheet_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet(Headline):
    """A rule set as stored; ``content`` and ``sheet`` are canonical JSON."""

    content: str
    sheet: str

    def rules(self) -> dict[str, Pinned]:
        """Return the rules that run, by name.

        :raises BadContent: if the stored text was damaged.
        """
        return read_content(self.content, self.rule_set_id)[0]

    def off(self) -> tuple[str, ...]:
        """Return the rules that are switched off.

        :raises BadContent: if the stored text was damaged.
        """
        return read_content(self.content, self.rule_set_id)[1]


def read_content(text: str, rule_set_id: str) -> tuple[dict[str, Pinned], tuple[str, ...]]:
    """Read which rules run, and which are switched off.

    :raises BadContent: naming the rule set.
    """
    try:
        value = json.loads(text)
        if value["format"] != FORMAT:
            raise ValueError
        rules = {name: Pinned(one["version"], dict(one["parameters"])) for name, one in value["rules"].items()}
        return rules, tuple(value["off"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadContent(
            f"What is stored of rule set {rule_set_id} was damaged, so no rule runs by it; "
            "run “casedesk audit verify” and restore a backup."
        ) from None


def sha256(text: str) -> str:
    """Hash a text as UTF-8, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
