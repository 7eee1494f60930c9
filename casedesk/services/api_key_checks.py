"""Hold the keys of the API against the ledger: a row that somebody added or changed would open the desk."""

from __future__ import annotations

from casedesk.domain.api_keys import STEPS, BrokenKeys, columns, fold
from casedesk.domain.verification import Verifier
from casedesk.store.unit_of_work import Reading, Writing


def check_api_keys(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``api_keys`` with its events."""
    try:
        should = fold(uow.ledger.of_desk(STEPS))
    except (BrokenKeys, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("API keys", "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for row in uow.api_keys.projections():
        name = str(row["key_id"])
        key = should.pop(name, None)
        if key is None:
            verifier.find_state(name, "The key has a row but not one event.", "key_id", "no row", name)
            continue
        for column, expected in columns(key).items():
            if row[column] != expected:
                problem = "The row says something else than its events."
                verifier.find_state(name, problem, column, str(expected or ""), str(row[column] or ""))
    for name in sorted(should):
        verifier.find_state(name, "The key has events but no row.", "key_id", name, "no row")
