"""A sample below a line is drawn again, and what was edited is found."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.line_sampling import from_record, to_record
from casedesk.domain.verification import Verdict
from casedesk.services import replaying
from casedesk.store.tables import line_test_picks
from casedesk.store.tables import line_tests as table
from tests.builders import START, TestDesk
from tests.scenes import then
from tests.services.lines import (
    RULES,
    bank,
    damage,
    deposits,
    detect,
    drawn,
    redraw,
    sample,
    stored_alerts,
)


def test_a_test_is_drawn_again_and_its_populations_are_found_again(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk)
    sample(desk, size=3)
    desk.book(deposits("late", 0.5, 4, to="K-1/1"))  # arrived after the test
    detect(desk)
    again = redraw(desk, from_data=True)
    assert (again.picks, again.problems, again.found_again) == (6, (), True)


def test_data_that_changed_since_is_named(desk: TestDesk) -> None:
    bank(desk)
    sample(desk, size=3)
    desk.customer("F-1", accounts=["F-1/1"], name="Kim Roe")  # the same again changes nothing
    assert redraw(desk, from_data=True).found_again
    with desk.writing() as uow:
        uow.parties.put_accounts([])
        uow.commit()
    desk.tamper(sa.text("UPDATE transactions SET base_minor = base_minor + 1 WHERE transaction_id = 'F-1-0'"))
    again = redraw(desk, from_data=True)
    assert again.found_again is False
    assert "are not the same any more" in again.problems[0]
    assert redraw(desk).agrees  # its record is as it was


def sampled(desk: TestDesk) -> None:
    """Set the scene: the bank, and a test that is on record."""
    bank(desk)
    sample(desk, size=3)


def another_seed(record: dict[str, Any]) -> None:
    """Draw again with a seed that suits, and make the record agree with itself."""
    from dataclasses import replace

    from casedesk.domain.line_sampling import draw

    test = replace(from_record(record)[0], seed="00" * 32)
    record.update(json.loads(json.dumps(to_record(test, draw(test)))))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: r["bands"][0]["population"].pop(), "populations are not the ones whose hashes"),
        (lambda r: r["bands"][0]["population"][0].__setitem__(7, "Nothing."), "populations are not the ones whose hashes"),
        (lambda r: r["bands"][0].update(size=2), "bands are not the ones the ledger committed"),
        (lambda r: r["bands"][0].update(parameters="{}"), "bands are not the ones the ledger committed"),
        (lambda r: r["bands"][0].update(moved={"count": 2}), "other values were moved"),
        (lambda r: r["picks"].pop(), "record's picks differ"),
        (lambda r: r.update(seed="00" * 32), "seed is not the one in the ledger"),
        (another_seed, "seed is not the one in the ledger"),
        (lambda r: r.update(rule="velocity"), "record's rule is not the one"),
        (lambda r: r.update(line="{}"), "record's line is not the one"),
        (lambda r: r.update(format="other/1"), "The record's format is “other/1”"),
        (lambda r: r.pop("seed"), "The record of the test is incomplete"),
        (lambda r: r["picks"][0].__setitem__(0, "1"), "The record of the test is incomplete"),
    ],
)  # fmt: skip
def test_an_edited_record_is_found_and_verification_names_it(desk: TestDesk, change: Any, sentence: str) -> None:
    then(desk, sampled)
    damage(desk, change)
    assert any(sentence in problem for problem in redraw(desk).problems), redraw(desk).problems
    found = desk.verify()
    assert found.verdict is Verdict.TAMPERED
    assert found.first is not None
    assert (found.first.case_id, found.first.column) == ("LT-000001", "record")


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        (sa.update(table).values(drawn_by="max"), "drawn_by"),
        (sa.update(table).values(drawn_at=START), "drawn_at"),
        (sa.update(table).values(population_size=7), "population_size"),
        (sa.update(table).values(seed="00" * 32), "seed"),
        (sa.update(table).values(rule="velocity"), "rule"),
        (sa.update(line_test_picks).where(line_test_picks.c.place == 1).values(rank="0"), "rank"),
        (sa.update(line_test_picks).where(line_test_picks.c.place == 1).values(episode="A-1"), "rank"),
        (sa.update(line_test_picks).where(line_test_picks.c.place == 1).values(placement="joined"), "alert_id"),
        (sa.delete(line_test_picks).where(line_test_picks.c.place == 1), "rank"),
        (
            sa.update(line_test_picks).values(
                alert_id=sa.select(sa.func.min(line_test_picks.c.alert_id)).scalar_subquery()
            ),
            "alert_id",
        ),
    ],
)
def test_an_edited_row_is_found_and_verification_names_it(any_desk: TestDesk, statement: Any, column: str) -> None:
    desk = any_desk
    then(desk, sampled)
    assert desk.verify().verdict is Verdict.VERIFIED
    desk.tamper(statement)
    assert not redraw(desk).agrees
    found = desk.verify()
    assert found.verdict is Verdict.TAMPERED
    assert found.first is not None
    assert (found.first.case_id, found.first.column) == ("LT-000001", column)


def test_a_test_without_a_row_or_without_events_is_found(desk: TestDesk) -> None:
    bank(desk)
    sample(desk, size=3)
    rows = [dict(row) for row in _rows(desk)]
    desk.tamper(sa.delete(line_test_picks))
    desk.tamper(sa.delete(table))
    first = desk.verify().first
    assert first is not None
    assert first.problem == "A sample below a line has an event but no row."
    desk.tamper(sa.insert(table).values({**rows[0], "test_id": "LT-000007"}))
    assert redraw(desk, "LT-000007").problems == ("The ledger holds no record of this test.",)


def _rows(desk: TestDesk) -> list[Any]:
    with desk.engine.connect() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def test_a_run_of_a_sample_cannot_be_replayed_and_says_why(desk: TestDesk) -> None:
    bank(desk)
    sample(desk)
    with desk.reading() as uow:
        run_ids = {alert.run_id for alert in uow.alerts.everything()}
    assert len(run_ids) == 2  # one for each band
    with pytest.raises(replaying.CannotReplay, match="or for a sample below a line"):
        replaying.replay(look=desk.reading(), actor=desk.people["mia"], run_id=min(run_ids), library=RULES)


def test_every_alert_of_a_sample_says_what_it_was_found_with(desk: TestDesk) -> None:
    bank(desk)
    test, _ = drawn(sample(desk))
    by_customer = {e.customer_id: e for band in test.bands for e in band.population}
    with desk.reading() as uow:
        found = {alert.customer_id: alert for alert in uow.alerts.everything()}
    assert found.keys() == by_customer.keys()
    assert json.loads(found["F-1"].parameters)["count"] == 4
    assert json.loads(found["T-1"].parameters)["count"] == 3
    for customer, alert in found.items():
        episode = by_customer[customer]
        assert (alert.sentence, alert.severity) == (episode.sentence, episode.severity)
        assert set(stored_alerts(desk)[alert.alert_id][2]) == set(episode.transaction_ids)
