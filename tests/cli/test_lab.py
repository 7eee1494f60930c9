"""`casedesk lab`: try a rule, the scorecard, the size of a sample."""

from __future__ import annotations

import pytest

from tests.builders import Move, TestDesk
from tests.cli.conftest import Command


@pytest.fixture
def found(casedesk: Command, desk: TestDesk) -> TestDesk:
    """One customer with an alert of five deposits of 7,000, found by detection."""
    desk.customer("K-1")
    desk.book([Move(f"T-{n}", n, 7_000_00, to_account="K-1/1") for n in range(5)])
    assert casedesk("detect", "--rule", "structuring", "--as", "mia").code == 0
    return desk


def test_a_stricter_rule_is_told_beside_the_one_in_force(casedesk: Command, found: TestDesk) -> None:
    told = casedesk("lab", "try", "structuring", "--param", "count=6", "--as", "mia")
    assert told.code == 0, told.err
    assert "count 5 → 6; 5 transactions." in told.out
    assert "Lost: 1 alert." in told.out
    tried = casedesk("lab", "try", "structuring", "--param", "count=6", "--as", "otto", "--json").json
    assert (tried["in_force"]["alerts"], tried["tried"]["alerts"]) == (1, 0)
    assert len(tried["lost"]) == 1
    assert tried["gained"] == []
    assert tried["parameters"]["count"] == 6


def test_the_scorecard_tells_rules_and_the_silent(casedesk: Command, found: TestDesk) -> None:
    told = casedesk("lab", "scorecard", "--as", "mia")
    assert told.code == 0, told.err
    assert "Structuring" in told.out
    assert "Fan-in" in told.out.partition("Never fired: ")[2]
    assert "Never fired: " in told.out
    card = casedesk("lab", "scorecard", "--as", "mia", "--json").json
    assert [(score["rule"], score["alerts"], score["decided"]) for score in card["rules"]] == [("structuring", 1, 0)]


@pytest.mark.parametrize(
    ("words", "size"), [(["5"], "59"), (["2"], "149"), (["1 %"], "299"), (["5", "--confidence", "99"], "90")]
)
def test_the_sample_size_of_none_found(casedesk: Command, words: list[str], size: str) -> None:
    assert casedesk("lab", "sample-size", *words).out.strip() == size


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["try", "structuring"], "add --as USER"),
        (["try", "smurfing", "--as", "mia"], "There is no rule “smurfing”"),
        (["try", "structuring", "--param", "count", "--as", "mia"], "is not understood"),
        (["try", "structuring", "--param", "count=1", "--as", "mia"], "Parameter “count”"),
        (["try", "structuring", "--as", "ann"], "may not try out detection rules"),
        (["scorecard", "--as", "queenie"], "may not try out detection rules"),
        (["sample-size", "0"], "“PERCENT 0” is no share"),
        (["sample-size", "many"], "“PERCENT many” is no share"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(
    casedesk: Command, desk: TestDesk, words: list[str], sentence: str
) -> None:
    told = casedesk("lab", *words)
    assert told.code == 2
    assert sentence in told.err
    assert "Traceback" not in told.err
