"""Hold the versions of the model, and what they scored, against the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from casedesk.domain.events import ModelProposed, ModelPutInForce, ModelRejected, ModelScored, ModelWithdrawn
from casedesk.domain.ledger import Recorded
from casedesk.domain.model_versions import ModelState, scores_digest
from casedesk.domain.verification import Verifier
from casedesk.store.unit_of_work import Reading, Writing

STEPS: Final = (ModelProposed.action, ModelPutInForce.action, ModelRejected.action, ModelWithdrawn.action)
_LEADS_TO: Final = {
    ModelPutInForce.action: ModelState.IN_FORCE,
    ModelRejected.action: ModelState.REJECTED,
    ModelWithdrawn.action: ModelState.WITHDRAWN,
}


def check_models(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``model_versions`` with its events, and the scores of every run with the digest in its event."""
    try:
        should = expected(uow.ledger.of_desk(STEPS))
    except (KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Models", "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for version_id, row in uow.models.projections():
        columns = should.pop(version_id, None)
        if columns is None:
            verifier.find_state(
                version_id, "The model has a row but not one event.", "version_id", "no row", version_id
            )
            continue
        for column, value in columns.items():
            if row[column] != value:
                problem = "The row says something else than its events."
                verifier.find_state(version_id, problem, column, value, row[column])
    for version_id in sorted(should):
        verifier.find_state(version_id, "The model has events but no row.", "version_id", version_id, "no row")
    for event in uow.ledger.of_desk((ModelScored.action,)):
        run_id, digest = event.data["model_run_id"], event.data["scores_sha256"]
        scores = uow.models.scores(run_id)
        found = scores_digest((one.account_id, one.score, one.band, one.transaction_id, one.parts) for one in scores)
        if found != digest:
            verifier.find_state(run_id, "The scores are not those that the model gave.", "scores_sha256", digest, found)


def expected(events: Iterable[Recorded]) -> dict[str, dict[str, str]]:
    """Return what the events say of each version, in the order of the ledger.

    :raises KeyError: if a step is about a version that was never proposed, or an event lacks a field.
    """
    found: dict[str, dict[str, str]] = {}
    for event in events:
        said = event.data
        if event.action == ModelProposed.action:
            told = {name: said[name] for name in ("version_id", "base_id", "name", "model_id", "card_sha256")}
            found[said["version_id"]] = told | {
                "state": ModelState.PROPOSED.value, "reason": event.notes, "proposed_by": event.user,
                "proposed_at": event.ts, "decided_by": "", "decided_at": "", "decision": "",
            }  # fmt: skip
            continue
        found[said["version_id"]] |= {
            "state": _LEADS_TO[event.action].value, "decided_by": event.user, "decided_at": event.ts, "decision": event.notes,
        }  # fmt: skip
        if event.action == ModelPutInForce.action and said["base_id"]:
            found[said["base_id"]]["state"] = ModelState.SUPERSEDED.value
    return found
