"""Hold advice and the steps of the cascade against the ledger: a row that somebody edited would tell another story."""

from __future__ import annotations

import json
from typing import Any, Final

from casedesk.domain.advice import Step, steps_digest
from casedesk.domain.events import AdviceGiven
from casedesk.domain.ledger import Recorded
from casedesk.domain.verification import Verifier
from casedesk.store.dialects import stored_time
from casedesk.store.unit_of_work import Reading, Writing

#: What a row of ``advice`` repeats from its event.
_REPEATED: Final = ("case_version", "verdict", "priority", "report", "score", "level", "facts_sha256")


def check_advice(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``advice`` with its event, and its steps with the digest in it."""
    given = {event.event_id: event for event in uow.ledger.newest(10_000_000, actions=(AdviceGiven.action,))}
    for row, steps in uow.advice.everything():
        name = f"Advice of event {row['event_id']}"
        event = given.pop(row["event_id"], None)
        if event is None:
            verifier.find_state(name, "The advice has a row but no event.", "event_id", "no row", name)
            continue
        for column, expected, got in _differing(event, row, steps):
            problem = "The row says something else than its event."
            verifier.find_state(name, problem, column, str(expected), str(got))
    for number in sorted(given):
        verifier.find_state(
            f"Advice of event {number}", "It has an event but no row.", "event_id", str(number), "no row"
        )


def _differing(event: Recorded, row: dict[str, Any], steps: tuple[dict[str, Any], ...]) -> list[tuple[str, Any, Any]]:
    try:
        said = event.data
        pairs = [(column, said[column], row[column]) for column in _REPEATED]
        pairs += [
            ("case_id", event.case_id, row["case_id"]),
            ("advised_at", event.ts, stored_time(row["advised_at"])),
            ("steps", said["steps_sha256"], steps_digest([_step(one) for one in steps])),
        ]
    except (KeyError, TypeError, ValueError):
        return [("steps", "steps as they were recorded", "what cannot be read")]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _step(row: dict[str, Any]) -> Step:
    return Step(row["level"], row["version"], json.loads(row["inputs"]), json.loads(row["output"]), row["cost_micros"])
