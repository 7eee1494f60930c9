"""Hold reports and batches against the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from casedesk.domain import batch_parts
from casedesk.domain.events import FilingAcknowledged, FilingDrafted, FilingProduced, FilingRejected, FilingWithdrawn
from casedesk.domain.filings import ACTIONS, Filing, NotThere, columns, fold
from casedesk.domain.ledger import Recorded
from casedesk.domain.reports.report import digest
from casedesk.domain.verification import Verifier
from casedesk.store.filing_store import Batch
from casedesk.store.unit_of_work import Reading, Writing

_ANSWERS = (FilingAcknowledged.action, FilingRejected.action)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the ledger says: the events of reports, oldest first, and of each purged case the last event that purged it."""

    history: Sequence[Recorded]
    purges: Mapping[str, int]

    def removed(self, event: Recorded) -> bool:
        """Say whether what an event of a case put down was purged later."""
        return event.event_id < self.purges.get(event.case_id, 0)


def check_filings(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``filings`` with its events, and every file with the hashes that the ledger has of it."""
    history = tuple(reversed(uow.ledger.newest(1_000_000, actions=tuple(sorted(ACTIONS)))))
    try:
        should = fold(history)
        told = _Told(history, uow.ledger.purges())
        _check_rows(uow, verifier, told, should)
        _check_batches(uow, verifier, told)
    except (NotThere, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Filings", "Their events make no sense.", "meta", "a legal step", str(error))


def _check_rows(uow: Reading | Writing, verifier: Verifier, told: _Told, should: dict[str, Filing]) -> None:
    drafted = {e.data["filing_id"]: e for e in told.history if e.action == FilingDrafted.action}
    for row in uow.filings.projections():
        name = str(row["filing_id"])
        one = should.pop(name, None)
        if one is None:
            verifier.find_state(name, "The filing has a row but not one event.", "filing_id", "no row", name)
            continue
        got = {column: "" if value is None else str(value) for column, value in row.items()}
        form = "" if told.removed(drafted[name]) else one.digest
        for column, expected in {**columns(one), "content": form}.items():
            said = got[column] and digest(got[column]) if column == "content" else got[column]
            if said != expected:
                verifier.find_state(name, "The row says something else than its events.", column, expected, said)
    for name in sorted(should):
        verifier.find_state(name, "The filing has events but no row.", "filing_id", name, "no row")


def _check_batches(uow: Reading | Writing, verifier: Verifier, told: _Told) -> None:
    produced: dict[str, list[Recorded]] = {}
    for event in told.history:
        if event.action == FilingProduced.action:
            produced.setdefault(event.data["batch_id"], []).append(event)
    answered = {e.data["batch_id"]: e.data["sha256"] for e in told.history if e.action in _ANSWERS}
    withdrawn = {e.data["batch_id"]: e.user for e in reversed(told.history) if e.action == FilingWithdrawn.action}
    for batch in uow.filings.batches():
        name = batch.batch_id
        found = sorted(produced.pop(name, ()), key=lambda event: event.data["place"])
        _check_file(verifier, told, batch, uow.filings.batch_content(name), found)
        _compare(verifier, name, "answer", answered.pop(name, ""), _hash(uow.filings.answer_content(name)))
        _compare(verifier, name, "withdrawn_by", withdrawn.pop(name, ""), batch.withdrawn_by)
    for name in sorted({*produced, *answered, *withdrawn}):
        verifier.find_state(name, "The batch has events but no row.", "batch_id", name, "no row")


def _check_file(verifier: Verifier, told: _Told, batch: Batch, content: bytes, produced: Sequence[Recorded]) -> None:
    """Compare a batch file with its hash or, where reports were purged, what is left of it with the hashes of its parts."""
    gone = [told.removed(event) for event in produced]
    if not any(gone):
        _compare(
            verifier, batch.batch_id, "content", produced[0].data["sha256"] if produced else "no event", _hash(content)
        )
        return
    parts = batch_parts.parts(content)
    expected = [produced[0].data["frame"], *("" if g else e.data["part"] for e, g in zip(produced, gone, strict=True))]
    got = [batch_parts.frame(content), *("" if batch_parts.is_removed(p) else batch_parts.digest(p) for p in parts)]
    _compare(verifier, batch.batch_id, "content", " ".join(expected), " ".join(got))


def _hash(raw: bytes) -> str:
    return sha256(raw).hexdigest() if raw else ""


def _compare(verifier: Verifier, name: str, column: str, expected: str, got: str) -> None:
    if got != expected:
        problem = "The row is not what the ledger recorded."
        verifier.find_state(name, problem, column, expected, got)
