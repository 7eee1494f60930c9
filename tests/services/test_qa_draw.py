"""The QA draw over real cases: committed before it is seeded, the same everywhere, and found out when altered."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import Disposition
from casedesk.domain.ledger import digest
from casedesk.domain.people import Role
from casedesk.domain.sampling import BadDraw, Pick, from_record, population_digest, to_record
from casedesk.domain.sampling import draw as draw_again
from casedesk.services import quality
from casedesk.services.quality import NothingToDraw
from casedesk.store.draw_store import NoSuchDraw, StoredDraw
from casedesk.store.tables import qa_draws, qa_picks
from tests.builders import START, TestDesk
from tests.scenes import then

TODAY = START.date()
SEED = "5e" * 32


def draw(desk: TestDesk, seed: str | None = SEED, **how: Any) -> tuple[StoredDraw, tuple[Pick, ...]]:
    arguments: dict[str, Any] = {"period_from": TODAY, "period_to": TODAY, "actor": desk.people["queenie"], **how}
    return quality.draw_sample(freeze=desk.writing(), uow=desk.writing(), at=desk.at(), seed=seed, **arguments)


def redraw(desk: TestDesk, draw_id: str) -> quality.Redrawn:
    return quality.redraw(uow=desk.reading(), actor=desk.people["otto"], draw_id=draw_id)


def closed_cases(desk: TestDesk, count: int = 12) -> tuple[str, ...]:
    """Set the scene: ann and ben in rotation, one SAR, and neo, who is new."""
    return then(desk, _closed_cases, count=count)


def _closed_cases(desk: TestDesk, count: int) -> tuple[str, ...]:
    found = [desk.closed(maker="ann" if n % 2 else "ben", severity=30 if n % 3 else 80) for n in range(count)]
    desk.hire(Role.ANALYST, "neo")
    return (*found, desk.closed(maker="ann", sar_approver="mia"), desk.closed(maker="neo"))


def test_the_population_is_committed_before_the_seed_is_drawn(any_desk: TestDesk) -> None:
    desk = any_desk
    closed_cases(desk, 4)
    stored, picks = draw(desk, seed=None)
    frozen, drawn = desk.history("DESK")[-2:]
    assert (frozen.action, drawn.action) == ("qa_population_frozen", "qa_sample_drawn")
    assert frozen.event_id < drawn.event_id
    assert frozen.data["population_sha256"] == stored.population_sha256
    assert frozen.data["size"] == stored.population_size == 6
    assert drawn.data["seed"] == stored.seed
    assert drawn.data["picks"] == len(picks)
    assert len(stored.seed) == 64
    assert "seed" not in frozen.data
    assert desk.verify().verdict.value == "VERIFIED"


def test_the_committed_hash_stands_when_the_second_transaction_fails(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two transactions on purpose: whoever breaks off after the freeze leaves a trace."""
    closed_cases(desk, 4)

    def broken(plan: object) -> tuple[Pick, ...]:
        assert desk.actions("DESK")[-1] == "qa_population_frozen", "the hash was not committed before the draw"
        raise KeyboardInterrupt

    monkeypatch.setattr(quality, "draw", broken)
    with pytest.raises(KeyboardInterrupt):
        draw(desk)
    monkeypatch.undo()
    assert desk.actions("DESK")[-1] == "qa_population_frozen"
    desk.closed()  # the population changes in between
    stored, _ = draw(desk)
    assert redraw(desk, stored.draw_id).problems == ()


def test_two_draws_at_once_have_numbers_of_their_own(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    closed_cases(desk, 4)
    real, second = quality.draw, []

    def interrupted(plan: Any) -> tuple[Pick, ...]:
        monkeypatch.undo()
        second.append(draw(desk, actor=desk.people["mia"])[0].draw_id)  # a manager draws while QA's draw is under way
        return real(plan)

    monkeypatch.setattr(quality, "draw", interrupted)
    first = draw(desk)[0].draw_id
    assert {first, *second} == {"Q-2026-07-001", "Q-2026-07-002"}
    assert redraw(desk, first).agrees
    assert redraw(desk, second[0]).agrees


def test_every_sar_and_every_case_of_a_new_analyst_is_drawn_and_a_share_of_the_rest(desk: TestDesk) -> None:
    *others, sar, new = closed_cases(desk, 14)
    _, picks = draw(desk, rate_per_mille=100)
    drawn = {pick.case_id for pick in picks}
    assert {sar, new} <= drawn
    assert len(drawn & set(others)) <= 6


def test_the_seed_of_a_real_draw_is_never_the_same(desk: TestDesk) -> None:
    closed_cases(desk, 2)
    assert draw(desk, seed=None)[0].seed != draw(desk, seed=None)[0].seed


#: Ids and picks of the draw below, as first computed. On every database and every machine they must come out again.
_PICKED: dict[str, str] = {}


def test_the_picks_are_the_same_on_every_database(any_desk: TestDesk) -> None:
    desk = any_desk
    closed_cases(desk)
    _, picks = draw(desk, rate_per_mille=300)
    fingerprint = digest({"picks": sorted([p.case_id, p.stratum, p.rank] for p in picks)})
    assert _PICKED.setdefault("first", fingerprint) == fingerprint
    assert len(picks) > 2


def test_a_larger_rate_keeps_the_picks_of_a_smaller_one(desk: TestDesk) -> None:
    closed_cases(desk)
    small = {p.case_id for p in draw(desk, rate_per_mille=100)[1]}
    large = {p.case_id for p in draw(desk, rate_per_mille=600)[1]}
    assert small < large


def test_only_cases_that_stand_closed_and_were_closed_in_the_period_are_drawn(any_desk: TestDesk) -> None:
    desk = any_desk
    inside = [desk.closed(), desk.closed(sar_approver="mia")]
    desk.open()
    desk.awaiting()
    desk.escalated()
    reopened = desk.closed()
    desk.reopen("mia", reopened)
    midnight = START.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    late = desk.open()
    desk.take("ann", late)
    desk.now = midnight - timedelta(seconds=1)  # the decision falls on midnight to the microsecond
    desk.decide("ann", late, Disposition.NO_SAR)
    assert desk.case(late).closed_at == midnight
    stored, _ = draw(desk, rate_per_mille=1000)
    assert [row[0] for row in stored.record["population"]] == inside
    stored, _ = draw(desk, rate_per_mille=1000, period_from=midnight.date(), period_to=midnight.date())
    assert [row[0] for row in stored.record["population"]] == [late]


def test_a_late_case_changes_little_and_an_earlier_draw_not_at_all(desk: TestDesk) -> None:
    closed_cases(desk, 20)
    first, before = draw(desk, rate_per_mille=300)
    desk.closed(maker="ann", severity=30)
    _, after = draw(desk, rate_per_mille=300)
    lost = {p.case_id for p in before} - {p.case_id for p in after}
    assert len(lost) <= 1
    assert redraw(desk, first.draw_id).agrees


@pytest.mark.parametrize(
    ("how", "error", "sentence"),
    [
        ({"rate_per_mille": 0}, BadDraw, "between 0.001 and 1"),
        ({"rate_per_mille": 1001}, BadDraw, "between 0.001 and 1"),
        ({"period_from": TODAY + timedelta(days=1), "period_to": TODAY}, BadDraw, "swap the two days"),
        ({"period_to": TODAY + timedelta(days=1)}, BadDraw, "in the future"),
        ({"period_from": date(2020, 1, 1), "period_to": date(2020, 1, 31)}, NothingToDraw, "No case was closed"),
    ],
)
def test_a_period_or_rate_that_cannot_be_is_refused_and_leaves_no_event(
    desk: TestDesk, how: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    desk.closed()
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        draw(desk, **how)
    assert desk.dump() == before


def test_an_unknown_draw_is_refused_with_a_sentence(desk: TestDesk) -> None:
    with pytest.raises(NoSuchDraw, match="There is no QA draw"):
        redraw(desk, "Q-2026-07-009")


def test_a_redraw_agrees_and_still_does_after_the_cases_were_worked_on(any_desk: TestDesk) -> None:
    desk = any_desk
    cases = closed_cases(desk)
    stored, picks = draw(desk)
    assert redraw(desk, stored.draw_id) == quality.Redrawn(stored.draw_id, len(picks), ())
    desk.review("queenie", picks[0].case_id)
    for case_id in cases:
        if desk.case(case_id).qa_status == "":
            desk.reopen("max", case_id)
    assert redraw(desk, stored.draw_id).agrees


def _in_record(change: Callable[[dict[str, Any]], None]) -> Callable[[TestDesk, StoredDraw], None]:
    def tamper(desk: TestDesk, stored: StoredDraw) -> None:
        record = json.loads(json.dumps(stored.record))
        change(record)
        desk.tamper(sa.update(qa_draws).values(record=json.dumps(record)))

    return tamper


def _everywhere(change: Callable[[dict[str, Any]], None]) -> Callable[[TestDesk, StoredDraw], None]:
    """Alter the record, and then draw again so that record and list of picks agree with each other."""

    def tamper(desk: TestDesk, stored: StoredDraw) -> None:
        record = json.loads(json.dumps(stored.record))
        change(record)
        plan, _ = from_record(record)
        picks = draw_again(plan)
        changed = {
            "record": json.dumps(to_record(plan, picks)),
            "seed": plan.seed,
            "population_sha256": population_digest(plan.population),
            "population_size": len(plan.population),
        }
        desk.tamper(sa.update(qa_draws).values(changed))
        desk.tamper(sa.delete(qa_picks))
        rows = [{"draw_id": stored.draw_id, "case_id": p.case_id, "stratum": p.stratum, "rank": p.rank, "place": p.place,
                 "outcome": ""} for p in picks]  # fmt: skip
        desk.tamper(sa.insert(qa_picks).values(rows))

    return tamper


def _set(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda record: record.update(values)


def _drop_member(record: dict[str, Any]) -> None:
    picked = {pick[0] for pick in record["picks"]}
    record["population"] = [row for row in record["population"] if row[0] not in picked or row[1] == "SAR"]


TAMPERING: dict[str, Callable[[TestDesk, StoredDraw], None]] = {
    "another seed in the record": _in_record(_set(seed="00" * 32)),
    "another seed everywhere": _everywhere(_set(seed="00" * 32)),
    "another seed in the column": lambda desk, _: desk.tamper(sa.update(qa_draws).values(seed="00" * 32)),
    "another population hash in the column": lambda desk, _: desk.tamper(
        sa.update(qa_draws).values(population_sha256="00" * 32)
    ),
    "another size in the column": lambda desk, _: desk.tamper(sa.update(qa_draws).values(population_size=1)),
    "another period in the column": lambda desk, _: desk.tamper(sa.update(qa_draws).values(period_from=date(2020, 1, 1))),
    "another person who drew": lambda desk, _: desk.tamper(sa.update(qa_draws).values(drawn_by="ann")),
    "other rates in the record": _in_record(_set(rates={"default": 1, "sar": 1000, "new_analyst": 1000})),
    "other rates everywhere": _everywhere(_set(rates={"default": 300, "sar": 1, "new_analyst": 1})),
    "another period everywhere": _everywhere(_set(period_from="2026-06-01")),
    "a case left out of the record": _in_record(_drop_member),
    "a case left out everywhere": _everywhere(_drop_member),
    "a pick left out of the record": _in_record(lambda record: record["picks"].pop()),
    "a pick changed in the record": _in_record(lambda record: record["picks"][0].__setitem__(2, "00" * 32)),
    "a pick's row deleted": lambda desk, stored: desk.tamper(
        sa.delete(qa_picks).where(qa_picks.c.case_id == stored.record["picks"][0][0])
    ),
    "a pick's row for another case": lambda desk, stored: desk.tamper(
        sa.update(qa_picks)
        .where(qa_picks.c.case_id == stored.record["picks"][0][0])
        .values(case_id=next(row[0] for row in stored.record["population"] if row[0] not in
                             {pick[0] for pick in stored.record["picks"]}))
    ),
    "a pick's row in another stratum": lambda desk, stored: desk.tamper(
        sa.update(qa_picks).where(qa_picks.c.case_id == stored.record["picks"][0][0]).values(stratum="SAR · High · me")
    ),
    "a record that is no record": lambda desk, _: desk.tamper(sa.update(qa_draws).values(record="[]")),
    "a record that is no JSON": lambda desk, _: desk.tamper(sa.update(qa_draws).values(record="{")),
    "rates that are no numbers": _in_record(_set(rates={"default": "100", "sar": 1000, "new_analyst": 1000})),
}  # fmt: skip


#: What the outcome must say of some of them, so that each comparison is known to be made.
SAID = {
    "another seed everywhere": "The seed is not the one in the ledger.",
    "other rates everywhere": "The rates are not the ones the ledger committed.",
    "a case left out everywhere": "The population is not the one whose hash the ledger committed.",
    "another period everywhere": "The picks are not the ones whose hash is in the ledger.",
    "another person who drew": "The list of draws names another person than the ledger.",
    "another seed in the column": "The list of draws says something else than the record of the draw.",
    "a pick's row deleted": "The list of drawn cases differs, first at",
    "a pick left out of the record": "The record's picks differ from the re-drawn ones, first at",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_redraw_disagrees_with_a_draw_that_was_altered(desk: TestDesk, what: str) -> None:
    closed_cases(desk)
    stored, _ = draw(desk, rate_per_mille=300)
    assert redraw(desk, stored.draw_id).agrees
    TAMPERING[what](desk, stored)
    found = redraw(desk, stored.draw_id)
    assert not found.agrees
    assert all(problem.endswith(".") for problem in found.problems)
    assert SAID.get(what, "") in " ".join(found.problems)


def test_a_draw_that_the_ledger_knows_nothing_of_does_not_agree(desk: TestDesk) -> None:
    closed_cases(desk, 2)
    stored, _ = draw(desk)
    desk.tamper(sa.update(qa_picks).values(draw_id=stored.draw_id))
    desk.tamper(sa.text("PRAGMA foreign_keys=OFF"))
    desk.tamper(sa.insert(qa_draws).from_select(
        [c.name for c in qa_draws.c],
        sa.select(*(sa.literal("Q-2026-07-777") if c.name == "draw_id" else c for c in qa_draws.c)),
    ))  # fmt: skip
    assert not redraw(desk, "Q-2026-07-777").agrees


def test_a_review_names_the_draw_and_the_draw_the_outcome(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = desk.closed(sar_approver="mia")
    stored, _ = draw(desk)
    desk.review("queenie", case_id)
    assert desk.history(case_id)[-1].data["draw_id"] == stored.draw_id
    with desk.reading() as uow:
        (row,) = uow.draws.picks(stored.draw_id)
    assert (row.outcome, row.reviewer) == ("Pass", "queenie")
