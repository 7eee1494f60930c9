"""Compute the exposure of every account to listed parties over what is stored, and store it as a run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from typing import Final

import casedesk
from casedesk.detection.fingerprint import FORMAT as DATA_FORMAT
from casedesk.domain.canonical_json import canonical_json
from casedesk.domain.events import DESK, ExposureScored
from casedesk.domain.moments import canonical
from casedesk.domain.people import Action, Person, require
from casedesk.domain.scores import WHOLE, Part, RiskScore, ScoringRun, scores_digest
from casedesk.errors import Conflict, Invalid
from casedesk.scoring.exposure import METHOD, Exposure
from casedesk.scoring.graph import Graph
from casedesk.scoring.parameters import ExposureParameters
from casedesk.services.scoring_data import (
    ListedSet,
    ScoringData,
    computed,
    fingerprint,
    first_payment,
    last_booking,
    listed_now,
    read_quickly,
)
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "AnotherListedSet", "ExposureParameters", "NoPaymentYet", "NoPayments", "NobodyListed", "ScoringRun", "run", "software",
]  # fmt: skip

FORMAT: Final = "casedesk-scoring-1"


class NobodyListed(Invalid):
    """No list in force, so every score would be 0."""

    def __init__(self) -> None:
        super().__init__(
            "No list of parties is in force, so every score would be 0; load one first (casedesk score load FILE)."
        )


class NoPayments(Invalid):
    """There is no transaction to look at."""

    def __init__(self) -> None:
        super().__init__(
            "The desk holds no transaction, so nobody has a score; import some first (casedesk import PATH)."
        )


class NoPaymentYet(Invalid):
    """Payments are to be looked at as of a time when there was none."""

    def __init__(self, as_of: datetime, earliest: datetime) -> None:
        super().__init__(
            f"No payment lies before {canonical(as_of)} (the earliest is of {canonical(earliest)}), so nothing was stored; give a "
            "later instant, or none for the last booking."
        )


class AnotherListedSet(Conflict):
    """Somebody was listed, or not any more, while scores were computed."""

    def __init__(self) -> None:
        super().__init__("Who is listed has changed meanwhile; nothing was stored. Run it again.")


def software() -> dict[str, str]:
    """Return the software whose versions a run records: what computes, and the method."""
    names = ("numpy", "pandas", "pyarrow")
    return {"casedesk": casedesk.__version__, "method": METHOD, **{name: version(name) for name in names}}


@dataclass(frozen=True, slots=True)
class _Computed:
    data: ScoringData
    exposure: Exposure
    as_of: datetime
    scores: tuple[RiskScore, ...]
    data_fingerprint: str
    timings: dict[str, int]  # milliseconds by step


def run(
    *, look: Reading, uow: Writing, actor: Person, at: datetime, base_currency: str,
    parameters: ExposureParameters | None = None, as_of: datetime | None = None, via: str = "app",
) -> ScoringRun:  # fmt: skip
    """Score every account and store the run with its scores, all of it or nothing.

    It is computed without a lock on the desk. The same data, lists and values give the same scores.

    :param as_of: the instant as of which payments age, the last booking if it is not said.
    :raises NobodyListed: if no list is in force.
    :raises NoPayments: if there is no transaction.
    :raises NoPaymentYet: if ``as_of`` lies before every payment between two accounts.
    :raises AnotherListedSet: if who is listed changed meanwhile.
    """
    require(actor, Action.SCORE)
    parameters = parameters or ExposureParameters()
    with look:
        listed = listed_now(look)
        if not listed.lists:
            raise NobodyListed
        events = look.ledger.head().size
        begun = time.perf_counter()
        data = read_quickly(look, base_currency)
    if as_of is None:
        as_of = last_booking(data)
    if as_of is None:
        raise NoPayments
    done = _compute(data, listed, as_of.astimezone(UTC), parameters, base_currency, begun)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.SCORE)
        if listed_now(uow).sha256 != listed.sha256:
            raise AnotherListedSet
        record = _record(done, listed, events, base_currency)
        found = _run(f"S-{uow.ledger.head().size + 1:06}", actor, at, done, listed, parameters, record)
        uow.scores.add(found, done.scores)
        uow.ledger.append(_event(found, via), stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return found


def _compute(
    data: ScoringData,
    listed: ListedSet,
    as_of: datetime,
    parameters: ExposureParameters,
    base_currency: str,
    begun: float,
) -> _Computed:
    marks = [begun, time.perf_counter()]
    sha256 = fingerprint(data, base_currency)
    marks.append(time.perf_counter())
    graph = Graph.of(data.transactions)
    earliest = first_payment(graph)
    if earliest is not None and as_of < earliest:
        raise NoPaymentYet(as_of, earliest)
    marks.append(time.perf_counter())
    found = computed(graph, data, listed, as_of, parameters)
    marks.append(time.perf_counter())
    scores = tuple(scores_of(found))
    marks.append(time.perf_counter())
    spent = (round((end - start) * 1000) for start, end in pairwise(marks))
    timings = dict(zip(("read", "fingerprint", "graph", "exposure", "parts"), spent, strict=True))
    return _Computed(data, found, as_of, scores, sha256, timings)


def scores_of(found: Exposure) -> Iterator[RiskScore]:
    """Yield the scores above 0 by account, each the sum of its parts in whole units."""
    names = found.graph.names.to_pylist()
    keys = sorted(found.parts)
    columns = [(found.parts[key] * WHOLE).round().astype("int64").tolist() for key in keys]
    for name, listed, *units in zip(names, found.listed.tolist(), *columns, strict=True):
        if listed:
            yield RiskScore(name, WHOLE, True, ())
        elif any(units):
            parts = tuple(Part(hops, side.value, one) for (hops, side), one in zip(keys, units, strict=True) if one)
            yield RiskScore(name, sum(units), False, parts)


def _run(
    run_id: str,
    actor: Person,
    at: datetime,
    done: _Computed,
    listed: ListedSet,
    parameters: ExposureParameters,
    record: str,
) -> ScoringRun:
    return ScoringRun(
        run_id=run_id, ran_at=at, ran_by=actor.user_id, as_of=done.as_of, parameters=written(parameters),
        data_fingerprint=done.data_fingerprint, list_sha256=listed.sha256, payments=len(done.exposure.graph.at),
        accounts=len(done.exposure.graph.names), listed=sum(one.listed for one in done.scores), scored=len(done.scores),
        scores_sha256=scores_digest(done.scores), record=record,
    )  # fmt: skip


def written(parameters: ExposureParameters) -> str:
    """Write the formula's values as canonical JSON; weights are text, because what is hashed holds no fractions."""
    values = parameters.model_dump()
    return canonical_json({**values, "hop_weights": [repr(one) for one in values["hop_weights"]]}).decode()


def _record(done: _Computed, listed: ListedSet, events: int, base_currency: str) -> str:
    return canonical_json(
        {
            "format": FORMAT, "arrival": done.data.arrival, "events": events, "base_currency": base_currency,
            "data_format": DATA_FORMAT, "copied": done.data.copied, "lists": list(listed.lists),
            "matches": list(listed.matches), "timings": done.timings, "versions": software(),
        }
    ).decode()  # fmt: skip


def _event(found: ScoringRun, via: str) -> ExposureScored:
    return ExposureScored(
        run_id=found.run_id, parameters_sha256=hashlib.sha256(found.parameters.encode()).hexdigest(),
        data_fingerprint=found.data_fingerprint, list_sha256=found.list_sha256, payments=found.payments, listed=found.listed,
        scored=found.scored, scores_sha256=found.scores_sha256, via=via,
    )  # fmt: skip
