"""Every page for every role it is for, and what holds on all of them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from app.ui.navigation import ENTRIES, entries
from casedesk.domain.people import Role, may
from tests.app.bank import BY_ID, Bank
from tests.app.conftest import Open
from tests.app.reading import shortcuts, text, toasts

APP = Path(__file__).resolve().parents[2] / "app"
USERS = ("grace", "samir", "marta", "ines")
EVERY = [(user, entry.name) for user in USERS for entry in entries(BY_ID[user])]


@pytest.mark.parametrize(("user", "page"), EVERY)
def test_every_page_is_drawn_for_every_role_it_is_for_and_no_key_does_two_things_on_it(
    open_as: Open, bank: Bank, user: str, page: str
) -> None:
    drawn = [open_as(user, page, **query) for query in _queries(bank, page)]
    for at in drawn:
        assert not at.exception
        assert not at.error
        assert any(button.key == "sign_out" for button in at.button)
        used = Counter(shortcuts(at))
        assert used, "no page is without shortcuts, so none was read"
        assert [key for key, times in used.items() if times > 1] == []
        assert not {"C", "R"} & {key.upper() for key in used}, "Streamlit keeps C and R for itself"


def _queries(bank: Bank, page: str) -> list[dict[str, str]]:
    """Return what the page is asked for: a case of one's own and one of a colleague's, or nothing."""
    return [{"id": bank.cases[name]} for name in ("held", "luis")] if page == "case" else [{}]


@pytest.mark.parametrize("user", USERS)
def test_the_sidebar_offers_the_pages_of_the_role_and_no_other(open_as: Open, user: str) -> None:
    at = open_as(user)
    offered = [b.key.removeprefix("nav_") for b in at.button if b.key.startswith("nav_")]
    assert offered == [e.name for e in ENTRIES if e.section and may(BY_ID[user].role, e.needs)]


def test_analysts_are_offered_neither_ledger_nor_approvals() -> None:
    names = {entry.name for entry in entries(BY_ID["grace"])}
    assert names == {"triage", "calendar", "case", "risk"}
    assert {e.name for e in entries(BY_ID["ines"])} == {
        "triage",
        "calendar",
        "case",
        "qa",
        "ledger",
        "exports",
        "lab",
        "suppressions",
        "risk",
        "model",
        "policy",
        "retention",
    }
    assert BY_ID["ines"].role is Role.AUDITOR


def test_nothing_that_others_may_see_says_sar(open_as: Open, bank: Bank) -> None:
    says = re.compile(r"\bsar\b|suspicious", re.IGNORECASE)
    for entry in ENTRIES:
        assert not says.search(f"{entry.name} {entry.title} {entry.section}")
    at = open_as("marta", "approvals")
    assert not [b.label for b in at.button if b.key.startswith("nav_") and says.search(b.label)]
    at.get_by_key("approve").click().run()
    assert toasts(at), "the approval was not confirmed"
    assert not [toast for toast in toasts(at) if says.search(toast)]


def test_the_count_at_approvals_is_only_for_those_with_need_to_know(open_as: Open) -> None:
    analyst, manager = open_as("grace"), open_as("marta")
    assert "Awaiting approval" not in text(analyst)
    assert not [b for b in analyst.button if "badge" in b.label and b.key != "nav_calendar"]
    assert next(b.label for b in manager.button if b.key == "nav_approvals").endswith("[1]")


@pytest.mark.parametrize("path", sorted((APP / "pages").glob("*.py")), ids=lambda path: path.stem)
def test_a_page_composes_and_stays_under_eighty_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 80


def test_no_file_of_the_app_injects_style_sheets_or_scripts() -> None:
    for path in APP.rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in code, path
        assert "unsafe_allow_javascript" not in code, path
        assert "<style" not in code, path
