"""Parquet files that already have the rules' own columns: read where they lie, so they may be larger than memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from casedesk.detection.sources import ACCOUNT_COLUMNS, OPTIONAL, TRANSACTION_COLUMNS, ParquetFiles, UnfitSource

#: What tells these files from a bank's own: amounts in minor units of the base currency.
_TELLING = "base_minor"
_KEY = "account_id"


def is_ready(paths: Sequence[Path]) -> bool:
    """Say whether a Parquet file among these, or in these folders, has amounts in the base currency already."""
    return any(_TELLING in _names(files) for path in paths if (files := _parquet(path)))


def ready(paths: Sequence[Path]) -> tuple[ParquetFiles, pa.Table]:
    """Return the files of the transactions, and the accounts.

    Accounts come from the Parquet files with a column ``account_id``. Where there is none, every account that a
    transaction names is held by ``H-<account>``.

    :raises UnfitSource: if a transactions file lacks a column, or a file is not Parquet.
    """
    transactions: list[Path] = []
    holders: list[Path] = []
    for path in paths:
        for file in _parquet(path):
            names = _names([file])
            (transactions if _TELLING in names else holders if _KEY in names else []).append(file)
    stream = _dataset(transactions)
    missing = [name for name in TRANSACTION_COLUMNS if name not in stream.schema.names]
    if missing:
        raise UnfitSource(
            f"The transactions in {transactions[0].name} have no column “{missing[0]}”; add it, or leave “{_TELLING}” out "
            "and give the file the desk's own columns."
        )
    accounts = _held(holders) if holders else _named(stream)
    return ParquetFiles(tuple(transactions), stream.schema), accounts


def _parquet(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*.parquet") if file.is_file())
    return [path] if path.suffix == ".parquet" else []


def _names(files: Sequence[Path]) -> list[str]:
    found: list[str] = []
    for file in files:
        found += _dataset([file]).schema.names
    return found


def _dataset(files: Sequence[Path]) -> Any:
    try:
        return ds.dataset([str(file) for file in files], format="parquet")
    except (pa.ArrowInvalid, OSError) as error:
        # Arrow's own words guess, name paths and run over lines; only what the system says is worth repeating
        reason = getattr(error, "strerror", None) or "it is cut short, or something else"
        raise UnfitSource(
            f"{files[0].name} is not a readable Parquet file ({reason}); write it anew, or leave it out."
        ) from None


def _held(files: Sequence[Path]) -> pa.Table:
    found = _dataset(files)
    missing = [name for name in ACCOUNT_COLUMNS if name not in found.schema.names and name not in OPTIONAL]
    if missing:
        raise UnfitSource(f"The accounts in {files[0].name} have no column “{missing[0]}”; add it.")
    table = found.to_table(columns=[name for name in ACCOUNT_COLUMNS if name in found.schema.names])
    columns = {name: pc.fill_null(pc.cast(table[name], pa.string()), "") for name in table.column_names}
    return pa.table(columns)


def _named(transactions: Any) -> pa.Table:
    seen: set[str] = set()
    for batch in transactions.to_batches(columns=["from_account", "to_account"]):
        for column in batch.columns:
            seen.update(pc.unique(column).to_pylist())
    names = sorted(name for name in seen if name)
    return pa.table({"account_id": pa.array(names, pa.string()), "customer_id": [f"H-{name}" for name in names]})
