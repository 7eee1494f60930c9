"""Listed parties: whom the bank, or an authority, takes for illicit. The list is data, with a digest that a run records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PartyKind(StrEnum):
    """What a line of a list names."""

    ACCOUNT = "account"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line: the id of an account or customer, and why it is listed."""

    kind: PartyKind
    party: str
    reason: str


@dataclass(frozen=True, slots=True)
class PartyList:
    """A list as it was read; ``sha256`` is that of the file."""

    entries: tuple[Listed, ...]
    sha256: str

    def named(self, kind: PartyKind) -> frozenset[str]:
        """Return the ids of one kind."""
        return frozenset(one.party for one in self.entries if one.kind is kind)
