"""Hold suppressions, and what they hid, against the ledger."""

from __future__ import annotations

from casedesk.domain.events import DetectionRan
from casedesk.domain.suppressions import STEPS, NotThere, columns, fold, hidden_digest
from casedesk.domain.verification import Verifier
from casedesk.store.unit_of_work import Reading, Writing

_NOTHING = hidden_digest(())


def check_suppressions(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``suppressions`` with its events, and all that is hidden with what the last run recorded."""
    try:
        should = fold(uow.ledger.of_desk(STEPS))
    except (NotThere, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Suppressions", "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for row in uow.suppressions.projections():
        name = str(row["suppression_id"])
        one = should.pop(name, None)
        if one is None:
            verifier.find_state(name, "The suppression has a row but not one event.", "suppression_id", "no row", name)
            continue
        for column, expected in columns(one).items():
            got = "" if row[column] is None else str(row[column])
            if got != expected:
                verifier.find_state(name, "The row says something else than its events.", column, expected, got)
    for name in sorted(should):
        verifier.find_state(name, "The suppression has events but no row.", "suppression_id", name, "no row")
    _check_hidden(uow, verifier)


def _check_hidden(uow: Reading | Writing, verifier: Verifier) -> None:
    last = next(iter(uow.ledger.of_desk((DetectionRan.action,), newest=1)), None)
    try:
        expected = _NOTHING if last is None else str(last.data.get("hidden_sha256", _NOTHING))
    except ValueError:
        return  # an event that was tampered with has been named already
    got = hidden_digest(uow.suppressions.hidden_projections())
    if got != expected:
        problem = "What is recorded as hidden is not what the last run recorded."
        verifier.find_state("Hidden alerts", problem, "suppressed_alerts", expected, got)
