"""One lost report, several, and many are told in words that fit."""

from __future__ import annotations

import pytest

from app.ui import lost_reports


@pytest.mark.parametrize(
    ("cases", "caught", "said"),
    [
        (["C-1"], 0, "It would miss 1 past report: C-1. No other rule alerted it."),
        (["C-1"], 1, "It would miss 1 past report: C-1. Another rule alerted it."),
        (["C-1", "C-2"], 0, "It would miss 2 past reports: C-1, C-2. No other rule alerted them."),
        (["C-1", "C-2"], 1, "It would miss 2 past reports: C-1, C-2. Another rule alerted 1 of them."),
    ],
)
def test_the_sentence_fits_the_number(cases: list[str], caught: int, said: str) -> None:
    assert lost_reports.sentence(cases, caught).replace("\\", "") == said


def test_only_the_first_dozen_are_named() -> None:
    said = lost_reports.sentence([f"C-{number}" for number in range(1, 15)], 3)
    assert "14 past reports" in said
    assert "C-12…" in said.replace("\\", "")
    assert "C-13" not in said
