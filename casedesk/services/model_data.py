"""Worlds for a model: payments in files, and the labels that go with them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.sources import ParquetFiles
from casedesk.domain.listed import PartyKind
from casedesk.errors import Invalid
from casedesk.formats.answers import Answers, joined, read_answers
from casedesk.formats.mapping import Mapping
from casedesk.formats.party_lists import read_party_list
from casedesk.formats.rejects import RejectedRow
from casedesk.modelling.measures import Flags, Floats
from casedesk.modelling.payments import OUTSIDE, Payments
from casedesk.services.offline_detecting import expanded, read_files


class NoneLabelled(Invalid):
    """The labels name nothing that is in the payments."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: as by ``casedesk detect --source``."""

    base_currency: str
    format: str = "auto"
    zone: str | None = None
    start: str | None = None
    rates: Path | None = None
    mapping: Mapping | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Payments of one bank or one simulation, with what was labelled where labels are at hand.

    ``guilty`` says it of each payment, ``guilty_accounts`` of each of ``payments.accounts``. ``weights`` says how much each
    payment counts, 0 for one that neither trains nor tests, 1 and more for one that is never left out; all the same where None.
    """

    name: str
    payments: Payments
    guilty: Flags
    guilty_accounts: Flags
    labels: str
    rejected: tuple[RejectedRow, ...]
    weights: Floats | None = None

    def told(self) -> dict[str, Any]:
        """Describe it for a card."""
        at = self.payments.table["at"]
        first, last = (
            pc.cast(pc.cast(one, pa.timestamp("us")), pa.string()).as_py() for one in (pc.min(at), pc.max(at))
        )
        return {
            "name": self.name, "transactions": len(self.payments.ids), "accounts": len(self.payments.accounts),
            "guilty": int(self.guilty.sum()), "guilty_accounts": int(self.guilty_accounts.sum()),
            "from": first, "until": last, "sha256": self._sha256(),
        }  # fmt: skip

    def _sha256(self) -> str:
        digest = hashlib.sha256()
        for name in self.payments.table.column_names:
            digest.update(np.ascontiguousarray(self.payments.table[name].to_numpy()).tobytes())
        for names in (self.payments.ids, self.payments.accounts):
            digest.update("\n".join(names.to_pylist()).encode("utf-8", "surrogatepass"))
        digest.update(np.packbits(self.guilty).tobytes())
        if self.weights is not None:
            digest.update(np.ascontiguousarray(self.weights).tobytes())
        return digest.hexdigest()


def read_world(path: str, reading: Reading, labels: Sequence[str] = (), listed: frozenset[str] = frozenset()) -> World:
    """Read one world: a file, a folder or a pattern.

    :param labels: files of labels; where none is given, the payments' own files are asked.
    :raises NoneLabelled: if labels were given and none is of these payments.
    :raises Invalid: naming field and fix, if a file cannot be what it claims to be.
    """
    payments, rejected = read_payments(path, reading, listed)
    files = expanded(list(labels) or [path])
    answers = joined(
        [read_answers(one, _format_of(reading, bool(labels)), zone=reading.zone, start=reading.start) for one in files]
    )
    guilty, accounts = held(payments, answers)
    if labels and not guilty.any() and not accounts.any():
        raise NoneLabelled(
            f"None of the {len(answers.guilty):,} labelled {answers.kind} is in {Path(path).name}; check that the labels belong to "
            "these files, and that both write ids alike."
        )
    return World(Path(path).name, payments, guilty, accounts, answers.kind, rejected)


def _format_of(reading: Reading, own_files: bool) -> str:
    return "auto" if own_files else reading.format


def read_payments(
    path: str, reading: Reading, listed: frozenset[str] = frozenset()
) -> tuple[Payments, tuple[RejectedRow, ...]]:
    """Read the payments of one world, and the rows that could not be read.

    :raises Invalid: naming field and fix, if a file cannot be what it claims to be, or no row can be read.
    """
    files = expanded([path])
    rejected: list[RejectedRow] = []
    transactions, _ = read_files(
        files, rejected, base_currency=reading.base_currency, format=reading.format, zone=reading.zone, start=reading.start,
        rates=reading.rates, mapping=reading.mapping,
    )  # fmt: skip
    table = _whole(transactions)
    if not table.num_rows:
        raise Invalid(_unread(Path(path).name, rejected))
    return Payments.of(table, listed), tuple(rejected)


def _whole(source: pa.Table | pa.RecordBatchReader | ParquetFiles) -> pa.Table:
    if isinstance(source, ParquetFiles):
        source = source.reader()
    return source if isinstance(source, pa.Table) else source.read_all()


def _unread(name: str, rejected: Sequence[RejectedRow]) -> str:
    if not rejected:
        return f"There is no transaction in {name}, no row below the header."
    row = rejected[0]
    return f"No row can be read. The first is row {row.row_number}: {row.field} “{row.value}”. {row.reason}"


def held(payments: Payments, answers: Answers) -> tuple[Flags, Flags]:
    """Say of payments and accounts whether they are guilty.

    Of labelled payments both named accounts are; of labelled accounts the payments between two of them, and those of one
    with the world outside.
    """
    named = pa.array(sorted(answers.guilty), pa.string())
    payer, payee = (payments.table[side].to_numpy() for side in ("payer", "payee"))
    if answers.kind == "transactions":
        guilty = np.asarray(pc.is_in(payments.ids, named), bool)
        accounts = np.zeros(len(payments.accounts) + 1, bool)
        accounts[payer[guilty]] = accounts[payee[guilty]] = True
        return guilty, accounts[1:]
    known = np.concatenate([[True], np.asarray(pc.is_in(payments.accounts, named), bool)])
    return known[payer] & known[payee] & ((payer != OUTSIDE) | (payee != OUTSIDE)), known[1:]


def listed_accounts(path: Path) -> frozenset[str]:
    """Return the accounts of a party list.

    :raises Invalid: if the list cannot be what it claims to be, or names no account.
    """
    found = read_party_list(path).named(PartyKind.ACCOUNT)
    if not found:
        raise Invalid(f"{path.name} lists no account; the model asks for accounts, kind “account”.")
    return found
