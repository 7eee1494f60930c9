"""What scores are computed from: the payments the desk holds, and who is listed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.engine import digests_of
from casedesk.detection.fingerprint import FORMAT as DATA_FORMAT
from casedesk.detection.fingerprint import Digest, data_fingerprint
from casedesk.detection.limits import Limits
from casedesk.domain.canonical_json import canonical_json
from casedesk.domain.listed import ACCOUNTS, PartyKind, same_address
from casedesk.scoring.exposure import Exposure, exposure
from casedesk.scoring.graph import Graph
from casedesk.scoring.parameters import ExposureParameters
from casedesk.services.run_copying import Arrived, everything
from casedesk.services.run_records import read
from casedesk.store.unit_of_work import Reading, Writing

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ListedSet:
    """Who is listed: by lists in force, and by names that a person confirmed. ``sha256`` is the digest over all of it."""

    lists: tuple[str, ...]
    matches: tuple[str, ...]
    accounts: frozenset[str]
    customers: frozenset[str]
    sha256: str

    def accounts_of(self, graph: Graph, accounts: pa.Table) -> frozenset[str]:
        """Return the names in a graph of accounts that are listed by themselves or with their customer."""
        held = accounts.filter(pc.is_in(_text(accounts["customer_id"]), pa.array(sorted(self.customers), pa.string())))
        wanted = self.accounts | frozenset(_text(held["account_id"]).to_pylist())
        addresses = {same_address(name) for name in wanted if name[:2].lower() == "0x"}
        if not addresses:
            return wanted
        hexadecimal = graph.names.filter(pc.starts_with(graph.names, "0x", ignore_case=True)).to_pylist()
        return wanted | {name for name in hexadecimal if same_address(name) in addresses}


def listed_now(look: Reading | Writing) -> ListedSet:
    """Return who is listed by the lists in force."""
    return listed_by(look, tuple(one.list_id for one in look.lists.in_force()), look.ledger.head().size)


def listed_by(look: Reading | Writing, list_ids: tuple[str, ...], events: int) -> ListedSet:
    """Return who was listed by some lists when the ledger had so many events.

    A confirmed name counts as long as the lists have its party.
    """
    known = {one.list_id: one for one in look.lists.all()}
    entries = [one for _, one in look.lists.of(list_ids, (*ACCOUNTS, PartyKind.CUSTOMER))]
    there = look.lists.refs(list_ids)
    matches = [one for one in look.matches.confirmed(events) if (one.source, one.ref) in there]
    told = {
        "lists": [[list_id, known[list_id].entries_sha256] for list_id in list_ids],
        "matches": [[one.match_id, one.customer_id] for one in matches],
    }
    return ListedSet(
        list_ids,
        tuple(one.match_id for one in matches),
        frozenset(one.party for one in entries if one.kind in ACCOUNTS),
        frozenset(one.party for one in entries if one.kind is PartyKind.CUSTOMER)
        | {one.customer_id for one in matches},
        hashlib.sha256(canonical_json(told)).hexdigest(),
    )


@dataclass(frozen=True, slots=True)
class ScoringData:
    """The transactions and accounts that had arrived by ``arrival``, and where they were read.

    ``digests`` are None where only reading everything tells; :func:`fingerprint` reads it then.
    """

    transactions: pa.Table
    accounts: pa.Table
    arrival: int
    digests: Mapping[str, Digest] | None
    copied: bool


def read_rows(look: Reading, upto: int) -> ScoringData:
    """Read the rows themselves."""
    return ScoringData(look.run_data.transactions(upto), look.run_data.accounts(upto), upto, None, copied=False)


def read_quickly(look: Reading, base_currency: str, upto: int | None = None) -> ScoringData:
    """Read what had arrived by ``upto``, by now unless it is said, from the copy that the rules' runs keep where it serves.

    The copy vouches for nothing (docs/adr/0011): a replay reads the rows.
    """
    upto = look.run_data.newest() if upto is None else upto
    last = look.runs.last()
    base = read(last) if last is not None and last.record and last.until is None else None
    if base is None or base.arrival > upto or (base.base_currency, base.data_format) != (base_currency, DATA_FORMAT):
        return read_rows(look, upto)
    changed = bool(look.run_data.first_changed(base.arrival))
    new = (
        look.run_data.transactions(upto, since=base.arrival),
        look.run_data.accounts(upto, since=None if changed else base.arrival),
    )
    arrived = Arrived(base.arrival, base.digests, upto, new, changed)
    found = everything(look, arrived)
    if not found.beyond:
        return ScoringData(found.transactions, found.accounts, upto, None, copied=False)
    digests = arrived.total(digests_of(*new, Limits(), base_currency))
    return ScoringData(found.transactions, found.accounts, upto, digests, copied=True)


def fingerprint(data: ScoringData, base_currency: str) -> str:
    """Return the fingerprint of the data, the same as a run of the rules has over it."""
    return data_fingerprint(data.digests or digests_of(data.transactions, data.accounts, Limits(), base_currency))


def last_booking(data: ScoringData) -> datetime | None:
    """Return the instant as of which payments age unless another is asked for."""
    found: datetime | None = pc.max(data.transactions["booked_at"]).as_py()
    return found


def first_payment(graph: Graph) -> datetime | None:
    """Return when the earliest payment between two accounts was; None without any."""
    return _EPOCH + timedelta(microseconds=int(graph.at[0])) if len(graph.at) else None


def computed(
    graph: Graph, data: ScoringData, listed: ListedSet, as_of: datetime, parameters: ExposureParameters
) -> Exposure:
    """Compute the exposure of every account."""
    return exposure(graph, listed.accounts_of(graph, data.accounts), as_of, parameters)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())
