from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.scoring.names import LIKELY, Names, likeness, read


def alike(one: str, other: str) -> float:
    return likeness(read(one), read(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Владимир Путин", "Vladimir PUTIN"),
        ("PUTIN, Vladimir Vladimirovich", "Vladimir Putin"),
        ("Siemens Aktiengesellschaft", "SIEMENS AG"),
        ("Usama bin Ladin", "Osama bin Laden"),
        ("VladimirPutin", "Vladimir Putin"),
        ("François Müller", "FRANCOIS MUELLER"),
        ("Dr. José Núñez", "Jose Nunez"),
    ],
)
def test_one_name_in_two_spellings_is_alike(one: str, other: str) -> None:
    assert alike(one, other) >= LIKELY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kim Roe", "Kim Jong-un"),
        ("Deutsche Bank AG", "Deutsche Post AG"),
        ("Bowne Fund II", "Bowne Fund IX"),
        ("", "Kim Roe"),
        ("LLC", "Ltd"),
    ],
)
def test_two_names_are_not(one: str, other: str) -> None:
    assert alike(one, other) < LIKELY


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_lies_between_0_and_1_and_asks_not_who_comes_first(one: str, other: str) -> None:
    assert 0 <= alike(one, other) <= 1
    assert alike(one, other) == alike(other, one)
    assert alike(one, one) == (1.0 if read(one).words else 0.0)


def test_a_list_is_asked_for_the_most_alike_first() -> None:
    names = Names(["ROWE, Kim", "Kim Rower", "Sergey LAVROV"])
    assert [place for place, _ in names.like("Kim Rowe")] == [0, 1]
    assert names.like("Nobody Else") == []


@pytest.mark.shared
def test_precision_and_recall_on_labelled_pairs_are_those_that_the_documentation_tells(shared: Path) -> None:
    with (shared / "data/name_pairs_nomenklatura_dev.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    said = [(alike(row["name1"], row["name2"]), row["is_match"] == "true") for row in rows]
    found = [match for score, match in said if score >= LIKELY]
    precision, recall = sum(found) / len(found), sum(found) / sum(match for _, match in said)
    assert (round(precision, 2), round(recall, 2)) == (0.82, 0.82)
    looked_up = [
        bool(Names([row["name2"]]).like(row["name1"])) == (score >= LIKELY)
        for row, (score, _) in zip(rows, said, strict=True)
    ]
    assert sum(looked_up) >= len(rows) - 2, "looking up loses no more than two of them"
