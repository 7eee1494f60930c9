"""Read what a run reads from the copy of what earlier ones read, and keep the copy up with the runs.

The copy may lie behind by a few rows: those are read beside it. So a run after one transaction writes one transaction's worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from casedesk.detection.fingerprint import Digest
from casedesk.store.run_copies import ACCOUNTS, TRANSACTIONS, Piece, coded, joined, pieces_of
from casedesk.store.unit_of_work import Reading, Writing

#: Rows that came since the copy was written are added to it when there are so many.
LAG: Final = 5_000


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came between the run that another one builds upon and this one: after arrival ``since``, by ``upto``.

    ``digests`` are those of what the earlier run saw. ``new`` are the transactions and accounts that came; all accounts
    where some that were there before have ``changed``.
    """

    since: int
    digests: Mapping[str, Digest]
    upto: int
    new: tuple[pa.Table, pa.Table]
    changed: bool

    def total(self, new: Mapping[str, Digest]) -> dict[str, Digest]:
        """Return the digests of everything by now, from those of what is new."""
        found = {name: digest + new[name] for name, digest in self.digests.items()}
        return found | {ACCOUNTS: new[ACCOUNTS]} if self.changed else found


@dataclass(frozen=True, slots=True)
class Everything:
    """All transactions and accounts that had arrived; ``beyond`` holds what of them is not in the copy, where that served."""

    transactions: pa.Table
    accounts: pa.Table
    beyond: Mapping[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Copying:
    """What a run does to the copy when it is stored: rows to add, and pieces that take the place of all there are."""

    upto: int
    added: Mapping[str, pa.Table] = field(default_factory=dict)
    replaced: Mapping[str, Sequence[Piece]] = field(default_factory=dict)

    def store(self, uow: Writing) -> None:
        """Bring the copy up to the run, in the run's own transaction."""
        for what, rows in self.added.items():
            uow.run_copies.append(what, rows, upto=self.upto)
        for what, pieces in self.replaced.items():
            uow.run_copies.replace(what, pieces, upto=self.upto)


def everything(look: Reading, arrived: Arrived) -> Everything:
    """Return all that had arrived: the copy and what came since, or the rows where no copy serves."""
    transactions = _read(look, TRANSACTIONS, arrived)
    if transactions is None:
        return Everything(look.run_data.transactions(arrived.upto), look.run_data.accounts(arrived.upto))
    accounts = None if arrived.changed else _read(look, ACCOUNTS, arrived)
    if accounts is None:
        known = arrived.new[1] if arrived.changed else look.run_data.accounts(arrived.upto)
        return Everything(transactions[0], known, {TRANSACTIONS: transactions[1]})
    return Everything(transactions[0], accounts[0], {TRANSACTIONS: transactions[1], ACCOUNTS: accounts[1]})


def _read(look: Reading, what: str, arrived: Arrived) -> tuple[pa.Table, pa.Table] | None:
    """Return all rows, and those of them that the copy lacks; None where no copy serves."""
    beyond = _beyond(look, what, arrived)
    copied = None if beyond is None else look.run_copies.read(what)
    return None if beyond is None or copied is None else (joined([copied, coded(beyond)]), beyond)


def _beyond(look: Reading, what: str, arrived: Arrived, lag: int = 0) -> pa.Table | None:
    """Return the rows that the copy lacks; None where it is no good, or lacks fewer than ``lag``."""
    there, new = look.run_copies.size(what), arrived.new[what == ACCOUNTS]
    if there is None or there.upto > arrived.since:
        return None
    lacking = arrived.digests[what].rows + new.num_rows - there.rows
    if lacking < lag:
        return None
    if what == ACCOUNTS and look.run_data.first_changed(there.upto):
        return None
    if lacking != new.num_rows:
        new = joined([getattr(look.run_data, what)(arrived.since, since=there.upto), new])
    return new if new.num_rows == lacking else None


def copying(read: Everything | None, upto: int) -> Copying:
    """Tell what becomes of the copy after a run that read everything; nothing where it did not."""
    if read is None:
        return Copying(upto)
    tables = {TRANSACTIONS: read.transactions, ACCOUNTS: read.accounts}
    return Copying(
        upto,
        {what: rows for what, rows in read.beyond.items() if rows.num_rows >= LAG},
        {what: pieces_of(table) for what, table in tables.items() if what not in read.beyond},
    )


def catching_up(look: Reading, arrived: Arrived) -> Copying:
    """Tell what becomes of the copy after a run that had everything loaded."""
    if arrived.changed:
        return Copying(arrived.upto)
    beyond = {what: _beyond(look, what, arrived, LAG) for what in (TRANSACTIONS, ACCOUNTS)}
    return Copying(arrived.upto, {what: rows for what, rows in beyond.items() if rows is not None})
