"""Listed parties: whom the bank, or an authority, takes for illicit. The list is data, with a digest that a run records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from casedesk.domain.canonical_json import canonical_json


class PartyKind(StrEnum):
    """What a line of a list names."""

    ACCOUNT = "account"
    CUSTOMER = "customer"
    WALLET = "wallet"
    NAME = "name"


#: What a score can be of.
SCORED: Final = (PartyKind.ACCOUNT, PartyKind.CUSTOMER)

#: What an account can be called on a list. A wallet is the account whose id is the wallet's address.
ACCOUNTS: Final = (PartyKind.ACCOUNT, PartyKind.WALLET)

#: Characters of an id, of a name and of a reason, at the most.
MOST: Final = {PartyKind.ACCOUNT: 64, PartyKind.CUSTOMER: 80, PartyKind.WALLET: 128, PartyKind.NAME: 400}
MOST_REASON: Final = 400


@dataclass(frozen=True, slots=True)
class Listed:
    """One line: an account, customer or wallet by its id, or somebody by name, and why it is listed.

    ``ref`` is the list's own id of the party, which its other names share; ``about`` is what the list says it is: a vessel, an
    aircraft, an individual. Both may be empty.
    """

    kind: PartyKind
    party: str
    reason: str
    ref: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class PartyList:
    """A list as it was read; ``sha256`` is that of the file, or of its files one after the other."""

    entries: tuple[Listed, ...]
    sha256: str

    def named(self, *kinds: PartyKind) -> frozenset[str]:
        """Return the ids, or names, of these kinds."""
        return frozenset(one.party for one in self.entries if one.kind in kinds)


@dataclass(frozen=True, slots=True)
class ListVersion:
    """One version of a source's list, as the desk holds it.

    :ivar entries_sha256: the digest over its lines, which the ledger vouches for.
    :ivar in_force: whether it is the newest version of its source; the others are kept.
    """

    list_id: str
    source: str
    version: str
    listed_on: date
    sha256: str
    entries: int
    entries_sha256: str
    loaded_by: str
    loaded_at: datetime
    in_force: bool


def entries_digest(entries: Iterable[Listed]) -> str:
    """Return the SHA-256 (hex) over lines in their order."""
    digest = hashlib.sha256()
    for one in entries:
        digest.update(canonical_json([str(value) for value in astuple(one)]) + b"\n")
    return digest.hexdigest()


def same_address(address: str) -> str:
    """Return an address as it is compared: hexadecimal ones are written in either case (EIP-55), all others in just one."""
    return address.lower() if address[:2].lower() == "0x" else address
