"""One of a thing is not several of it, wherever a count is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from casedesk.domain.counts import counted

ROOT = Path(__file__).resolve().parents[2]
#: A figure with thousands set off, and a word of many after it: at 1 that is no English.
BARE = re.compile(
    r"(?<!of )\{[^{}\"]+:,\} (?:[a-z]+ )?(alerts|cases|transactions|events|rows|episodes|customers|files|picks|reports|dates|texts|forms|batches|samples|runs|holds)\b"
)
#: Where there cannot be one only: ``tx`` is short for both, and a full stretch of a ledger has its own words.
PLURAL = ("casedesk/services/checkpoints.py",)


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("alert",), "0 alerts"),
        (1, ("alert",), "1 alert"),
        (1_204, ("new alert",), "1,204 new alerts"),
        (1, ("case waits", "cases wait"), "1 case waits"),
        (2, ("case waits", "cases wait"), "2 cases wait"),
    ],
)
def test_a_count_is_said_as_people_say_it(number: int, words: tuple[str, ...], said: str) -> None:
    assert counted(number, *words) == said


def test_no_count_on_a_page_or_the_command_line_takes_its_noun_for_granted() -> None:
    files = [file for room in ("app", "casedesk", "seeds") for file in (ROOT / room).rglob("*.py")]
    bare = [
        f"{file.relative_to(ROOT)}:{number}: {found[0]}"
        for file in files
        if file.relative_to(ROOT).as_posix() not in PLURAL and "verifier" not in file.parts
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (found := BARE.search(line))
    ]
    assert bare == [], "say it with casedesk.domain.counts.counted"
