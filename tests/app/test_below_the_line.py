"""The lab's third tab: a sample is drawn, worked and told of to managers and auditors, and to nobody who works it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from casedesk.domain.people import Person
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.services import casefile, line_tests
from casedesk.services.line_tests import Asked
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import button, sentences, text, toasts

TAB = "Below the line"
TELLING = ("LT-0", "Below the line", "below a line", "below its line", "sample", "Sample")


@pytest.fixture
def episodes(bank: Bank) -> Bank:
    """Three customers with four cash deposits of 8,000 within the hour: one too few for the rule in force."""
    rows = [(f"F{n}-{k}", NOW - timedelta(days=9, minutes=k), f"F-{n}") for n in range(3) for k in range(4)]
    ids, times, to = (list(column) for column in zip(*rows, strict=True))
    amounts, currencies, empty = [800_000] * 12, ["USD"] * 12, [""] * 12
    with bank.desk().writing() as uow:
        uow.parties.put_customers(
            [
                Customer(f"F-{n}", f"Quiet {n}", CustomerKind.BUSINESS, "US", "shop", "", date(2019, 1, 2))
                for n in range(3)
            ]
        )
        uow.parties.put_accounts([Account(f"F-{n}", f"F-{n}", f"Quiet {n}", "0114", "USD", "US") for n in range(3)])
        uow.transactions.insert_new(
            {
                "transaction_id": ids,
                "booked_at": [int(at.timestamp() * 1_000_000) for at in times],
                "from_account": empty,
                "to_account": to,
                **dict.fromkeys(("amount_minor", "received_minor", "base_minor"), amounts),
                **dict.fromkeys(("currency", "received_currency"), currencies),
                "channel": ["CASH"] * 12,
                "from_country": ["US"] * 12,
                "to_country": ["US"] * 12,
                "branch": empty,
                "reference": empty,
            }
        )
        uow.commit()
    return bank


def draw(bank: Bank, actor: Person = BY_ID["marta"]) -> None:
    desk = bank.desk()
    line_tests.draw_line_test(
        look=desk.reading(), freeze=desk.writing(), uow=desk.writing(), actor=actor, at=NOW, base_currency="USD",
        rule="structuring", bands=[Asked({"count": 4}, size=5)], seed="5" * 64,
    )  # fmt: skip


def tab(open_as: Open, who: str) -> AppTest:
    at = open_as(who, "lab")
    button(at, "lab_view").set_value(TAB).run()
    assert not at.exception
    return at


def test_before_anything_was_drawn_the_tab_says_what_a_sample_is(open_as: Open) -> None:
    at = tab(open_as, "ines")
    assert "Nothing was drawn below a line yet" in text(at)
    assert not at.table


def test_a_manager_draws_and_sees_the_bands_beside_the_rule_in_force(open_as: Open, episodes: Bank) -> None:
    at = tab(open_as, "marta")
    assert "count 5" in text(at)
    button(at, "line_band_1").set_value("count=4")
    button(at, "line_draw").click().run()
    assert not sentences(at)
    assert toasts(at) == ["3 of 3 episodes drawn (LT-000001)."]
    table = at.table[0].value
    assert list(table["Band"]) == ["**In force**", "**1** count 4"]
    assert list(table["Episodes"])[1] == list(table["Drawn"])[1] == list(table["Open"])[1] == "3"
    assert list(table["95 % interval"])[1] == "nothing judged"
    assert list(at.table[1].value.iloc[0])[1:] == ["59 more", "149 more", "299 more"]
    assert "Structuring, below its line" in text(at)
    assert button(at, "line_band_1").value == ""


def test_a_refusal_keeps_what_was_typed_and_stores_nothing(open_as: Open, episodes: Bank) -> None:
    at = tab(open_as, "marta")
    for typed, sentence in (
        ("count", "The band “count” is not understood"),
        ("count=6", "finds nothing more with these values"),
        ("count=40000", "Parameter “count”"),
        ("", "one to 6 bands; 0 were given"),
    ):
        button(at, "line_band_1").set_value(typed)
        button(at, "line_draw").click().run()
        assert sentence in sentences(at)[0], typed
        assert button(at, "line_band_1").value == typed
    assert line_tests.all_tests(uow=episodes.desk().reading(), actor=BY_ID["ines"]) == ()


def test_an_auditor_looks_and_has_no_form(open_as: Open, episodes: Bank) -> None:
    draw(episodes)
    at = tab(open_as, "ines")
    assert "LT-000001" in text(at)
    assert len(at.table) == 2
    assert "line_draw" not in {one.key for one in at.button}


def seen(at: AppTest, runs: set[str]) -> list[str]:
    """Return the telling words that stand anywhere on a page."""
    assert not at.exception
    shown = text(at) + " ".join(str(frame.value.to_dict()) for frame in (*at.dataframe, *at.table))
    return [word for word in (*TELLING, *runs) if word in shown]


@pytest.mark.parametrize("who", ["grace", "samir"])
def test_no_page_of_who_works_or_reviews_tells_of_the_sample(open_as: Open, episodes: Bank, who: str) -> None:
    draw(episodes)
    with episodes.desk().reading() as uow:
        drawn = {alert.case_id for alert in uow.alerts.everything() if alert.customer_id.startswith("F-")}
        runs = {alert.run_id for alert in uow.alerts.everything() if alert.customer_id.startswith("F-")}
    assert len(drawn) == 3
    at = open_as(who, "triage" if who == "grace" else "qa")
    assert seen(at, runs) == []
    case_id = min(drawn)
    at = open_as(who, "case", id=case_id)
    assert "Quiet" in text(at)
    for label in [tab.label for tab in at.tabs]:
        at.session_state[f"tab_{case_id}"] = label
        at.run()
        assert seen(at, runs) == [], label
    file = casefile.read(uow=episodes.desk().reading(), actor=BY_ID[who], case_id=min(drawn))
    assert {(alert.parameters, alert.run_id) for alert in file.alerts} == {("", "")}


@pytest.mark.parametrize("who", ["grace", "samir"])
def test_who_works_or_reviews_cases_has_no_lab(open_as: Open, episodes: Bank, who: str) -> None:
    draw(episodes)
    at = open_as(who)
    assert "nav_lab" not in {one.key for one in at.button}
