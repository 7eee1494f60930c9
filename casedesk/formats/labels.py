"""Labels of published data sets, for evaluation: which rows were laundering, beside the ids an import gives the rows.

Nothing here is called by an import, and no batch of an import has a label column. A rule that read a label would find what
it was told, so labels and rules only meet where results are measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats.batches import AccountBatch, Batch, TransactionBatch
from casedesk.formats.rate_files import default_rates
from casedesk.formats.records import Column, Ints
from casedesk.formats.sources import Source, open_sources


class NoLabels(Invalid):
    """The file has no column that is known to be a label."""

    def __init__(self, path: Path, form: str) -> None:
        super().__init__(
            f"{path.name} ({form}) has no label columns. Labels are known of AMLworld, its patterns file, SAML-D, PaySim and "
            "AMLGentex transactions, of AMLGentex accounts and of AMLSim nodes."
        )


def read_labels(
    path: Path,
    format: str | None = None,
    *,
    rates: RateTable | None = None,
    base_currency: str = "USD",
    zone: str | None = None,
    start: str | None = None,
) -> pa.Table:
    """Read the label columns of a file, as text under the names the file gives them.

    The first column is ``transaction_id``, or ``account_id`` for a file of accounts: the ids that an import of the file with
    the same options gives. A row that an import rejects has no labels. AMLworld's patterns file has ``Attempt``, a number
    from 1, and ``Typology`` beside its label.

    :raises NoLabels: if the file has none.
    :raises Invalid: what :func:`casedesk.formats.sources.open_source` raises.
    """
    sources = open_sources(
        path,
        rates=rates or default_rates(),
        base_currency=base_currency,
        format=format or "auto",
        zone=zone,
        start=start,
    )
    source = next((source for source in sources if source.labels), None)
    if source is None:
        raise NoLabels(path, sources[-1].format)
    parts = [_labels(batch, told) for batch, told in source.labelled()]
    return pa.concat_tables(parts) if parts else _empty(source)


def _labels(batch: Batch, told: dict[str, Column]) -> pa.Table:
    name, ids, numbers = _ids(batch)
    kept = pa.array(np.searchsorted(told[""], numbers))
    labels = {label: column.take(kept) for label, column in told.items() if label}
    return pa.table({name: ids, **labels})


def _ids(batch: Batch) -> tuple[str, Column, Ints]:
    if isinstance(batch, TransactionBatch):
        return "transaction_id", batch.table["transaction_id"].combine_chunks(), batch.numbers
    if isinstance(batch, AccountBatch):
        ids = pa.array([account.account_id for account in batch.accounts], pa.string())
        return "account_id", ids, np.array(batch.numbers, dtype=np.int64)
    raise TypeError(f"no labels of {type(batch).__name__}")


def _empty(source: Source) -> pa.Table:
    name = "transaction_id" if source.kind == "transactions" else "account_id"
    return pa.table({column: pa.array([], pa.string()) for column in (name, *source.labels)})
