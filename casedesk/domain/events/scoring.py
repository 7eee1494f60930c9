"""Who is listed, who was found to bear a listed name, and what scores were computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyListLoaded(Event):
    """A version of a source's list of parties was put in force; ``replaces`` names the one before, or is empty. Desk event.

    ``sha256`` is that of the file, ``entries_sha256`` the digest over the lines as they are stored.
    """

    action: ClassVar[str] = "party_list_loaded"
    title: ClassVar[str] = "Party list loaded"
    touches: ClassVar[bool] = False
    list_id: str
    source: str
    list_version: str
    listed_on: str
    sha256: str
    entries: int
    entries_sha256: str
    replaces: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesScreened(Event):
    """The names of customers were compared with those of the lists in force. Desk event.

    ``found`` counts the pairs that are alike from ``least_ppm`` millionths on, ``waiting`` those that nobody decided yet, and
    ``matches_sha256`` is the digest over all that were found.
    """

    action: ClassVar[str] = "names_screened"
    title: ClassVar[str] = "Names screened"
    touches: ClassVar[bool] = False
    lists: tuple[str, ...]
    method: str
    least_ppm: int
    customers: int
    found: int
    waiting: int
    matches_sha256: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatchConfirmed(Event):
    """A person found that a customer is a listed party; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "name_match_confirmed"
    title: ClassVar[str] = "Name match confirmed"
    touches: ClassVar[bool] = False
    match_id: str
    customer_id: str
    source: str
    ref: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatchRefused(Event):
    """A person found that a customer only bears a name like a listed party's; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "name_match_refused"
    title: ClassVar[str] = "Name match refused"
    touches: ClassVar[bool] = False
    match_id: str
    customer_id: str
    source: str
    ref: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureScored(Event):
    """The exposure of all accounts to listed parties was computed and stored. Desk event.

    The digests are those of the formula's values, the transactions and accounts, the lists with the confirmed names, and the
    scores with their parts. ``listed`` counts accounts of listed parties, ``scored`` all that have a score above 0.
    """

    action: ClassVar[str] = "exposure_scored"
    title: ClassVar[str] = "Exposure scored"
    touches: ClassVar[bool] = False
    run_id: str
    parameters_sha256: str
    data_fingerprint: str
    list_sha256: str
    payments: int
    listed: int
    scored: int
    scores_sha256: str
    via: str
