"""`casedesk users` and `casedesk rates`."""

from __future__ import annotations

from pathlib import Path

import pytest

from casedesk.domain.events import DESK
from tests.builders import TestDesk
from tests.cli.conftest import Command


def test_a_person_is_added_changed_and_listed(casedesk: Command, desk: TestDesk) -> None:
    told = casedesk("users", "add", "zoe", "Zoë Quist", "analyst", "--email", "Zoe@Bank.Example")
    assert (told.code, told.out) == (0, "Zoë Quist (zoe) is Analyst.\n")
    assert casedesk("users", "add", "zoe", "Zoë Quist", "Manager", "--inactive").code == 0
    [zoe] = [p for p in casedesk("users", "list", "--json").json if p["user_id"] == "zoe"]
    assert zoe == {"user_id": "zoe", "name": "Zoë Quist", "role": "Manager", "active": False, "email": ""}
    assert [e.data for e in desk.history(DESK)[-2:]] == [
        {"v": 1, "user_id": "zoe", "role": "Analyst", "active": True},
        {"v": 1, "user_id": "zoe", "role": "Manager", "active": False},
    ]
    assert "Zoë Quist" in casedesk("users", "list").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["zoe", "Zoe", "Boss"], "“Boss” is not a role; choose one of Analyst, QA, Manager, Auditor."),
        (["zoe", "Zoe", "System"], "“System” is not a role"),
        (["system", "Zoe", "Analyst"], "choose another user id"),
        ([" ", "Zoe", "Analyst"], "one of them is empty"),
        (["zoe", "Zoe", "Analyst", "--as", "mia"], "The role Manager may not change people, rates or policy"),
    ],
)
def test_a_person_who_cannot_be_added_is_refused(
    casedesk: Command, desk: TestDesk, words: list[str], sentence: str
) -> None:
    before = desk.size()
    told = casedesk("users", "add", *words)
    assert told.code == 2
    assert sentence in told.err
    assert desk.size() == before


def test_nobody_yet_is_said(casedesk: Command) -> None:
    assert casedesk("users", "list").out.startswith("Nobody works here yet")


def test_rates_are_loaded_and_shown(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    assert "No rates are loaded yet" in casedesk("rates", "show").out
    file = tmp_path / "rates.csv"
    file.write_text("currency,valid_from,usd_per_unit,source\nEUR,2026-01-01,1.10,ECB\nEUR,2026-07-01,1.2,ECB\n")
    assert casedesk("rates", "load", file).out == "2 rates are in force.\n"
    assert casedesk("rates", "show", "--json").json == [
        {"currency": "EUR", "valid_from": "2026-01-01", "usd_per_unit": "1.10", "source": "ECB"},
        {"currency": "EUR", "valid_from": "2026-07-01", "usd_per_unit": "1.2", "source": "ECB"},
    ]
    assert desk.history(DESK)[-1].action == "rates_loaded"


def test_a_bad_rates_file_changes_nothing(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("currency,valid_from,usd_per_unit,source\nEUR,2026-02-31,1.10,ECB\n")
    before = desk.size()
    for told in (casedesk("rates", "load", file), casedesk("rates", "load", tmp_path / "none.csv")):
        assert (told.code, told.out) == (2, "")
        assert "Traceback" not in told.err
        assert "operator" not in told.err
    assert desk.size() == before
    assert casedesk("rates", "load", file, "--as", "ann").code == 2
