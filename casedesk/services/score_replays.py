"""Compute an earlier run of scoring again, from the rows and lists it saw, and compare score by score."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from casedesk.detection.fingerprint import FORMAT as DATA_FORMAT
from casedesk.domain.counts import counted
from casedesk.domain.events import ExposureScored
from casedesk.domain.listed import entries_digest
from casedesk.domain.people import Action, Person, require
from casedesk.domain.scores import WHOLE, RiskScore, ScoringRun, scores_digest
from casedesk.scoring.graph import Graph
from casedesk.services.score_records import ScoringRecord, read_record
from casedesk.services.scoring import scores_of, software
from casedesk.services.scoring_data import computed, fingerprint, listed_by, read_rows
from casedesk.store.unit_of_work import Reading

__all__ = ["ReplayedScores", "replay"]


@dataclass(frozen=True, slots=True)
class ReplayedScores:
    """How a replay went. ``difference`` is empty when every score and part is what the run recorded.

    ``other_software`` says which versions differ from those the run was made on; empty when none does.
    """

    run_id: str
    difference: str
    scored: int
    scores_sha256: str
    other_software: str

    @property
    def identical(self) -> bool:
        return not self.difference


def replay(*, look: Reading, actor: Person, run_id: str) -> ReplayedScores:
    """Compute a run again. The rows themselves are read, never the copy; nothing is stored.

    :raises NoSuchScoring: if there is no such run.
    """
    require(actor, Action.VIEW_SCORES)
    with look:
        run = look.scores.run(run_id)
        record = read_record(run)
        vouched = _vouched(look, run_id)
        listed = listed_by(look, record.lists, record.events)
        tampered = _tampered_list(look, record)
        changed = look.run_data.first_changed(record.arrival)
        data = read_rows(look, record.arrival)
        stored = tuple(look.scores.everything(run_id))
    graph = Graph.of(data.transactions)
    again = tuple(scores_of(computed(graph, data, listed, run.as_of, record.parameters)))
    difference = (
        _other_input(run, fingerprint(data, record.base_currency), len(graph.at), changed)
        or tampered
        or ("Who is listed is not what the run recorded." if listed.sha256 != run.list_sha256 else "")
        or _difference(again, stored)
        or _unlike(run, scores_digest(again), vouched)
    )
    return ReplayedScores(run_id, difference, len(again), scores_digest(again), _other_software(record.versions))


def _vouched(look: Reading, run_id: str) -> Mapping[str, object] | None:
    """Return what the ledger says of the run, None if there is no such event."""
    events = look.ledger.of_desk((ExposureScored.action,))
    return next((event.data for event in events if event.data.get("run_id") == run_id), None)


def _tampered_list(look: Reading, record: ScoringRecord) -> str:
    """Name a list whose lines are not what its digest says."""
    for one in look.lists.all():
        if one.list_id in record.lists and entries_digest(look.lists.entries(one.list_id)) != one.entries_sha256:
            return f"The lines of list {one.list_id} are not those that were loaded."
    return ""


def _other_input(run: ScoringRun, sha256: str, payments: int, changed: str) -> str:
    if sha256 == run.data_fingerprint:
        return ""
    if payments != run.payments:
        are = "is" if payments == 1 else "are"
        return f"It saw {counted(run.payments, 'payment')} between accounts, and {payments:,} of them {are} there now."
    if changed:
        return f"Account {changed} or its customer has changed since, so the data is not what it saw."
    return f"The transactions or accounts it saw are not the same any more, or {DATA_FORMAT} reads them otherwise."


def _difference(again: Iterable[RiskScore], stored: Iterable[RiskScore]) -> str:
    """Name the first account, in the order of the database, on which the two disagree."""
    for new, old in zip_longest(sorted(again, key=_place), sorted(stored, key=_place)):
        if new == old:
            continue
        if old is None or (new is not None and _place(new) < _place(old)):
            return f"Account {new.account_id} has a score of {_written(new)} now, and the run stored none."
        if new is None or _place(old) < _place(new):
            return f"Account {old.account_id} has no score now, and the run stored {_written(old)}."
        if new.score == old.score:
            return (
                f"The parts of account {new.account_id} are {new.components} now, and the run stored {old.components}."
            )
        return f"Account {new.account_id} has a score of {_written(new)} now, and the run stored {_written(old)}."
    return ""


def _place(score: RiskScore) -> bytes:
    return score.account_id.encode()


def _written(score: RiskScore) -> str:
    return f"{score.score / WHOLE:.12f}"


def _unlike(run: ScoringRun, digest: str, vouched: Mapping[str, object] | None) -> str:
    """Compare with what was recorded, where the scores themselves agree."""
    if digest != run.scores_sha256:
        return "The scores are those stored one by one, but the digest over all of them is not the run's."
    if vouched is None:
        return "The ledger holds no event of this run."
    told = {
        "scores_sha256": run.scores_sha256,
        "list_sha256": run.list_sha256,
        "data_fingerprint": run.data_fingerprint,
        "parameters_sha256": hashlib.sha256(run.parameters.encode()).hexdigest(),
    }
    wrong = next((name for name, value in told.items() if vouched.get(name) != value), "")
    return f"The ledger's event of this run records another {wrong}." if wrong else ""


def _other_software(then: Mapping[str, str]) -> str:
    now = software()
    return ", ".join(
        f"{name} {then.get(name, 'none')}, now {now.get(name, 'none')}"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    )
