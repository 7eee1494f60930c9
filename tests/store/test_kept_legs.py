"""Legs that stay in memory are those that the database holds, whatever was stored, or taken back, since they were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

from casedesk.store import kept_legs
from casedesk.store.kept_legs import KeptLegs
from casedesk.store.near_payments import TooMuchAround
from casedesk.store.tables import counters, transactions
from tests.builders import Move, TestDesk
from tests.store.test_near_payments import micros

ACCOUNTS = [f"K-{number}/1" for number in range(1, 7)]
DAY = 24 * 60


@pytest.fixture
def desk(engine: Engine) -> TestDesk:
    desk = TestDesk(engine)
    desk.staff()
    for number in range(1, 7):
        desk.customer(f"K-{number}")
    return desk


def feed(random: Random, first: int, count: int, now: float) -> list[Move]:
    """Make payments of the last days among these accounts, strangers and the world outside; some of one account to itself."""
    sides = [*ACCOUNTS, "", "X-1", "X-2"]
    moves = []
    for number in range(first, first + count):
        source, target = random.choice(ACCOUNTS), random.choice(sides)
        if random.random() < 0.5:
            source, target = target, source
        moves.append(
            Move(f"t{number}", now - random.choice([0, 1, 3, 9, 40]) * DAY, 100 + number, target, source, "ACH")
        )
    return moves


def read(
    desk: TestDesk, spans: dict[str, tuple[float, float]], kept: KeptLegs | None = None, most: int = 10_000
) -> list[tuple[Any, ...]]:
    """Return the legs of accounts within their own spans, in minutes."""
    since, until = ([micros(span[end]) for span in spans.values()] for end in (0, 1))
    with desk.reading() as uow:
        rows = uow.near.around(most, kept).legs(list(spans), since, until).to_pylist()
    bounds = dict(zip(spans, zip(since, until, strict=True), strict=True))
    legs = [(row["account"], int(row["booked_at"].timestamp() * 1e6), row["other"], row["out"]) for row in rows]
    return sorted(leg for leg in legs if kept or bounds[leg[0]][0] < leg[1] <= bounds[leg[0]][1])


@contextmanager
def noted(engine: Engine) -> Iterator[list[str]]:
    """Note the statements that read legs."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "UNION ALL" in statement:
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def spans(random: Random, names: Sequence[str], now: float) -> dict[str, tuple[float, float]]:
    return {name: (now - random.choice([8, 37, 60]) * DAY, now - random.choice([0, 0, 2]) * DAY) for name in names}


@pytest.mark.parametrize(
    "bounds", [{}, {"NEWS": 3}, {"_FRESH": 1}, {"CHUNK": 1}, {"most": 130}, {"most": 0}, {"_EARLIER": 0}]
)
def test_they_are_those_of_the_database_after_every_change(
    desk: TestDesk, bounds: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(4)
    for name in bounds.keys() - {"most"}:
        monkeypatch.setattr(kept_legs, name, bounds[name])
    kept = KeptLegs(bounds.get("most", 10_000))
    stored = 0
    for step in range(30):
        now = step * 3 * DAY
        count = random.choice([0, 1, 2, 5, 9])
        if count:
            desk.book(feed(random, stored, count, now))
        stored += count
        asked = spans(random, random.sample([*ACCOUNTS, "X-1", "nobody"], random.randint(1, 8)), now)
        assert read(desk, asked, kept) == read(desk, asked), step
    assert stored > 60


def test_what_is_known_is_not_read_again(desk: TestDesk) -> None:
    kept, asked = KeptLegs(), dict.fromkeys(ACCOUNTS[:3], (-30 * DAY, 9 * DAY))
    desk.book(feed(Random(2), 0, 40, 0))
    with noted(desk.engine) as statements:
        first = read(desk, asked, kept)
        assert (len(first) > 20, len(statements)) == (True, 1)
        desk.book(
            [
                Move("new", DAY, 100, ACCOUNTS[0], "X-9", "ACH"),
                Move("later", 9 * DAY + 1, 100, ACCOUNTS[0], "X-9", "ACH"),
            ]
        )
        assert read(desk, asked, kept) == sorted([*first, (ACCOUNTS[0], micros(DAY), "X-9", 0)])
        assert read(desk, {name: (-36 * DAY, span[1]) for name, span in asked.items()}, kept)
        assert len(statements) == 1
        read(desk, {**asked, ACCOUNTS[1]: (-38 * DAY, 0)}, kept)  # of this one more is asked than was read
        assert len(statements) == 2
        read(desk, {**asked, ACCOUNTS[4]: (0, DAY)}, kept)
        assert len(statements) == 3
        assert statements[-1].count("K-") == 0


@pytest.mark.parametrize("again", [2, 3], ids=["fewer than before", "as many as before"])
def test_a_database_that_was_put_back_is_read_anew(desk: TestDesk, again: int) -> None:
    kept, asked = KeptLegs(), dict.fromkeys(ACCOUNTS, (-50 * DAY, DAY))
    desk.book(feed(Random(1), 0, 20, 0))
    for number in range(3):
        desk.book([Move(f"lost{number}", number, 1, ACCOUNTS[0], "X-1", "ACH")])
        read(desk, asked, kept)
    with desk.engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        connection.execute(sa.delete(transactions).where(transactions.c.transaction_id.startswith("lost")))
        connection.execute(sa.update(counters).where(counters.c.name == "arrivals").values(value=counters.c.value - 3))
    for number in range(again):
        desk.book([Move(f"other{number}", number, 1, ACCOUNTS[1], "X-2", "ACH")])
    assert read(desk, asked, kept) == read(desk, asked)


def test_more_than_may_be_read_is_refused_as_without_it(desk: TestDesk) -> None:
    desk.book(feed(Random(3), 0, 30, 0))
    asked = dict.fromkeys(ACCOUNTS, (-50 * DAY, DAY))
    count = len(read(desk, asked))
    kept = KeptLegs()
    for _ in range(2):  # not known, and known
        with pytest.raises(TooMuchAround):
            read(desk, asked, kept, count - 1)
        assert len(read(desk, asked, kept, count)) == count
    with pytest.raises(TooMuchAround):
        read(desk, asked, kept, count - 1)


def test_what_lies_beyond_the_time_that_is_asked_for_refuses_nothing(desk: TestDesk) -> None:
    desk.book([Move(f"t{day}", day * DAY, 1, ACCOUNTS[0], "X-1", "ACH") for day in range(-20, 20)])
    asked = {ACCOUNTS[0]: (-1.5 * DAY, DAY)}
    assert len(read(desk, asked, KeptLegs(), 3)) == 3


def test_of_many_accounts_at_once_nothing_is_kept(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.book(feed(Random(3), 0, 30, 0))
    asked, kept = dict.fromkeys(ACCOUNTS, (-50 * DAY, DAY)), KeptLegs()
    monkeypatch.setattr(kept_legs, "ACCOUNTS", 5)
    with noted(desk.engine) as statements:
        assert len([read(desk, asked, kept) for _ in range(2)]) == len(statements) == 2


def test_who_was_not_asked_for_the_longest_is_let_go(desk: TestDesk) -> None:
    desk.book(feed(Random(3), 0, 30, 0))
    one, two, three = (dict.fromkeys(ACCOUNTS[place : place + 1], (-50 * DAY, DAY)) for place in range(3))
    room = 2 * 40 + sum(len(read(desk, asked)) for asked in (one, two, three))
    kept = KeptLegs(room)
    with noted(desk.engine) as statements:
        for asked, so_far in ((one, 1), (two, 2), (one, 2), (three, 3), (one, 3), (two, 4)):
            read(desk, asked, kept)
            assert len(statements) == so_far


def test_after_a_failure_everything_is_read_anew(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, asked = KeptLegs(), dict.fromkeys(ACCOUNTS, (-50 * DAY, DAY))
    desk.book(feed(Random(3), 0, 30, 0))
    read(desk, asked, kept)
    desk.book(feed(Random(5), 30, 9, 0))

    def failing(*_: Any) -> Any:
        raise OSError("the connection broke")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="broke"):
        broken.setattr(kept_legs, "_Last", failing)
        read(desk, asked, kept)
    assert read(desk, asked, kept) == read(desk, asked)


def test_what_is_stored_while_it_is_read_comes_once(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.book(feed(Random(3), 0, 30, 0))
    kept, asked = KeptLegs(), dict.fromkeys(ACCOUNTS, (-50 * DAY, DAY))
    newest = kept_legs.newest_arrival

    def another_writes(connection: sa.Connection) -> int:
        found = newest(connection)
        desk.book([Move(f"meanwhile{found}", 0, 1, ACCOUNTS[0], "X-1", "ACH")])
        return found

    monkeypatch.setattr(kept_legs, "newest_arrival", another_writes)
    read(desk, asked, kept)
    read(desk, asked, kept)
    monkeypatch.undo()
    assert read(desk, asked, kept) == read(desk, asked)


def test_what_nobody_asks_for_any_more_makes_room(desk: TestDesk) -> None:
    desk.book([Move(f"old{number}", 0, 1, ACCOUNTS[0], "X-1", "ACH") for number in range(50)])
    desk.book(feed(Random(3), 0, 30, 40 * DAY))
    kept = KeptLegs(3 * 40 + 50)
    read(desk, {ACCOUNTS[0]: (-DAY, 40 * DAY)}, kept)
    desk.book([Move("new", 41 * DAY, 1, ACCOUNTS[0], "X-1", "ACH")])
    late = {ACCOUNTS[place]: (39 * DAY, 42 * DAY) for place in range(3)}
    read(desk, {ACCOUNTS[0]: late[ACCOUNTS[0]]}, kept)
    with noted(desk.engine) as statements:
        for _ in range(2):
            assert read(desk, late, kept) == read(desk, late)
    assert len(statements) == 3  # two without it, and one for the other accounts


def test_names_are_not_kept_without_end(desk: TestDesk) -> None:
    desk.book([Move(f"t{number}", 0, 1, ACCOUNTS[0], f"X-{number}", "ACH") for number in range(30)])
    asked = {ACCOUNTS[0]: (-DAY, DAY)}
    for most, reads in ((30 * 8, 1), (30 * 8 - 1, 3)):
        kept = KeptLegs(most)
        with noted(desk.engine) as statements:
            assert [len(read(desk, asked, kept)) for _ in range(3)] == [30] * 3
        assert len(statements) == reads
