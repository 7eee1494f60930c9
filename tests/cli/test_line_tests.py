"""`casedesk lab sample|samples|yield|redraw`: the sample below a line from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.domain.cases import Disposition
from casedesk.store.tables import line_test_picks
from tests.builders import Move, TestDesk
from tests.cli.conftest import Command

DAY = 24 * 60.0
LOOSER = ("--band", "count=4", "--band", "count=3,below_count=3,total_minor=2400000")


@pytest.fixture
def bank(casedesk: Command, desk: TestDesk) -> TestDesk:
    """A-1 is over the structuring rule's line, F-1 to F-4 have four deposits, T-1 to T-3 three."""
    for letter, customers, count in (("A", 1, 5), ("F", 4, 4), ("T", 3, 3)):
        for n in range(1, customers + 1):
            name = f"{letter}-{n}"
            desk.customer(name)
            desk.book(Move(f"{name}-{k}", n * DAY + k, 8_000_00, to_account=f"{name}/1") for k in range(count))
    return desk


def work(desk: TestDesk, customer_id: str, what: Disposition = Disposition.NO_SAR) -> None:
    with desk.reading() as uow:
        case_id = uow.cases.open_of(customer_id)
    desk.take("ann", case_id)
    desk.decide("ann", case_id, what)
    if what is Disposition.SAR:
        desk.approve("max", case_id)


def drawn_customer(desk: TestDesk, letter: str) -> str:
    """Return a customer of this kind whom an alert is about."""
    with desk.reading() as uow:
        return next(alert.customer_id for alert in uow.alerts.everything() if alert.customer_id.startswith(letter))


def test_a_sample_is_drawn_listed_worked_reported_and_drawn_again(casedesk: Command, bank: TestDesk) -> None:
    told = casedesk("lab", "sample", "structuring", *LOOSER, "--size", 3, "--as", "mia")
    assert told.code == 0, told.err
    assert "LT-000001: 6 of 7 episodes below the line of Structuring." in told.out
    assert "below_count 3, count 3, total_minor 2400000" in told.out
    work(bank, drawn_customer(bank, "F"), Disposition.SAR)
    listed = casedesk("lab", "samples", "--as", "otto")
    assert listed.code == 0
    assert "LT-000001  Structuring" in listed.out
    [row] = casedesk("lab", "samples", "--as", "otto", "--json").json
    assert (row["test_id"], [band["drawn"] for band in row["bands"]]) == ("LT-000001", [3, 3])
    told = casedesk("lab", "yield", "LT-000001", "--as", "otto")
    assert told.code == 0, told.err
    assert "1 of 1 (2.5 % to 100.0 %)" in told.out
    assert (
        "Band 2: too few judged to rule anything out; not yet 5 % (59 more), 2 % (149 more), 1 % (299 more)."
        in told.out
    )
    found = casedesk("lab", "yield", "LT-000001", "--as", "mia", "--json").json
    first, second = found["bands"]
    assert (first["judged"], first["sars"], first["open"], first["alone"]) == (1, 1, 2, 3)
    assert (second["episodes"], second["customers"], second["judged"]) == (3, 3, 0)
    assert first["moved"] == {"count": 4}
    assert second["none_found"][0] == {"percent": 5, "needed": 59, "enough": False}
    again = casedesk("lab", "redraw", "LT-000001", "--as", "otto")
    assert (again.code, again.out) == (0, "LT-000001: the same 6 picks, and the hashes in the ledger agree.\n")
    again = casedesk("lab", "redraw", "LT-000001", "--from-data", "--as", "otto", "--json")
    assert (again.code, again.json["agrees"], again.json["found_again"]) == (0, True, True)
    assert casedesk("audit", "verify").code == 0


def test_the_document_holds_all_that_it_takes_to_repeat_the_test(casedesk: Command, bank: TestDesk) -> None:
    assert casedesk("lab", "sample", "structuring", *LOOSER, "--none-found", 5, "--as", "mia").code == 0
    told = casedesk("lab", "yield", "LT-000001", "--markdown", "--as", "otto")
    assert told.code == 0, told.err
    frozen, drawn = (event.data for event in bank.history("DESK")[-2:])
    for value in (
        *frozen["population_sha256"], *frozen["band_hashes"], frozen["line_hash"], frozen["line"], drawn["seed"],
        frozen["data_fingerprint"], "asked for: 59 customers, so that none found rules out 5 %", "Clopper and Pearson",
        "casedesk lab redraw LT-000001 --from-data", "| 1: count 4 | 4 | 4 | 4 | 0 | 4 | 0 |  | nothing judged |",
        "| 2: below_count 3, count 3, total_minor 2400000 | no, 59 more | no, 149 more | no, 299 more |",
    ):  # fmt: skip
        assert value in told.out
    assert "F-1" not in told.out  # no customer, no case: the document may be shown while the cases are being worked
    assert "C-26" not in told.out


def test_picks_that_were_changed_exit_1(casedesk: Command, bank: TestDesk) -> None:
    assert casedesk("lab", "sample", "structuring", *LOOSER, "--size", 2, "--size", 1, "--as", "mia").code == 0
    bank.tamper(sa.delete(line_test_picks).where(line_test_picks.c.band == 2))
    told = casedesk("lab", "redraw", "LT-000001", "--as", "mia")
    assert told.code == 1
    assert "The list of picks differs from the re-drawn ones." in told.out
    assert casedesk("lab", "redraw", "LT-000001", "--json", "--as", "mia").json["agrees"] is False
    told = casedesk("audit", "verify")
    assert told.code == 1
    assert "LT-000001" in told.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sample", "structuring", *LOOSER, "--size", "3"], "add --as USER"),
        (["sample", "structuring", "--size", "3", "--as", "mia"], "Name at least one band below the line"),
        (["sample", "structuring", *LOOSER, "--as", "mia"], "either --none-found 5, or --size N"),
        (["sample", "structuring", *LOOSER, "--size", "3", "--none-found", "5", "--as", "mia"], "either --none-found 5"),
        (["sample", "structuring", *LOOSER, *["--size", "3"] * 3, "--as", "mia"], "2 bands and 3 times --size"),
        (["sample", "structuring", "--band", "four", "--size", "3", "--as", "mia"], "The band “four” is not understood"),
        (["sample", "structuring", "--band", "count=4", "--none-found", "few", "--as", "mia"], "“--none-found few” is no"),
        (["sample", "structuring", "--band", "count=4", "--none-found", "100", "--as", "mia"], "100 % was given"),
        (["sample", "structuring", "--band", "count=4", "--size", "0", "--as", "mia"], "either a size or the share"),
        (["sample", "structuring", "--band", "count=3", "--size", "3", "--as", "mia"], "“below_count” (4) cannot exceed"),
        (["sample", "structuring", "--band", "count=6", "--size", "3", "--as", "mia"], "is not looser than the rule"),
        (["sample", "structuring", "--band", "count=5", "--size", "3", "--as", "mia"], "has the values in force"),
        (["sample", "smurfing", "--band", "count=4", "--size", "3", "--as", "mia"], "There is no rule “smurfing”"),
        (["sample", "structuring", *LOOSER, "--size", "3", "--as", "otto"], "Auditor may not draw a sample below a line"),
        (["samples", "--as", "ann"], "The role Analyst may not try out detection rules"),
        (["yield", "LT-000001", "--as", "queenie"], "The role QA may not"),
        (["yield", "LT-000001", "--markdown", "--as", "ann"], "The role Analyst may not"),
        (["yield", "LT-000001", "--as", "mia"], "There is no sample below a line “LT-000001”"),
        (["redraw", "LT-000001", "--as", "mia"], "There is no sample below a line “LT-000001”"),
        (["redraw", "LT-000001", "--as", "ann"], "The role Analyst may not"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(
    casedesk: Command, bank: TestDesk, words: list[str], sentence: str
) -> None:
    before = bank.size()
    told = casedesk("lab", *words)
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert bank.size() == before


def test_a_parameter_that_is_a_set_takes_its_words_beside_others(casedesk: Command, bank: TestDesk) -> None:
    band = "channels=CASH,ACH,WIRE,CHEQUE,OTHER,CARD,count=4"
    told = casedesk("lab", "sample", "structuring", "--band", band, "--size", 1, "--as", "mia", "--json")
    assert told.code == 0, told.err
    assert set(told.json["bands"][0]["moved"]) == {"channels", "count"}
    assert "CARD" in told.json["bands"][0]["moved"]["channels"]


def test_nothing_an_analyst_or_a_reviewer_prints_tells_of_the_sample(casedesk: Command, bank: TestDesk) -> None:
    assert casedesk("lab", "sample", "structuring", *LOOSER, "--size", 3, "--as", "mia").code == 0
    work(bank, drawn_customer(bank, "T"), Disposition.SAR)
    with bank.reading() as uow:
        found = list(uow.alerts.everything())
    cases = sorted({alert.case_id for alert in found})
    runs = {alert.run_id for alert in found}
    for who in ("ann", "ben", "queenie"):
        printed = [casedesk("cases", "--include-closed", *more, "--as", who) for more in ((), ("--json",))]
        printed += [casedesk("case", "show", case, *more, "--as", who) for case in cases for more in ((), ("--json",))]
        assert {told.code for told in printed} == {0}
        text = "".join(told.out + told.err for told in printed)
        assert all(case in text for case in cases)
        for word in ("LT-0", "line_test", "LineTest", "below a line", "sample", '"count"', "placement", *runs):
            assert word not in text, word


def test_a_desk_with_a_sample_travels_whole(
    casedesk: Command, at: Callable[[str], Command], bank: TestDesk, other_address: str, tmp_path: Path
) -> None:
    assert casedesk("lab", "sample", "structuring", *LOOSER, "--size", 2, "--as", "mia").code == 0
    assert casedesk("seed", "--csv", tmp_path / "desk").code == 0
    there = at(other_address)
    picks = tmp_path / "desk" / "line_test_picks.csv"
    whole = picks.read_bytes()
    picks.write_bytes(whole.replace(b",opened,", b",joined,", 1))
    assert "line_test_picks.csv" in there("load-csv", tmp_path / "desk").err
    picks.write_bytes(whole.replace(b",opened,", b",unseen,", 1))
    assert "line_test_picks.csv, row 2, column placement" in there("load-csv", tmp_path / "desk").err
    picks.write_bytes(whole)
    told = there("load-csv", tmp_path / "desk")
    assert told.code == 0, told.err
    here, again = (call("lab", "yield", "LT-000001", "--as", "mia", "--json").json for call in (casedesk, there))
    assert here == again
    assert there("lab", "redraw", "LT-000001", "--from-data", "--as", "mia").code == 0
