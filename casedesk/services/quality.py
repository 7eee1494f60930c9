"""Quality assurance: draw a sample anybody can draw again, and review what was drawn."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from casedesk.domain import casework, events
from casedesk.domain.casework import Review
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, may, require
from casedesk.domain.policy import in_force
from casedesk.domain.sampling import (
    BadDraw,
    Draw,
    Pick,
    StratumCount,
    by_stratum,
    draw,
    from_record,
    picks_digest,
    population_digest,
    rates_digest,
    rates_in_force,
    require_period,
    to_record,
)
from casedesk.errors import NotFound
from casedesk.services.steps import present, record
from casedesk.store.draw_store import PickRow, StoredDraw
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "NothingToDraw", "Overview", "PickRow", "Redrawn", "StoredDraw", "StratumOutcome", "draw_sample", "draws",
    "overview", "redraw", "review", "waiting_reviews",
]  # fmt: skip


class NothingToDraw(NotFound):
    """No case was closed in the period."""


def draw_sample(
    *,
    freeze: Writing,
    uow: Writing,
    actor: Person,
    at: datetime,
    period_from: date,
    period_to: date,
    rate_per_mille: int | None = None,
    seed: str | None = None,
) -> tuple[StoredDraw, tuple[Pick, ...]]:
    """Freeze the population and commit its hash; only then draw a seed, and with it the sample.

    Two transactions on purpose: the hash of the population stands committed in the ledger before the seed exists.

    :param freeze: the unit of work of the first transaction; ``uow`` is that of the second.
    :param rate_per_mille: the default share; None for the policy's. Strata of 100 % are policy and stay.
    :param seed: only for tests and the demo bank; a real draw takes 32 bytes from the operating system.
    :raises BadDraw: for a period that ends before it starts or lies in the future, or a rate outside 0.001 to 1.
    :raises NothingToDraw: if no case was closed in the period.
    """
    require_period(period_from, period_to)
    if period_to > at.date():
        raise BadDraw(f"The period ends on {period_to}, which is in the future; end it today at the latest.")
    rates = rates_in_force(rate_per_mille, at.date())
    with freeze:
        actor = present(freeze, actor)
        require(actor, Action.DRAW_SAMPLE)
        newness = in_force("qa_new_analyst_cases", at.date()).value
        population = freeze.draws.population(period_from, period_to, newness)
        if not population:
            raise NothingToDraw(f"No case was closed from {period_from} to {period_to}; choose another period.")
        prefix = f"Q-{period_to:%Y-%m}-"
        # numbered by the ledger: a draw that was broken off after the freeze has used its number up
        begun = sum(_of_draw(e, prefix) for e in freeze.ledger.of(DESK) if e.action == events.PopulationFrozen.action)
        draw_id = f"{prefix}{begun + 1:03}"
        frozen = population_digest(population)
        freeze.ledger.append(
            events.PopulationFrozen(
                draw_id=draw_id,
                period_from=period_from.isoformat(),
                period_to=period_to.isoformat(),
                rate_per_mille=rates.default,
                size=len(population),
                population_sha256=frozen,
                policy_sha256=rates_digest(rates),
            ),
            stream=DESK,
            user=actor.user_id,
            at=at,
        )
        freeze.commit()
    plan = Draw(draw_id, period_from, period_to, rates, seed or secrets.token_hex(32), population)
    picks = draw(plan)
    stored = StoredDraw(
        draw_id, period_from, period_to, at, actor.user_id, len(population), frozen, plan.seed, to_record(plan, picks)
    )
    with uow:
        uow.draws.insert(stored, picks)
        uow.ledger.append(
            events.SampleDrawn(draw_id=draw_id, seed=plan.seed, picks=len(picks), picks_sha256=picks_digest(picks)),
            stream=DESK,
            user=actor.user_id,
            at=at,
        )
        uow.commit()
    return stored, picks


@dataclass(frozen=True, slots=True)
class Redrawn:
    """The outcome of drawing again. ``problems`` is empty when the picks agree with the record and the ledger."""

    draw_id: str
    picks: int
    problems: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.problems


def redraw(*, uow: Reading, actor: Person, draw_id: str) -> Redrawn:
    """Draw again from the record, and hold population and picks against what the ledger committed."""
    require(actor, Action.REDRAW_SAMPLE)
    with uow:
        stored = uow.draws.get(draw_id)
        desk = {e.action: e for e in reversed(uow.ledger.of(DESK)) if e.data.get("draw_id") == draw_id}
        rows = uow.draws.picks(draw_id)
    try:
        plan, recorded = from_record(stored.record)
    except BadDraw as error:
        return Redrawn(draw_id, 0, (str(error),))
    again = draw(plan)
    problems = _against_ledger(stored, plan, again, desk)
    if set(again) != set(recorded):
        changed = {p.case_id for p in set(again) ^ set(recorded)}
        problems.append(f"The record's picks differ from the re-drawn ones, first at {min(changed)}.")
    differing = {(row.case_id, row.stratum) for row in rows} ^ {(p.case_id, p.stratum) for p in again}
    if differing:
        problems.append(f"The list of drawn cases differs, first at {min(differing)[0]}.")
    return Redrawn(draw_id, len(again), tuple(problems))


def _of_draw(event: Recorded, prefix: str) -> bool:
    return str(event.data["draw_id"]).startswith(prefix)


def _against_ledger(stored: StoredDraw, plan: Draw, picks: tuple[Pick, ...], desk: dict[str, Recorded]) -> list[str]:
    """Hold a draw, as stored and as drawn again, against the two events of the ledger; return what does not agree."""
    frozen, drawn = desk.get(events.PopulationFrozen.action), desk.get(events.SampleDrawn.action)
    if frozen is None or drawn is None:
        return ["The ledger holds no record of this draw."]
    before, after = frozen.data, drawn.data
    population = population_digest(plan.population)
    recorded = (plan.draw_id, plan.period_from, plan.period_to, plan.seed, population, len(plan.population))
    listed = (
        stored.draw_id, stored.period_from, stored.period_to, stored.seed, stored.population_sha256,
        stored.population_size,
    )  # fmt: skip
    checks = (
        (frozen.event_id < drawn.event_id, "The seed was drawn before the population was committed."),
        (before["population_sha256"] == population, "The population is not the one whose hash the ledger committed."),
        (before["policy_sha256"] == rates_digest(plan.rates), "The rates are not the ones the ledger committed."),
        (after["seed"] == plan.seed, "The seed is not the one in the ledger."),
        (after["picks_sha256"] == picks_digest(picks), "The picks are not the ones whose hash is in the ledger."),
        (drawn.user == stored.drawn_by, "The list of draws names another person than the ledger."),
        (recorded == listed, "The list of draws says something else than the record of the draw."),
    )
    return [sentence for agrees, sentence in checks if not agrees]


def review(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    seen_version: int | None,
    form: Review,
    via: str = "app",
) -> Recorded:
    """Pass or fail a closed case; a failed one goes back to its maker, or to the queue if they may hold no case any more."""
    with uow:
        actor = present(uow, actor)
        require(actor, Action.REVIEW)
        dossier = uow.cases.dossier(case_id, seen_version=seen_version)
        case = dossier.case
        draw_id = uow.draws.waiting_for(case_id)
        form = Review(form.passed, form.checklist, form.notes, form.severity, draw_id)
        maker = uow.people.get(case.decided_by) if case.decided_by else None
        owner = maker.user_id if maker is not None and maker.active and may(maker.role, Action.TAKE) else ""
        event = casework.review(dossier, actor, form, owner, via)
        _, row = record(uow, case, event, actor, at)
        if draw_id:
            uow.draws.set_outcome(draw_id, case_id, "Pass" if form.passed else "Fail", actor.user_id, at)
        uow.commit()
    return row


@dataclass(frozen=True, slots=True)
class StratumOutcome:
    """One stratum of a draw: how much was closed and drawn, and how the reviews ended."""

    count: StratumCount
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A draw with its cases and its strata. The analyst in a stratum's name is a user id; ``names`` maps it."""

    draw: StoredDraw
    rate_per_mille: int
    picks: tuple[PickRow, ...]
    strata: tuple[StratumOutcome, ...]
    names: dict[str, str]

    @property
    def reviewed(self) -> int:
        return sum(1 for pick in self.picks if pick.outcome)


def draws(*, uow: Reading, actor: Person) -> tuple[StoredDraw, ...]:
    """Return all draws, newest first."""
    require(actor, Action.REDRAW_SAMPLE)
    with uow:
        return uow.draws.all()


def overview(*, uow: Reading, actor: Person, draw_id: str) -> Overview:
    """Return one draw with its cases and strata.

    :raises NoSuchDraw: if there is none.
    """
    require(actor, Action.REDRAW_SAMPLE)
    with uow:
        stored = uow.draws.get(draw_id)
        rows = uow.draws.picks(draw_id)
        names = uow.people.names()
    plan, picks = from_record(stored.record)
    outcomes = [(row.stratum, row.outcome) for row in rows]
    strata = tuple(
        StratumOutcome(count, outcomes.count((count.stratum, "Pass")), outcomes.count((count.stratum, "Fail")))
        for count in by_stratum(plan, picks)
    )
    return Overview(stored, plan.rates.default, rows, strata, names)


def waiting_reviews(*, uow: Reading, actor: Person) -> int:
    """Return how many cases of the newest draw still wait for a review."""
    require(actor, Action.REDRAW_SAMPLE)
    with uow:
        newest = uow.draws.all()[:1]
        return sum(1 for draw in newest for row in uow.draws.picks(draw.draw_id) if not row.outcome)
