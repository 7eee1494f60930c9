"""Exposure over files, without the desk: nothing is stored and no database is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.limits import Limits
from casedesk.detection.sources import ParquetFiles
from casedesk.detection.spark_tables import tables
from casedesk.domain.listed import ACCOUNTS, PartyKind, PartyList
from casedesk.errors import Invalid
from casedesk.formats.mapping import Mapping
from casedesk.formats.ofac_lists import read_list
from casedesk.formats.rejects import RejectedRow
from casedesk.scoring.explain import Explanation, explain
from casedesk.scoring.exposure import Exposure, exposure
from casedesk.scoring.graph import Graph
from casedesk.scoring.joined import Engine, JoinedPayments
from casedesk.scoring.parameters import ExposureParameters
from casedesk.services.offline_detecting import expanded, read_files

__all__ = ["Explanation", "ExposureParameters", "NobodyThere", "PartyKind", "Scored", "explain", "score_files"]


class NobodyThere(Invalid):
    """No listed party occurs in the payments."""

    def __init__(self, count: int, kind: PartyKind) -> None:
        whose = (
            "The one party of the list is not the"
            if count == 1
            else f"Of the {count:,} parties of the list, none is the"
        )
        super().__init__(
            f"{whose} {kind} of any of these payments, so every score would be 0; check how the list writes ids."
        )


@dataclass(frozen=True, slots=True)
class Scored:
    """The exposure of every party in files, and what it was computed from.

    :ivar now: the instant as of which payments age: the last booking, unless another was asked for.
    :ivar rejected: the rows that could not be read.
    """

    exposure: Exposure
    parties: PartyList
    now: datetime
    rejected: tuple[RejectedRow, ...]

    def ranked(self, limit: int) -> list[tuple[str, float]]:
        """Return the parties with the highest scores, but for those that are listed; equal ones by name."""
        found = self.exposure
        table = pa.table({"party": found.graph.names, "score": found.scores})
        table = table.filter(pa.array(~found.listed & (found.scores > 0)))
        table = table.sort_by([("score", "descending"), ("party", "ascending")]).slice(0, limit)
        return list(zip(table["party"].to_pylist(), table["score"].to_pylist(), strict=True))


def score_files(
    *,
    paths: Sequence[str],
    listed: Path,
    by: PartyKind,
    base_currency: str,
    format: str = "auto",
    zone: str | None = None,
    start: str | None = None,
    rates: Path | None = None,
    mapping: Mapping | None = None,
    now: datetime | None = None,
    parameters: ExposureParameters | None = None,
    limits: Limits | None = None,
    about: str | None = None,
) -> Scored:
    """Compute the exposure of all accounts or customers that files name.

    Files are found and read as by ``casedesk detect --source``.

    :param listed: the list of parties. By customer, whoever holds a listed account is listed; by account, all accounts of a
        listed customer are. Names are matched on the desk only, where a person confirms them.
    :param mapping: which column is which field, of files that no format describes.
    :param limits: only those that name a Spark count; the arrays of this process know none.
    :param about: the party that ``explain`` will be asked about; on Spark it can be asked about no other.
    :raises NobodyThere: if no listed party occurs.
    :raises Invalid: naming field and fix, if the files or the list cannot be what they claim to be.
    :raises Unavailable: if Spark is to compute it, and cannot.
    """
    parties, _ = read_list(listed)
    files = expanded(paths)
    rejected: list[RejectedRow] = []
    transactions, accounts = read_files(
        files,
        rejected,
        base_currency=base_currency,
        format=format,
        zone=zone,
        start=start,
        rates=rates,
        mapping=mapping,
    )
    holders = dict(zip(accounts["account_id"].to_pylist(), accounts["customer_id"].to_pylist(), strict=True))
    holders = {account: customer for account, customer in holders.items() if customer}
    asked = _Asked(parties, by, holders, now, parameters)
    if limits is not None and limits.spark is not None:
        with tables(transactions, accounts, limits, base_currency) as engine:
            found, last = _joined(engine, asked, about, rejected)
    else:
        found, last = _in_arrays(_whole(transactions), asked, rejected)
    return Scored(found, parties, last, tuple(rejected))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose exposure is asked for, to whom, and when."""

    parties: PartyList
    by: PartyKind
    holders: dict[str, str]
    now: datetime | None
    parameters: ExposureParameters | None

    @property
    def named(self) -> dict[str, str] | None:
        """The party of each account; None where each account is its own."""
        return self.holders if self.by is PartyKind.CUSTOMER else None

    def chosen(self, there: Graph | JoinedPayments) -> frozenset[str]:
        """Return who is listed.

        :raises NobodyThere: if none of them is there.
        """
        chosen = _chosen(self.parties, self.by, self.holders)
        if not there.places(chosen).any():
            raise NobodyThere(len(self.parties.entries), self.by)
        return chosen


def _in_arrays(rows: pa.Table, asked: _Asked, rejected: Sequence[RejectedRow]) -> tuple[Exposure, datetime]:
    _refuse_unread(rows.num_rows, rejected)
    graph = Graph.of(rows, asked.named)
    chosen = asked.chosen(graph)
    last: datetime = asked.now or pc.max(rows["booked_at"]).as_py()
    return exposure(graph, chosen, last, asked.parameters), last


def _joined(
    engine: Engine, asked: _Asked, about: str | None, rejected: Sequence[RejectedRow]
) -> tuple[Exposure, datetime]:
    payments = JoinedPayments(engine, asked.named)
    _refuse_unread(len(payments.names), rejected)
    chosen = asked.chosen(payments)
    last = asked.now or payments.last_booking
    return payments.exposure(chosen, last, asked.parameters, about), last


def _refuse_unread(rows: int, rejected: Sequence[RejectedRow]) -> None:
    if rejected and not rows:
        first = rejected[0]
        raise Invalid(
            f"No row can be read. The first is row {first.row_number}: {first.field} “{first.value}”. {first.reason}"
        )


def _whole(source: pa.Table | pa.RecordBatchReader | ParquetFiles) -> pa.Table:
    if isinstance(source, ParquetFiles):
        source = source.reader()
    return source if isinstance(source, pa.Table) else source.read_all()


def _chosen(parties: PartyList, by: PartyKind, holders: dict[str, str]) -> frozenset[str]:
    accounts, customers = parties.named(*ACCOUNTS), parties.named(PartyKind.CUSTOMER)
    if by is PartyKind.CUSTOMER:
        return customers | {holders.get(account, account) for account in accounts}
    return accounts | {account for account, customer in holders.items() if customer in customers}
