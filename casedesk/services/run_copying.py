"""Read what a run reads from the copy of what the last one read, and keep the copy up with the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from casedesk.detection.fingerprint import Digest
from casedesk.store.run_copies import ACCOUNTS, TRANSACTIONS, Piece, coded, joined, pieces_of
from casedesk.store.unit_of_work import Reading, Writing


@dataclass(frozen=True, slots=True)
class Everything:
    """All transactions and accounts that had arrived; ``copied`` names what the last run's part of was read from the copy."""

    transactions: pa.Table
    accounts: pa.Table
    copied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Copying:
    """What a run does to the copy when it is stored: rows to add, and pieces that take the place of all there are."""

    upto: int
    added: Mapping[str, pa.Table]
    replaced: Mapping[str, Sequence[Piece]]

    def store(self, uow: Writing) -> None:
        """Bring the copy up to the run, in the run's own transaction."""
        for what, rows in self.added.items():
            uow.run_copies.append(what, rows, upto=self.upto)
        for what, pieces in self.replaced.items():
            uow.run_copies.replace(what, pieces, upto=self.upto)


def everything(
    look: Reading,
    arrival: int,
    digests: Mapping[str, Digest],
    new: tuple[pa.Table, pa.Table],
    upto: int,
    *,
    changed: bool,
) -> Everything:
    """Return all that had arrived by ``upto``: the copy and what is new, or the rows where no copy serves.

    :param arrival: the newest arrival that the last run saw, and ``digests`` those of what it saw.
    :param new: the transactions and accounts that came since; all accounts where some have ``changed``.
    """
    transactions = look.run_copies.read(TRANSACTIONS, upto=arrival, rows=digests["transactions"].rows)
    if transactions is None:
        return Everything(look.run_data.transactions(upto), look.run_data.accounts(upto))
    transactions = joined([transactions, coded(new[0])])
    if changed:
        return Everything(transactions, new[1], frozenset({TRANSACTIONS}))
    accounts = None
    if not look.run_data.first_changed(look.run_copies.newest(ACCOUNTS)):
        accounts = look.run_copies.read(ACCOUNTS, upto=arrival, rows=digests["accounts"].rows)
    if accounts is None:
        return Everything(transactions, look.run_data.accounts(upto), frozenset({TRANSACTIONS}))
    return Everything(transactions, joined([accounts, new[1]]), frozenset({TRANSACTIONS, ACCOUNTS}))


def copying(read: Everything | None, new: tuple[pa.Table, pa.Table] | None, upto: int) -> Copying:
    """Tell what becomes of the copy after a run; nothing where the run did not read everything."""
    if read is None:
        return Copying(upto, {}, {})
    tables = {TRANSACTIONS: read.transactions, ACCOUNTS: read.accounts}
    added = dict(zip(tables, new or (), strict=bool(new)))
    return Copying(
        upto,
        {what: rows for what, rows in added.items() if what in read.copied},
        {what: pieces_of(table) for what, table in tables.items() if what not in read.copied},
    )
