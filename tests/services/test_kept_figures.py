"""The figures of peer groups that a run leaves serve the run upon it, and no other."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.detection.duck_peers import PeerFigures
from casedesk.detection.rule import Rule
from casedesk.detection.rules.out_of_profile import OutOfProfile
from casedesk.services.detecting import Warm
from casedesk.services.kept_figures import left_by
from casedesk.services.run_records import read
from casedesk.store.run_copies import FIGURES
from casedesk.store.tables import run_copies as copies
from tests.builders import Move, TestDesk
from tests.scenes import then
from tests.services.test_incremental import detect, furnished
from tests.services.test_incremental_reach import LOW

RULE: Rule = OutOfProfile().with_values(LOW["out_of_profile"])
OTHER: Rule = RULE.with_values({"peer_quantile": 50})
DAY = 24 * 60


def days(name: str, first: int, count: int, minor: int, to: str = "K-1/1") -> list[Move]:
    return [
        Move(f"{name}-{n}", DAY * (first + n), minor, from_account="X", to_account=to, channel="ACH")
        for n in range(count)
    ]


@pytest.fixture
def desk(engine: Engine) -> TestDesk:
    """A desk whose customers are paid every day; the last run left figures."""
    desk = furnished(engine)
    then(desk, paid)
    return desk


def paid(desk: TestDesk) -> None:
    desk.book([*days("a", 0, 8, 1_100_00), *days("b", 0, 8, 3_000_00, "K-2/1")])
    detect(desk, (RULE,))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each time that figures are made of everything."""
    seen: list[str] = []
    real = PeerFigures.made

    def watched(self: PeerFigures, rule: OutOfProfile) -> object:
        seen.append(rule.name)
        return real(self, rule)

    monkeypatch.setattr(PeerFigures, "made", watched)
    return seen


def left(desk: TestDesk) -> list[str]:
    """Return of which rules there are figures that the last run left."""
    with desk.reading() as look:
        last = look.runs.last()
        assert last is not None
        return list(left_by(look, read(last).figures))


def agrees(desk: TestDesk, rule: Rule = RULE, warm: Warm | None = None) -> None:
    """Run upon the last run, and compare with a run over everything."""
    upon, everything = detect(desk, (rule,), warm=warm), detect(desk, (rule,), full=True)
    assert upon.since
    assert (upon.alerts_sha256, upon.alerts) == (everything.alerts_sha256, everything.alerts)


@pytest.mark.parametrize("kept", [False, True], ids=["cold", "warm"])
def test_a_run_upon_the_last_one_takes_up_the_figures_that_it_left(desk: TestDesk, made: list[str], kept: bool) -> None:
    warm = Warm() if kept else None
    desk.book([Move("new", 8 * DAY, 9_000_00, from_account="X", to_account="K-1/1", channel="ACH")])
    assert detect(desk, (RULE,), warm=warm).new_alerts == 1
    assert made == []
    desk.book(days("next", 9, 3, 1_200_00, "K-3/1"))
    detect(desk, (RULE,), warm=warm)
    assert made == []
    agrees(desk, warm=warm)
    assert made == ["out_of_profile"]  # the run over everything


def test_figures_of_other_parameters_or_other_data_are_never_taken(desk: TestDesk, made: list[str]) -> None:
    def kept() -> list[sa.Row]:
        with desk.engine.connect() as connection:
            return list(connection.execute(sa.select(copies).where(copies.c.what == FIGURES)))

    (of_these,) = kept()
    desk.book(days("more", 8, 1, 50_000_00, "K-3/1"))
    detect(desk, (OTHER,), full=True)
    (of_others,) = kept()
    assert of_these.content != of_others.content
    assert left(desk) == ["out_of_profile"]
    desk.tamper(sa.update(copies).where(copies.c.what == FIGURES).values(**of_these._mapping))
    assert left(desk) == []
    made.clear()
    detect(desk, (OTHER,))
    assert made == ["out_of_profile"]
    assert left(desk) == ["out_of_profile"]
    agrees(desk, OTHER)


@pytest.mark.parametrize("how", ["altered", "gone"])
def test_figures_that_are_damaged_or_gone_are_made_anew(desk: TestDesk, made: list[str], how: str) -> None:
    of_it = copies.c.what == FIGURES
    desk.tamper(sa.update(copies).where(of_it).values(content=b"no") if how == "altered" else sa.delete(copies))
    desk.book(days("new", 8, 1, 9_000_00))
    assert detect(desk, (RULE,)).new_alerts == 1
    assert made == ["out_of_profile"]
    assert left(desk) == ["out_of_profile"]
    agrees(desk)


def test_a_process_that_stays_knows_what_it_left_and_puts_back_what_is_gone(desk: TestDesk, made: list[str]) -> None:
    warm = Warm()
    for day in (8, 9):
        desk.book(days(f"new{day}", day, 1, 9_000_00))
        assert detect(desk, (RULE,), warm=warm).since
        desk.tamper(sa.delete(copies).where(copies.c.what == FIGURES))
        assert left(desk) == []
    desk.book(days("more", 10, 1, 9_000_00))
    agrees(desk, warm=warm)
    assert made == ["out_of_profile"]  # the run over everything
    assert left(desk) == ["out_of_profile"]


def test_what_a_process_left_is_no_good_upon_another_run(desk: TestDesk, made: list[str]) -> None:
    warm = Warm()
    desk.book(days("new", 8, 1, 9_000_00))
    detect(desk, (RULE,), warm=warm)
    desk.book(days("other", 30, 4, 1_200_00, "K-3/1"))
    other = detect(desk, (RULE,))  # by another process
    assert warm.left is not None
    with desk.reading() as look:
        last = look.runs.last()
        assert last is not None
        assert read(last).run_id == other.run_id
        known = left_by(look, read(last).figures, warm.left)
        assert known.keys() == {"out_of_profile"}
        assert known["out_of_profile"].before > warm.left.figures["out_of_profile"].before
        assert warm.left.noted() != read(last).figures
    desk.book(days("more", 35, 1, 9_000_00))
    agrees(desk, warm=warm)
