"""Hold reports and batches against the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from casedesk.domain.events import FilingAcknowledged, FilingProduced, FilingRejected
from casedesk.domain.filings import ACTIONS, NotThere, columns, fold
from casedesk.domain.ledger import Recorded
from casedesk.domain.reports.report import digest
from casedesk.domain.verification import Verifier
from casedesk.store.unit_of_work import Reading, Writing

_ANSWERS = (FilingAcknowledged.action, FilingRejected.action)


def check_filings(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``filings`` with its events, and every file with the hash that the ledger has of it."""
    history = tuple(reversed(uow.ledger.newest(1_000_000, actions=tuple(sorted(ACTIONS)))))
    try:
        should = fold(history)
    except (NotThere, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Filings", "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for row in uow.filings.projections():
        name = str(row["filing_id"])
        one = should.pop(name, None)
        if one is None:
            verifier.find_state(name, "The filing has a row but not one event.", "filing_id", "no row", name)
            continue
        got = {column: "" if value is None else str(value) for column, value in row.items()}
        for column, expected in {**columns(one), "content": one.digest}.items():
            said = digest(got["content"]) if column == "content" else got[column]
            if said != expected:
                verifier.find_state(name, "The row says something else than its events.", column, expected, said)
    for name in sorted(should):
        verifier.find_state(name, "The filing has events but no row.", "filing_id", name, "no row")
    _check_batches(uow, verifier, history)


def _check_batches(uow: Reading | Writing, verifier: Verifier, history: Sequence[Recorded]) -> None:
    produced = {e.data["batch_id"]: e.data["sha256"] for e in history if e.action == FilingProduced.action}
    answered = {e.data["batch_id"]: e.data["sha256"] for e in history if e.action in _ANSWERS}
    for batch in uow.filings.batches():
        name = batch.batch_id
        files = {"content": uow.filings.batch_content(name), "answer": uow.filings.answer_content(name)}
        expected = {"content": produced.pop(name, "no event"), "answer": answered.pop(name, "")}
        for column, raw in files.items():
            got = sha256(raw).hexdigest() if raw else ""
            if got != expected[column]:
                problem = "The file is not the one that the ledger recorded."
                verifier.find_state(name, problem, column, expected[column], got)
    for name in sorted({*produced, *answered}):
        verifier.find_state(name, "The batch has events but no row.", "batch_id", name, "no row")
