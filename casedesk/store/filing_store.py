"""Reports on their way, and the batches that carry them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.cases import CaseStatus, Disposition
from casedesk.domain.events import DispositionSet
from casedesk.domain.filings import OPEN, Filing, FilingState, Remark, remarks_text
from casedesk.errors import NotFound
from casedesk.store.dialects import stored_time, stream
from casedesk.store.tables import batches, case_events, cases, counters, customers, filings, withdrawn_batches
from casedesk.store.types import UtcDateTime

#: SQL Server takes 2,100 parameters a statement.
CHUNK = 500


class NoSuchFiling(NotFound):
    """No filing has this id."""

    def __init__(self, filing_id: str) -> None:
        super().__init__(f"There is no filing “{filing_id}”; an id looks like F-000001.")


class NoSuchBatch(NotFound):
    """No batch has this id, or this tracking id."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"There is no batch “{batch_id}”; “casedesk filing list” shows them, such as B-000001.")


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch without its content. What is not known yet is empty."""

    batch_id: str
    produced_by: str
    produced_at: datetime
    reports: int
    test: bool
    sha256: str
    tracking_id: str = ""
    transmitted_by: str = ""
    transmitted_at: datetime | None = None
    answer_sha256: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_event: int = 0  # the first that says so; 0 unless it was taken back

    @property
    def state(self) -> str:
        """How far it has come; what was taken of it, its reports say."""
        if self.withdrawn_at:
            return "withdrawn"
        return "answered" if self.answered_at else "transmitted" if self.transmitted_at else "produced"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that no batch holds, with what says whether one may: where its case stands, and the case's last decision."""

    filing: Filing
    customer: str
    status: CaseStatus
    disposition: Disposition
    decision: int  # the event; 0 if nobody decided yet


_OWN = tuple(column for column in batches.columns if column.name not in ("content", "answer"))
_HEAD = (
    *_OWN, withdrawn_batches.c.withdrawn_by, withdrawn_batches.c.withdrawn_at,
    withdrawn_batches.c.event.label("withdrawn_event"),
)  # fmt: skip
_FILING = tuple(column for column in filings.columns if column.name != "content")


class FilingReader:
    """Reads reports and batches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, filing_id: str) -> Filing:
        """Return a report.

        :raises NoSuchFiling: if there is none.
        """
        found = self._where(filings.c.filing_id == filing_id)
        if not found:
            raise NoSuchFiling(filing_id)
        return found[0]

    def content(self, filing_id: str) -> str:
        """Return the canonical text of a report; empty where it was removed after retention.

        :raises NoSuchFiling: if there is none.
        """
        query = sa.select(filings.c.content).where(filings.c.filing_id == filing_id)
        found: str | None = self._connection.execute(query).scalar_one_or_none()
        if found is None:
            raise NoSuchFiling(filing_id)
        return found

    def of_case(self, case_id: str) -> tuple[Filing, ...]:
        """Return the reports of a case, the oldest first."""
        return self._where(filings.c.case_id == case_id)

    def of_customer(self, customer_id: str) -> tuple[Filing, ...]:
        """Return the reports of all cases of a customer, the oldest first."""
        about = sa.select(cases.c.case_id).where(cases.c.customer_id == customer_id)
        return self._where(filings.c.case_id.in_(about))

    def of_batch(self, batch_id: str) -> tuple[Filing, ...]:
        """Return the reports of a batch in its order."""
        found = self._where(filings.c.batch_id == batch_id)
        return tuple(sorted(found, key=lambda one: one.place))

    def waiting(self) -> tuple[Waiting, ...]:
        """Return the reports that no batch holds, the oldest first, in one statement: there may be thousands."""
        decided = (
            sa.select(sa.func.max(case_events.c.event_id))
            .where(case_events.c.case_id == filings.c.case_id, case_events.c.action == DispositionSet.action)
            .scalar_subquery()
        )
        told = (customers.c.name, cases.c.status, cases.c.disposition, decided.label("decided"))
        query = (
            sa.select(*_FILING, *(column.label(f"told_{n}") for n, column in enumerate(told)))
            .join(cases, cases.c.case_id == filings.c.case_id)
            .join(customers, customers.c.customer_id == cases.c.customer_id)
            .where(filings.c.state.in_([state.value for state in OPEN]))
            .order_by(filings.c.filing_id)
        )
        return tuple(_waiting(row) for row in self._connection.execute(query).mappings())

    def with_numbers(self, bsa_ids: Sequence[str]) -> tuple[Filing, ...]:
        """Return the reports that have one of these BSA IDs."""
        found: list[Filing] = []
        for start in range(0, len(bsa_ids), CHUNK):
            found += self._where(filings.c.bsa_id.in_(bsa_ids[start : start + CHUNK]))
        return tuple(found)

    def _where(self, condition: sa.ColumnElement[bool]) -> tuple[Filing, ...]:
        query = sa.select(*_FILING).where(condition).order_by(filings.c.filing_id)
        return tuple(_filing(row) for row in self._connection.execute(query).mappings())

    def batch(self, batch_id: str) -> Batch:
        """Return a batch.

        :raises NoSuchBatch: if there is none.
        """
        found = self._batches(batches.c.batch_id == batch_id)
        if not found:
            raise NoSuchBatch(batch_id)
        return found[0]

    def batches(self) -> tuple[Batch, ...]:
        """Return all batches, the newest first."""
        return self._batches(sa.true())[::-1]

    def unanswered(self) -> tuple[Batch, ...]:
        """Return the batches that were transmitted and not answered, the oldest first."""
        return self._batches(sa.and_(batches.c.transmitted_at.is_not(None), batches.c.answered_at.is_(None)))

    def tracked(self, tracking_id: str) -> Batch | None:
        """Return the batch that was transmitted under a tracking id."""
        found = self._batches(sa.and_(batches.c.tracking_id == tracking_id, batches.c.transmitted_at.is_not(None)))
        return found[0] if found else None

    def _batches(self, condition: sa.ColumnElement[bool]) -> tuple[Batch, ...]:
        both = batches.outerjoin(withdrawn_batches, withdrawn_batches.c.batch_id == batches.c.batch_id)
        query = sa.select(*_HEAD).select_from(both).where(condition).order_by(batches.c.batch_id)
        return tuple(_batch(row) for row in self._connection.execute(query).mappings())

    def batch_content(self, batch_id: str) -> bytes:
        """Return the file of a batch as it was produced, without the reports that were removed after retention.

        :raises NoSuchBatch: if there is none.
        """
        return self._file(batch_id, batches.c.content)

    def answer_content(self, batch_id: str) -> bytes:
        """Return the acknowledgement of a batch as it came; empty as long as there is none.

        :raises NoSuchBatch: if there is no such batch.
        """
        return self._file(batch_id, batches.c.answer)

    def _file(self, batch_id: str, column: sa.Column[Any]) -> bytes:
        found = self._connection.execute(sa.select(column).where(batches.c.batch_id == batch_id)).scalar_one_or_none()
        if found is None:
            raise NoSuchBatch(batch_id)
        return str(found).encode()

    def projections(self) -> Iterator[dict[str, Any]]:
        """Yield every row of ``filings`` as it is stored, times as canonical text."""
        query = sa.select(filings).order_by(filings.c.filing_id)
        times = {column.name for column in filings.columns if isinstance(column.type, UtcDateTime)}
        with closing(stream(self._connection, query)) as rows:
            for row in rows:
                said = dict(zip(filings.columns.keys(), row, strict=True))
                yield {n: stored_time(v) if n in times and v is not None else v for n, v in said.items()}


class FilingStore(FilingReader):
    """Writes reports and batches."""

    def next_filing_id(self) -> str:
        """Take the next number: ``F-000001``. The ledger's lock keeps two writers apart."""
        return f"F-{self._next('filings'):06}"

    def next_batch_id(self) -> str:
        """Take the next number: ``B-000001``, as above."""
        return f"B-{self._next('batches'):06}"

    def _next(self, name: str) -> int:
        own = counters.c.name == name
        if self._connection.execute(sa.update(counters).where(own).values(value=counters.c.value + 1)).rowcount == 0:
            self._connection.execute(sa.insert(counters).values(name=name, value=1))
        number: int = self._connection.execute(sa.select(counters.c.value).where(own)).scalar_one()
        return number

    def insert(self, new: Filing, content: str) -> None:
        """Store a first draft."""
        self._connection.execute(sa.insert(filings).values(**_values(new), content=content))

    def save(self, changed: Filing, content: str | None = None) -> None:
        """Store what a report became; with ``content`` where the form was filled in anew."""
        values = _values(changed) | ({} if content is None else {"content": content})
        own = filings.c.filing_id == values.pop("filing_id")
        self._connection.execute(sa.update(filings).where(own).values(values))

    def purge(self, case_id: str) -> int:
        """Remove the forms of a case; what was said of them outside stays. Return how many there were."""
        own = sa.and_(filings.c.case_id == case_id, filings.c.content != "")
        return self._connection.execute(sa.update(filings).where(own).values(content="")).rowcount

    def replace_file(self, batch_id: str, content: bytes) -> None:
        """Store what is left of a batch file after reports were removed from it."""
        own = batches.c.batch_id == batch_id
        self._connection.execute(sa.update(batches).where(own).values(content=content.decode()))

    def insert_batch(self, new: Batch, content: bytes) -> None:
        """Store a batch with its file."""
        values = _batch_values(new)
        self._connection.execute(sa.insert(batches).values(**values, content=content.decode(), answer=""))

    def withdraw(self, batch: Batch) -> None:
        """Store that a batch was taken back."""
        values = {name: getattr(batch, name) for name in ("batch_id", "withdrawn_by", "withdrawn_at")}
        self._connection.execute(sa.insert(withdrawn_batches).values(**values, event=batch.withdrawn_event))

    def save_batch(self, changed: Batch, answer: bytes | None = None) -> None:
        """Store what became of a batch; with ``answer`` where it was answered."""
        values = _batch_values(changed) | ({} if answer is None else {"answer": answer.decode()})
        own = batches.c.batch_id == values.pop("batch_id")
        self._connection.execute(sa.update(batches).where(own).values(values))


def _waiting(row: sa.RowMapping) -> Waiting:
    name, status, disposition, decided = (row[f"told_{n}"] for n in range(4))
    return Waiting(_filing(row), name, CaseStatus(status), Disposition(disposition), decided or 0)


def _filing(row: sa.RowMapping) -> Filing:
    values: dict[str, Any] = {column.name: row[column.name] for column in _FILING}
    values["state"] = FilingState(row["state"])
    for name in ("approved_by", "batch_id"):
        values[name] = values[name] or ""
    return Filing(**{**values, "remarks": tuple(Remark(*one) for one in json.loads(row["remarks"]))})


def _values(one: Filing) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in Filing.__slots__}
    for name in ("approved_by", "batch_id"):
        values[name] = values[name] or None
    return {**values, "state": one.state.value, "remarks": remarks_text(one.remarks)}


def _batch(row: sa.RowMapping) -> Batch:
    texts = {name: row[name] or "" for name in ("transmitted_by", "answered_by", "withdrawn_by")}
    return Batch(**{**row, **texts, "test": bool(row["test"]), "withdrawn_event": row["withdrawn_event"] or 0})


def _batch_values(one: Batch) -> dict[str, Any]:
    values = {column.name: getattr(one, column.name) for column in _OWN}
    for name in ("transmitted_by", "answered_by"):
        values[name] = values[name] or None
    return values
