"""What a packet holds of advice: the figures and answers of each level, and the tables that they follow from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from casedesk.domain.advice_table import table_of
from casedesk.domain.events import AdviceGiven
from casedesk.domain.ledger import Recorded
from casedesk.store.unit_of_work import Writing


def of_events(uow: Writing, events: Iterable[Recorded]) -> dict[str, Iterator[dict[str, Any]]]:
    """Return the steps of the cascade behind each advice among the events, and the tables by which it was given."""
    given = [event for event in events if event.action == AdviceGiven.action]
    return {"advice": _steps(uow, given), "advice_tables": _tables(given)}


def _steps(uow: Writing, given: Iterable[Recorded]) -> Iterator[dict[str, Any]]:
    for event in given:
        yield {"event_id": event.event_id, "steps": [step.record() for step in uow.advice.steps(event.event_id)]}


def _tables(given: Iterable[Recorded]) -> Iterator[dict[str, Any]]:
    for version in sorted({event.data["table"] for event in given}):
        table = asdict(table_of(version))
        yield table | {
            "valid_from": table["valid_from"].isoformat(),
            "amount_steps": list(table["amount_steps"]),
            "priorities": list(table["priorities"]),
        }
