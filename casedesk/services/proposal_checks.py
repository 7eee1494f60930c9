"""Hold proposals against the ledger: every column of a row follows from the events of its proposal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from casedesk.domain.ledger import Recorded
from casedesk.domain.proposals import Proposal, ProposalState
from casedesk.domain.verification import Verifier
from casedesk.errors import Conflict
from casedesk.services.proposal_kinds import Kind, P
from casedesk.store.unit_of_work import Reading, Writing


class Edited(Conflict):
    """The row of a proposal is not what was proposed."""

    def __init__(self, proposal: Proposal, column: str) -> None:
        super().__init__(
            f"{proposal.WHAT.capitalize()} {proposal.proposal_id} was changed outside the desk (column {column}); nobody can "
            "decide it. Have the ledger verified, and restore a backup."
        )


def check_proposals(kind: Kind[P], uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of a kind with its events, and note a proposal that has events but no row."""
    key, what = kind.made.KEY, kind.made.WHAT
    try:
        should = expected(kind, uow.ledger.of_desk(kind.steps))
    except (KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state(kind.title, "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for name, row in kind.read(uow).projections():
        columns = should.pop(name, None)
        if columns is None:
            verifier.find_state(name, f"The {what} has a row but not one event.", key, "no row", name)
            continue
        for column in differing(columns, row):
            problem = "The row says something else than its events."
            verifier.find_state(name, problem, column, columns[column], row[column])
    for name in sorted(should):
        verifier.find_state(name, f"The {what} has events but no row.", key, name, "no row")


def require_as_proposed(kind: Kind[P], uow: Writing, proposal: P) -> None:
    """Refuse to put in force what is stored otherwise than its events say.

    :raises Edited: naming the first column that differs.
    """
    row = dict(kind.read(uow).projections())[proposal.proposal_id]
    columns = expected(kind, uow.ledger.of_desk(kind.steps)).get(proposal.proposal_id, {})
    wrong = differing(columns, row) if columns else [kind.made.KEY]
    if wrong:
        raise Edited(proposal, wrong[0])


def expected(kind: Kind[P], events: Iterable[Recorded]) -> dict[str, dict[str, str]]:
    """Return what the events say of each proposal, in the order of the ledger; long texts by their SHA-256.

    :raises KeyError: if a step is about what was never proposed, or an event lacks a field.
    """
    found: dict[str, dict[str, str]] = {}
    for event in events:
        name = event.data[kind.made.KEY]
        if event.action == kind.proposed:
            found[name] = _proposed(kind, event)
            continue
        state = kind.leads_to[event.action]
        found[name] |= {"state": state.value, "decided_by": event.user, "decided_at": event.ts, "decision": event.notes}
        if state is ProposalState.IN_FORCE and event.data["base_id"]:
            found[event.data["base_id"]]["state"] = ProposalState.SUPERSEDED.value
    return found


def _proposed(kind: Kind[P], event: Recorded) -> dict[str, str]:
    said = event.data
    return {column: said[field] for column, field in kind.columns.items()} | {
        kind.made.KEY: said[kind.made.KEY], "base_id": said["base_id"], "state": ProposalState.PROPOSED.value,
        "reason": event.notes, "proposed_by": event.user, "proposed_at": event.ts,
        "decided_by": "", "decided_at": "", "decision": "",
    }  # fmt: skip


def differing(columns: Mapping[str, str], row: Mapping[str, str]) -> list[str]:
    """Name the columns of a row that are not as its events say."""
    return [column for column, value in columns.items() if row[column] != value]
