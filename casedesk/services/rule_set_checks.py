"""Hold the rule sets against the ledger: every column of a row follows from the events of its rule set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from casedesk.domain.events import RuleSetProposed, RuleSetPutInForce, RuleSetRejected, RuleSetWithdrawn
from casedesk.domain.ledger import Recorded
from casedesk.domain.rule_sets import RuleSetState
from casedesk.domain.verification import Verifier
from casedesk.errors import Conflict
from casedesk.store.unit_of_work import Reading, Writing

STEPS: Final = (RuleSetProposed.action, RuleSetPutInForce.action, RuleSetRejected.action, RuleSetWithdrawn.action)
_LEADS_TO: Final = {
    RuleSetPutInForce.action: RuleSetState.IN_FORCE,
    RuleSetRejected.action: RuleSetState.REJECTED,
    RuleSetWithdrawn.action: RuleSetState.WITHDRAWN,
}


class Edited(Conflict):
    """The row of a proposal is not what was proposed."""

    def __init__(self, rule_set_id: str, column: str) -> None:
        super().__init__(
            f"Rule set {rule_set_id} was changed outside the desk (column {column}); nobody can decide it. "
            "Have the ledger verified, and restore a backup."
        )


def check_rule_sets(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``rule_sets`` with its events, and note a rule set that has events but no row."""
    try:
        should = expected(uow.ledger.of_desk(STEPS))
    except (KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Rule sets", "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for rule_set_id, row in uow.rule_sets.projections():
        columns = should.pop(rule_set_id, None)
        if columns is None:
            problem = "The rule set has a row but not one event."
            verifier.find_state(rule_set_id, problem, "rule_set_id", "no row", rule_set_id)
            continue
        for column in differing(columns, row):
            problem = "The row says something else than its events."
            verifier.find_state(rule_set_id, problem, column, columns[column], row[column])
    for rule_set_id in sorted(should):
        verifier.find_state(rule_set_id, "The rule set has events but no row.", "rule_set_id", rule_set_id, "no row")


def require_as_proposed(uow: Writing, rule_set_id: str) -> None:
    """Refuse to decide a rule set whose row is not what its events say.

    :raises Edited: naming the first column that differs.
    """
    should = expected(uow.ledger.of_desk(STEPS))
    row = dict(uow.rule_sets.projections())[rule_set_id]
    columns = should.get(rule_set_id, {})
    wrong = differing(columns, row) if columns else ["rule_set_id"]
    if wrong:
        raise Edited(rule_set_id, wrong[0])


def expected(events: Iterable[Recorded]) -> dict[str, dict[str, str]]:
    """Return what the events say of each rule set, in the order of the ledger; content and sheet by their SHA-256.

    :raises KeyError: if a step is about a rule set that was never proposed, or an event lacks a field.
    """
    found: dict[str, dict[str, str]] = {}
    for event in events:
        said = event.data
        if event.action == RuleSetProposed.action:
            found[said["rule_set_id"]] = _proposed(event)
            continue
        row = found[said["rule_set_id"]]
        row |= {"state": _LEADS_TO[event.action].value, "decided_by": event.user, "decided_at": event.ts,
                "decision": event.notes}  # fmt: skip
        if event.action == RuleSetPutInForce.action and said["base_id"]:
            found[said["base_id"]]["state"] = RuleSetState.SUPERSEDED.value
    return found


def _proposed(event: Recorded) -> dict[str, str]:
    said = event.data
    return {
        "rule_set_id": said["rule_set_id"],
        "state": RuleSetState.PROPOSED.value,
        "base_id": said["base_id"],
        "content": said["content_sha256"],
        "hash_before": said["hash_before"],
        "hash_after": said["hash_after"],
        "reason": event.notes,
        "proposed_by": event.user,
        "proposed_at": event.ts,
        "decided_by": "",
        "decided_at": "",
        "decision": "",
        "sheet": said["sheet_sha256"],
        "sheet_sha256": said["sheet_sha256"],
    }


def differing(columns: Mapping[str, str], row: Mapping[str, str]) -> list[str]:
    """Name the columns of a row that are not as its events say."""
    return [column for column, value in columns.items() if row[column] != value]
