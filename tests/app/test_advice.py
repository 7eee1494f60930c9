"""Advice on screen: marked as advice, with its reasons, for those who may know; and how it agrees with people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casedesk.domain.people import SYSTEM
from casedesk.services import advising
from tests.app.bank import NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import text


@pytest.fixture
def advised(bank: Bank) -> Bank:
    """The bank, its open cases advised on."""
    desk = bank.desk()
    done = advising.run(
        reading=desk.reading, writing=desk.writing, actor=SYSTEM, at=NOW - timedelta(minutes=5), base_currency="USD"
    )
    assert done.advised > 3
    desk.close()
    return bank


def test_the_owner_sees_advice_with_its_reasons_and_goes_from_one_to_the_evidence(advised: Bank, open_as: Open) -> None:
    case_id = advised.cases["held"]
    at = open_as("grace", "case", id=case_id)
    said = text(at)
    assert "**Advice**" in said
    assert "A person decides." in said
    assert "Priority " in said
    assert "First: Get the deposit slips" in said
    assert "in all, from" in said
    button = next(one for one in at.button if one.label.startswith("Evidence of Structuring"))
    button.click().run()
    assert not at.exception
    assert at.session_state[f"tab_{case_id}"].startswith("Evidence")
    assert at.session_state[f"evidence_alert_{case_id}"] == button.key.split("_")[1]


def test_a_stranger_sees_none_of_it(advised: Bank, open_as: Open) -> None:
    at = open_as("luis", "case", id=advised.cases["held"])
    assert "**Advice**" not in text(at)
    assert "Report recommended" not in text(at)
    assert not [one for one in at.button if one.label.startswith("Evidence of")]


@pytest.mark.parametrize("who", ["samir", "marta"])
def test_who_may_know_decisions_sees_how_advice_and_people_agree(advised: Bank, open_as: Open, who: str) -> None:
    assert "**Advice and people**" in text(open_as(who, "qa"))


def test_the_model_page_shows_what_was_spent_on_a_language_model_each_day(bank: Bank, open_as: Open) -> None:
    assert "nothing leaves this machine" in text(open_as("marta", "model"))
    desk = bank.desk()
    with desk.writing() as uow:
        uow.language.reserve("L-1", "of a kind", "0" * 64, 1_500, NOW)
        uow.commit()
    desk.close()
    spent = next(table.value for table in open_as("marta", "model").table if "Cost" in table.value.columns)
    assert spent.iloc[0].tolist()[1:4] == [1, 0.0015, 1]


def test_the_queue_by_what_is_at_stake_says_so_in_a_column(bank: Bank, open_as: Open) -> None:
    at = open_as("marta", sort="value")
    frame = at.dataframe[0].value
    assert "Age" not in frame.columns
    assert list(frame["At stake"]) == [max(0, value) for value in frame["At stake"]]
    assert frame["At stake"].iloc[0] == pytest.approx(0.8 * frame["Amount"].iloc[0])
    assert "at stake × 2^(−days left ÷ 7)" in text(at)
    plain = open_as("marta")
    assert ("At stake" in plain.dataframe[0].value.columns, "at stake ×" in text(plain)) == (False, False)
