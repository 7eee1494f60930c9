"""Run the rules over files, without the desk: nothing is stored and no database is opened."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from casedesk.detection.engine import DetectionResult
from casedesk.detection.engine import detect as run_rules
from casedesk.detection.files import is_ready, ready
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES, rules_with
from casedesk.detection.sources import ParquetFiles
from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid, NotFound
from casedesk.formats.mapping import Mapping
from casedesk.formats.offline import read_offline
from casedesk.formats.rate_files import default_rates, read_rates
from casedesk.formats.rejects import RejectedRow

__all__ = ["RULES", "Limits", "NoFiles", "NothingToLookAt", "Offline", "detect_files", "rules_with"]


class NoFiles(NotFound):
    """A path or a pattern names nothing."""


class NothingToLookAt(Invalid):
    """The files hold no transaction that can be read; that is not the same as no alert."""

    def __init__(self, files: Sequence[Path], rejected: Sequence[RejectedRow]) -> None:
        named = f"{files[0].name} and {len(files) - 1:,} more" if len(files) > 1 else files[0].name
        said = f"There is no transaction in {named}, no row below the header; no rule looked at anything."
        if rejected:
            row = rejected[0]
            said = f"No row can be read. The first is row {row.row_number}: {row.field} “{row.value}”. {row.reason}"
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Offline:
    """What was found in files; ``rejected`` are the rows that could not be read."""

    result: DetectionResult
    rejected: tuple[RejectedRow, ...]


def detect_files(
    *,
    paths: Sequence[str],
    base_currency: str,
    format: str = "auto",
    zone: str | None = None,
    start: str | None = None,
    rates: Path | None = None,
    mapping: Mapping | None = None,
    rules: Sequence[Rule] = RULES,
    limits: Limits | None = None,
) -> Offline:
    """Run the rules over files, folders (partitioned ones, too) and patterns such as ``2026-*/part-*.parquet``.

    Files of any format that can be imported are read as an import would. Parquet files with the rules' own columns
    (``base_minor`` among them) are streamed as they lie.

    :param rates: a rates file; the shipped rates if not given.
    :param mapping: which column is which field, of files that no format describes.
    :raises NoFiles: if a path names nothing.
    :raises NothingToLookAt: if no transaction can be read in them.
    :raises Invalid: naming field and fix, if the files cannot be what they claim to be.
    """
    files = expanded(paths)
    limits = limits or Limits()
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
    result = run_rules(
        transactions, accounts, rules=rules, limits=limits, base_currency=base_currency, name_accounts=True
    )
    if not result.transactions:
        raise NothingToLookAt(files, rejected)
    return Offline(result, tuple(rejected))


def read_files(
    files: Sequence[Path],
    rejected: list[RejectedRow],
    *,
    base_currency: str,
    format: str,
    zone: str | None,
    start: str | None,
    rates: Path | None,
    mapping: Mapping | None,
) -> tuple[pa.Table | pa.RecordBatchReader | ParquetFiles, pa.Table]:
    """Read files into transactions and accounts; Parquet files with the rules' own columns stay where they lie.

    :param rejected: takes the rows that cannot be read.
    :raises Invalid: naming field and fix, if the files cannot be what they claim to be.
    """
    if format == "auto" and not mapping and is_ready(files):
        return ready(files)
    table = RateTable(read_rates(rates) if rates else default_rates().rates)
    return read_offline(
        files,
        format,
        base_currency=base_currency,
        rates=table,
        zone=zone,
        start=start,
        mapping=mapping,
        rejects=rejected,
    )


def expanded(paths: Sequence[str]) -> list[Path]:
    """Resolve patterns; every path is there afterwards, each once, in a fixed order within its pattern."""
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if path.exists():
            found[path] = None
            continue
        matches = sorted(glob.glob(text, recursive=True))  # noqa: PTH207  # Path.glob takes no absolute pattern
        if not matches:
            what = "No file matches" if glob.has_magic(text) else "There is no file or folder"
            raise NoFiles(f"{what} “{text}”; name files, folders or a pattern that matches some.")
        found.update((Path(match), None) for match in matches)
    return list(found)
