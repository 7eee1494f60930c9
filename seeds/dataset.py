"""A world as a folder of CSV files in the native format, and back. RFC 4180 quoting, UTF-8, one LF per line."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from casedesk.domain.counts import counted
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.errors import Invalid, Unavailable
from seeds.book import Row
from seeds.lookalikes import Lookalike
from seeds.planting import Label
from seeds.world import World

HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "customers.csv": tuple(field.name for field in fields(Customer)),
    "accounts.csv": tuple(field.name for field in fields(Account)),
    "transactions.csv": Row._fields,
    "labels.csv": tuple(field.name for field in fields(Label)),
    "lookalikes.csv": tuple(field.name for field in fields(Lookalike)),
}


class BadDataset(Invalid):
    """The folder does not hold a dataset of ours."""


def write_dataset(world: World, folder: Path) -> dict[str, int]:
    """Write the five files, each whole or not at all; return the number of rows of each.

    :raises Unavailable: if the folder cannot be made or written.
    """
    contents: dict[str, Iterable[Iterable[object]]] = {
        "customers.csv": (_cells(one) for one in world.customers),
        "accounts.csv": (_cells(one) for one in world.accounts),
        "transactions.csv": world.transactions,
        "labels.csv": (astuple(one) for one in world.labels),
        "lookalikes.csv": (astuple(one) for one in world.lookalikes),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {name: _write(folder / name, rows) for name, rows in contents.items()}
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be written ({error.strerror}); choose another one.") from error


def write_parties(world: World, folder: Path) -> None:
    """Write the files of customers and accounts alone, each whole or not at all.

    :raises Unavailable: if the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "customers.csv", (_cells(one) for one in world.customers))
        _write(folder / "accounts.csv", (_cells(one) for one in world.accounts))
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be written ({error.strerror}); choose another one.") from error


def read_dataset(folder: Path) -> World:
    """Read what :func:`write_dataset` wrote; labels and look-alikes may be absent.

    :raises BadDataset: if a file is missing or its header is another one.
    """
    return World(
        customers=tuple(_customer(row) for row in _read(folder / "customers.csv")),
        accounts=tuple(_account(row) for row in _read(folder / "accounts.csv")),
        transactions=tuple(Row(**row) for row in _read(folder / "transactions.csv")),
        labels=tuple(Label(**row) for row in _read(folder / "labels.csv", optional=True)),
        lookalikes=tuple(Lookalike(**row) for row in _read(folder / "lookalikes.csv", optional=True)),
    )


def _cells(record: Customer | Account) -> list[str]:
    return ["" if value is None else str(value) for value in asdict(record).values()]


def _write(path: Path, rows: Iterable[Iterable[object]]) -> int:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    count = 0
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADERS[path.name])
            for row in rows:
                writer.writerow(row)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _read(path: Path, *, optional: bool = False) -> Iterator[dict[str, Any]]:
    if optional and not path.exists():
        return
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            header, wanted = tuple(next(lines, ())), HEADERS[path.name]
            if header != wanted:
                raise BadDataset(f"{path} must begin with the columns {', '.join(wanted)}; it has {', '.join(header)}.")
            for number, cells in enumerate(lines, 2):
                if len(cells) != len(wanted):
                    raise BadDataset(
                        f"{path}, row {number}: {counted(len(wanted), 'column is', 'columns are')} expected, not {len(cells)}."
                    )
                yield dict(zip(wanted, cells, strict=True))
    except FileNotFoundError:
        raise BadDataset(
            f"{path} is missing; a dataset needs customers.csv, accounts.csv and transactions.csv."
        ) from None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _customer(row: dict[str, Any]) -> Customer:
    return Customer(**{**row, "kind": CustomerKind(row["kind"]), "since": _day(row["since"])})


def _account(row: dict[str, Any]) -> Account:
    return Account(**{**row, "opened_on": _day(row["opened_on"])})
