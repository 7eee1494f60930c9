"""`casedesk detect`: alerts and cases from what is stored, and nothing new the second time."""

from __future__ import annotations

import pytest

from tests.builders import Move, TestDesk
from tests.cli.conftest import Command


@pytest.fixture
def deposits(desk: TestDesk) -> TestDesk:
    desk.customer()
    desk.book(Move(f"T-{n}", 8 * n, 950_000, to_account="K-1/1") for n in range(5))
    return desk


def test_a_run_opens_a_case_and_the_next_one_nothing(casedesk: Command, deposits: TestDesk) -> None:
    told = casedesk("detect", "--json")
    assert told.code == 0, told.err
    assert {k: told.json[k] for k in ("transactions", "new_alerts", "cases_opened")} == {
        "transactions": 5, "new_alerts": 1, "cases_opened": 1
    }  # fmt: skip
    assert deposits.case("C-26-00001").typology == "structuring"
    again = casedesk("detect", "--json", "--threads", "1", "--memory-mib", "256")
    assert (again.json["new_alerts"], again.json["unchanged_alerts"], again.json["cases_opened"]) == (0, 1, 0)
    assert again.json["data_fingerprint"] == told.json["data_fingerprint"]
    assert "0 new alerts" in casedesk("detect").out
    assert deposits.verify().verdict == "VERIFIED"


def test_parameters_and_the_end_are_followed(casedesk: Command, deposits: TestDesk) -> None:
    assert casedesk("detect", "--json", "--until", "2026-07-01").json["transactions"] == 0
    assert casedesk("detect", "--json", "--until", "2026-07-01T09:20:00Z").json["transactions"] == 3
    assert casedesk("detect", "--json", "--param", "structuring.count=6").json["new_alerts"] == 0
    words = ["--param", "structuring.channels=ACH,WIRE"]
    told = casedesk("detect", "--json", *words)
    assert (told.code, told.json["new_alerts"]) == (0, 0), told.err
    assert casedesk("detect", "--json", "--param", "structuring.channels=CASH").json["new_alerts"] == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--param", "structuring"], "“--param structuring” is not understood; write --param rule.name=value."),
        (
            ["--param", "smurfing.count=3"],
            "There is no rule “smurfing”; choose one of structuring, velocity, geography.",
        ),
        (["--param", "structuring.cout=3"], "There is no parameter “cout”"),
        (["--param", "structuring.count=many"], "Parameter “count” (transactions) cannot be 'many'"),
        (["--param", "structuring.count=1"], "Parameter “count”"),
        (["--param", "structuring.count=6", "--param", "structuring.count=7"], "a second value; keep one"),
        (["--until", "yesterday"], "“--until yesterday” is not a time"),
        (["--until", "2026-07-01T09:00:00"], "names no zone"),
        (["--as", "ann"], "The role Analyst may not run detection"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(
    casedesk: Command, deposits: TestDesk, words: list[str], sentence: str
) -> None:
    before = deposits.size()
    told = casedesk("detect", *words)
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert deposits.size() == before


def test_an_empty_desk_has_nothing_to_find(casedesk: Command, desk: TestDesk) -> None:
    told = casedesk("detect", "--json", "--as", "mia")
    assert (told.code, told.json["transactions"], told.json["new_alerts"]) == (0, 0, 0)
