"""What the model says of single stored payments: what it says when it scores everything, and why not where it says nothing."""

from __future__ import annotations

from datetime import timedelta
from math import fsum
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from casedesk.modelling.extra import NoModelExtra
from casedesk.modelling.model_files import ONNX
from casedesk.services import models, offline_modelling, payment_scores
from casedesk.services.default_model import FOLDER
from casedesk.services.model_data import Reading as FileReading
from casedesk.services.payment_scores import NoSuchTransaction, Said, Unsaid
from casedesk.services.scorers import Scorers
from casedesk.store.near_payments import TooMuchAround
from casedesk.store.tables import model_files
from tests.builders import START, Move, TestDesk
from tests.modelling.towns import BEGIN, Row, town
from tests.services.test_models import approve, propose

SCORERS = Scorers()


def book(desk: TestDesk, rows: list[Row]) -> None:
    desk.book(
        Move(row.transaction_id, (row.booked_at - START) / timedelta(minutes=1), row.base_minor, row.to_account,
             row.from_account, row.channel, row.from_country, row.to_country)
        for row in rows
    )  # fmt: skip


def scored(desk: TestDesk, *names: str, scorers: Scorers = SCORERS, who: str = "ann") -> dict[str, Said | Unsaid]:
    return payment_scores.of_payments(
        uow=desk.reading(), scorers=scorers, actor=desk.people[who], at=desk.at(), transaction_ids=names
    )


def in_files(desk: TestDesk, folder: Path) -> dict[str, tuple[float, str]]:
    """Return what ``casedesk model score`` says of the desk's transactions by now."""
    with desk.reading() as uow:
        pq.write_table(uow.transactions.arrow(), folder / "all.parquet")
    found = offline_modelling.score(
        model=FOLDER, data=str(folder / "all.parquet"), reading=FileReading("USD"), day=START.date()
    )
    return {row["transaction_id"]: (row["score"], row["band"]) for row in found.table.to_pylist()}


def test_alone_and_together_a_payment_has_the_score_it_has_among_all(any_desk: TestDesk, tmp_path: Path) -> None:
    rows = town(7, 400)
    rows += [Row(f"G{n}", BEGIN + timedelta(days=44, hours=n), f"A{n:02}", "A20", 95_000) for n in range(12)]
    book(any_desk, rows)
    expected = in_files(any_desk, tmp_path)
    later = [Row(f"L{n}", BEGIN + timedelta(days=60), f"A{n:02}", "A20", 95_000) for n in range(9)]
    book(any_desk, later)
    together = scored(any_desk, *(row.transaction_id for row in rows), "nothing")
    alone = {name: said for name in ("G11", "T00007", "T00200") for name, said in scored(any_desk, name).items()}
    assert (len(together), together.keys() & expected.keys()) == (412, expected.keys())
    assert len({band for _, band in expected.values()}) > 1
    for found in (together, alone):
        for name, said in found.items():
            assert isinstance(said, Said)
            assert (said.probability, said.band) == (pytest.approx(expected[name][0], abs=1e-12), expected[name][1])
            assert fsum([said.start, said.others, *(one.part for one in said.weights)]) == pytest.approx(said.raw)
    strongest = alone["G11"]
    assert isinstance(strongest, Said)
    assert (strongest.version_id, len(strongest.weights)) == ("", payment_scores.TOLD)
    parts = [abs(one.part) for one in strongest.weights]
    assert parts == sorted(parts, reverse=True)


def test_what_is_kept_in_memory_changes_no_answer(any_desk: TestDesk) -> None:
    rows, keeping = town(7, 400), Scorers(keeps=True)
    rows += [Row(f"G{n}", BEGIN + timedelta(days=44, hours=n), f"A{n:02}", "A20", 95_000) for n in range(12)]
    Random(5).shuffle(rows)  # late ones, too
    book(any_desk, rows[:250])
    for first in range(250, len(rows), 20):
        part = rows[first : first + 20]
        book(any_desk, part)
        names = [row.transaction_id for row in part]
        assert scored(any_desk, *names, scorers=keeping) == scored(any_desk, *names)


def test_who_is_made_ready_has_loaded_the_model_and_knows_what_lies_around(any_desk: TestDesk) -> None:
    scorers = Scorers(keeps=True)
    assert scorers.kept is not None
    payment_scores.make_ready(reading=any_desk.reading, scorers=scorers, at=any_desk.at())  # there is nothing yet
    assert scorers._held is not None
    book(any_desk, town(7, 60))
    book(any_desk, [Row(f"L{n}", BEGIN + timedelta(days=60), f"A{n:02}", "A20", 95_000) for n in range(20)])
    payment_scores.make_ready(reading=any_desk.reading, scorers=scorers, at=any_desk.at())
    assert scorers.kept._accounts
    with any_desk.reading() as uow:
        assert {one[0] for one in uow.near.newest(16)} == {"L"}


def test_the_version_in_force_scores_and_one_that_was_altered_does_not(desk: TestDesk) -> None:
    desk.book([Move("t1", 0, 100_00, "K-1/1", "K-2/1")])
    scorers = Scorers()

    def version() -> str:
        said = scored(desk, "t1", scorers=scorers)["t1"]
        assert isinstance(said, Said)
        return said.version_id

    propose(desk)
    assert version() == ""
    approve(desk)
    assert version() == "MV-000001"
    desk.tamper(sa.update(model_files).where(model_files.c.name == ONNX).values(content=b"another"))
    with pytest.raises(models.ModelAltered, match="was changed outside the desk"):
        scored(desk, "t1", scorers=Scorers())


def test_what_too_much_lies_around_is_named_and_the_others_are_scored(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [Row(f"S{n:02}", BEGIN + timedelta(minutes=n), f"A{n}", "SHOP", 100) for n in range(40)]
    rows += [Row(f"Q{n}", BEGIN + timedelta(hours=n), f"B{n}", f"C{n}", 100) for n in range(9)]
    book(desk, rows)
    names = [row.transaction_id for row in rows]
    before = scored(desk, *names)
    monkeypatch.setattr(payment_scores, "MOST_AROUND", 20)
    found = scored(desk, *names)
    unsaid = {name for name, said in found.items() if isinstance(said, Unsaid)}
    assert unsaid == {f"S{n:02}" for n in range(11, 40)}  # before, there were not so many yet
    assert {name: found[name] for name in found.keys() - unsaid} == {
        name: before[name] for name in before.keys() - unsaid
    }
    with pytest.raises(TooMuchAround, match="not scored by itself"):
        payment_scores.of_payment(
            uow=desk.reading(), scorers=SCORERS, actor=desk.people["ann"], at=desk.at(), transaction_id="S39"
        )
    monkeypatch.setattr(payment_scores, "_MOST", 30)
    late = [said.why for said in scored(desk, *names).values() if isinstance(said, Unsaid)]
    assert any("was left out" in why for why in late)


def test_who_asks_for_nothing_stored_or_without_the_extra_is_told(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoSuchTransaction, match="“x”"):
        payment_scores.of_payment(
            uow=desk.reading(), scorers=SCORERS, actor=desk.people["ann"], at=desk.at(), transaction_id="x"
        )
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(NoModelExtra, match="extra “model”"):
        scored(desk, scorers=Scorers())
