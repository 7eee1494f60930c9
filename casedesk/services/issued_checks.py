"""Hold what was issued with a secret against the ledger: a row that somebody added or changed would open the desk, or tell strangers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from casedesk.domain.issued import BrokenEvents, Kind, One
from casedesk.domain.verification import Verifier
from casedesk.store.unit_of_work import Reading, Writing


def check_issued(
    kind: Kind[One], uow: Reading | Writing, rows: Iterable[Mapping[str, Any]], verifier: Verifier
) -> None:
    """Compare every row of a kind with its events."""
    try:
        should = kind.fold(uow.ledger.of_desk(kind.steps))
    except (BrokenEvents, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state(kind.title, "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for row in rows:
        name = str(row[kind.key])
        one = should.pop(name, None)
        if one is None:
            verifier.find_state(name, f"The {kind.what} has a row but not one event.", kind.key, "no row", name)
            continue
        for column, expected in kind.columns(one).items():
            if row[column] != expected:
                problem = "The row says something else than its events."
                verifier.find_state(name, problem, column, str(expected or ""), str(row[column] or ""))
    for name in sorted(should):
        verifier.find_state(name, f"The {kind.what} has events but no row.", kind.key, name, "no row")
