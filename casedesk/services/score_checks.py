"""Hold lists, decisions on names, runs of scoring and their scores against the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from casedesk.domain.events import ExposureScored, PartyListLoaded
from casedesk.domain.listed import ListVersion, entries_digest
from casedesk.domain.moments import canonical
from casedesk.domain.name_matches import STEPS, NameMatch, decided
from casedesk.domain.scores import ScoresDigest, ScoringRun
from casedesk.domain.verification import Verifier
from casedesk.store.unit_of_work import Reading, Writing

_OTHER = "The row says something else than its event."


def check_scores(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every list with its lines, every decision on a name, and every run with its scores, with their events."""
    try:
        loaded = _told(uow, PartyListLoaded.action, "list_id")
        scored = _told(uow, ExposureScored.action, "run_id")
        judged = decided(uow.ledger.of_desk(STEPS))
    except (KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Scores", "Their events make no sense.", "meta", "a legal event", str(error))
        return
    newest = {data["source"]: name for name, data in loaded.items()}
    for one in uow.lists.all():
        _compare(verifier, "list", one.list_id, loaded, _of_list(uow, one))
        if one.in_force != (newest.get(one.source) == one.list_id):
            verifier.find_state(one.list_id, _OTHER, "in_force", str(not one.in_force), str(one.in_force))
    _missing(verifier, "list", loaded)
    for match in uow.matches.decided():
        _compare(verifier, "match", match.match_id, judged, _of_match(match))
    _missing(verifier, "match", judged)
    for run in uow.scores.runs(1_000_000):
        _compare(verifier, "run", run.run_id, scored, _of_run(run))
        found = _digest_of(uow, run)
        if found != run.scores_sha256:
            verifier.find_state(run.run_id, "The scores are not those of the run.", "score", run.scores_sha256, found)
    _missing(verifier, "run", scored)


def _told(uow: Reading | Writing, action: str, key: str) -> dict[str, dict[str, Any]]:
    return {str(event.data[key]): event.data for event in uow.ledger.of_desk((action,))}


def _compare(
    verifier: Verifier, what: str, name: str, told: dict[str, dict[str, Any]], columns: Mapping[str, Any]
) -> None:
    """Compare a row with its event, which is taken from ``told``."""
    data = told.pop(name, None)
    if data is None:
        verifier.find_state(name, f"The {what} has a row but no event.", "", "", "")
        return
    for column, got in columns.items():
        if data[column] != got:
            verifier.find_state(name, _OTHER, column, str(data[column]), str(got))


def _missing(verifier: Verifier, what: str, told: Mapping[str, object]) -> None:
    for name in told:
        verifier.find_state(name, f"The {what} has an event but no row.", "", "", "")


def _of_list(uow: Reading | Writing, one: ListVersion) -> dict[str, Any]:
    return {
        "source": one.source, "list_version": one.version, "listed_on": one.listed_on.isoformat(), "sha256": one.sha256,
        "entries": one.entries, "entries_sha256": entries_digest(uow.lists.entries(one.list_id)),
    }  # fmt: skip


def _of_match(match: NameMatch) -> dict[str, Any]:
    return {
        "customer_id": match.customer_id, "source": match.source, "ref": match.ref, "state": match.state.value,
        "decided_by": match.decided_by, "decided_at": canonical(match.decided_at) if match.decided_at else "",
        "state_event": match.state_event, "decision": match.decision,
    }  # fmt: skip


def _of_run(run: ScoringRun) -> dict[str, Any]:
    names = ("data_fingerprint", "list_sha256", "payments", "listed", "scored", "scores_sha256")
    parameters = hashlib.sha256(run.parameters.encode()).hexdigest()
    return {**{name: getattr(run, name) for name in names}, "parameters_sha256": parameters}


def _digest_of(uow: Reading | Writing, run: ScoringRun) -> str:
    digest = ScoresDigest()
    for row in uow.scores.raw(run.run_id):
        digest.add(*row)
    return digest.hexdigest()
