"""The ends of streams are remembered only while nobody else writes, and never decide what the database should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casedesk.store import ledger_store
from casedesk.store.engines import make_engine
from casedesk.store.known_tips import KnownTips
from casedesk.store.unit_of_work import Writing
from tests.store.builders import NOON, alert, note, open_case


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The streams whose end the database was asked for."""
    streams: list[str] = []
    ask: Callable[..., Any] = ledger_store.Ledger._asked

    def listening(ledger: ledger_store.Ledger, stream: str) -> Any:
        streams.append(stream)
        return ask(ledger, stream)

    monkeypatch.setattr(ledger_store.Ledger, "_asked", listening)
    return streams


@pytest.fixture
def other(bank_engine: Engine) -> Iterator[Engine]:
    """Another process, as far as the database can tell."""
    engine = make_engine(bank_engine.url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def wrote(engine: Engine, *streams: str, commit: bool = True) -> list[tuple[int, str]]:
    with Writing(engine) as uow:
        rows = [uow.ledger.append(note(), stream=stream, user="ana", at=NOON) for stream in streams]
        if commit:
            uow.commit()
    return [(row.case_seq, row.prev_hash) for row in rows]


def test_a_process_that_wrote_last_knows_the_ends_of_its_streams(bank_engine: Engine, asked: list[str]) -> None:
    with Writing(bank_engine) as uow:
        case_id = open_case(uow, alert(1)).case_id
        uow.commit()
    wrote(bank_engine, "DESK")
    asked.clear()
    assert [seq for seq, _ in wrote(bank_engine, case_id, "DESK", case_id)] == [3, 2, 4]
    assert asked == []


def test_whatever_another_process_writes_makes_it_ask_again(
    bank_engine: Engine, other: Engine, asked: list[str]
) -> None:
    wrote(bank_engine, "C-1", "DESK")
    (theirs,) = wrote(other, "C-1")
    assert theirs[0] == 2
    asked.clear()
    (mine,) = wrote(bank_engine, "C-1")
    assert mine[0] == 3
    assert mine[1] != theirs[1]
    assert asked == ["C-1"]
    with Writing(bank_engine) as uow:
        chain = uow.ledger.of("C-1")
    assert [row.prev_hash for row in chain[1:]] == [row.event_hash for row in chain[:-1]]


def test_what_was_rolled_back_is_not_known(bank_engine: Engine) -> None:
    wrote(bank_engine, "C-1")
    before = wrote(bank_engine, "C-1", "C-1", commit=False)
    assert wrote(bank_engine, "C-1") == before[:1]


def test_of_many_streams_those_written_longest_ago_are_forgotten() -> None:
    known = KnownTips()
    known.remember({}, {f"C-{n}": (1, "a") for n in range(200)}, "first")
    known.remember(known.at("first"), {"C-0": (2, "b"), "C-200": (1, "c")}, "second")
    tips = known.at("second")
    assert len(tips) == 200
    assert tips["C-0"] == (2, "b")
    assert "C-1" not in tips
    assert known.at("first") == known.at("") == {}
