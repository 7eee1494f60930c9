"""A desk that signs by itself: when, what it does when it cannot, and that no step ever fails for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.anchoring import Anchoring, NoCheckpoints, NoKey
from casedesk.anchors import keys
from casedesk.bootstrap import Desk, open_desk, upgrade_database
from casedesk.domain.events import DESK, NoteAdded
from casedesk.domain.verification import Verdict
from casedesk.services import audit
from casedesk.services.checkpoints import NotExtended
from casedesk.settings import Settings
from casedesk.store.engines import make_engine
from tests.databases import drop_guard
from tests.store.builders import NOON

Opening = Callable[..., Desk]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Open a desk with these settings; the first one makes the database and a key."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    upgrade_database(Settings(database_url=url))
    keys.save(tmp_path / "desk.key", keys.generate("desk"))
    opened: list[Desk] = []

    def of(**given: Any) -> Desk:
        opened.append(open_desk(Settings(database_url=url, **given)))
        return opened[-1]

    yield of
    for desk in opened:
        desk.close()


def note(desk: Desk, count: int = 1) -> None:
    with desk.writing() as uow:
        for _ in range(count):
            uow.ledger.append(NoteAdded(notes="n", via="app"), stream=DESK, user="ana", at=NOON)
        uow.commit()


def sizes(desk: Desk) -> list[int]:
    return [anchor.size for anchor in desk.checkpoints.anchors().valid]


def test_a_desk_signs_after_so_many_events(opening: Opening) -> None:
    desk = opening(checkpoint_every_events=3, checkpoint_every_seconds=0)
    for _ in range(2):
        note(desk)
    assert sizes(desk) == []
    note(desk)
    assert sizes(desk) == [3]
    note(desk, 2)
    assert sizes(desk) == [3]
    note(desk, 5)
    assert sizes(desk) == [3, 10]
    assert desk.checkpoints.status().size == 10


def test_a_new_process_counts_from_the_newest_checkpoint(opening: Opening) -> None:
    note(opening(checkpoint_every_events=3, checkpoint_every_seconds=0), 3)
    other = opening(checkpoint_every_events=3, checkpoint_every_seconds=0)
    note(other, 2)
    assert sizes(other) == [3]
    note(other)
    assert sizes(other) == [3, 6]


def test_a_desk_signs_so_long_after_the_first_event(opening: Opening) -> None:
    desk = opening(checkpoint_every_events=0, checkpoint_every_seconds=1)
    note(desk)
    note(desk)
    until = time.monotonic() + 20
    while not sizes(desk) and time.monotonic() < until:
        time.sleep(0.05)
    assert sizes(desk) == [2]
    note(desk)  # and waits again
    until = time.monotonic() + 20
    while len(sizes(desk)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert sizes(desk) == [2, 3]


def test_a_process_that_ends_signs_what_it_waited_for_when_nothing_was_signed_for_long(opening: Opening) -> None:
    desk = opening(checkpoint_every_seconds=3600)
    note(desk)
    desk.close()
    assert sizes(desk) == [1]
    note(desk)
    desk.close()
    assert sizes(desk) == [1]  # an hour has not passed
    (newest,) = Path(desk.settings.checkpoint_path or "").glob("*.checkpoint")
    os.utime(newest, (0, 0))
    note(desk)
    desk.close()
    assert sizes(desk) == [1, 3]


def test_zero_never_signs(opening: Opening) -> None:
    desk = opening(checkpoint_every_events=0, checkpoint_every_seconds=0)
    note(desk, 5)
    desk.close()
    assert sizes(desk) == []
    assert desk.checkpoints.make().checkpoint.size == 5


def test_a_unit_that_adds_no_event_signs_nothing(opening: Opening) -> None:
    desk = opening(checkpoint_every_events=1)
    with desk.writing() as uow:
        uow.commit()
    assert sizes(desk) == []


def test_a_desk_without_a_key_works_and_signs_nothing(opening: Opening, tmp_path: Path) -> None:
    (tmp_path / "desk.key").unlink()
    desk = opening(checkpoint_every_events=1)
    note(desk)
    assert (desk.checkpoints.signs, sizes(desk)) == (False, [])
    with pytest.raises(NoKey, match="casedesk audit keygen"):
        desk.checkpoints.make()


def test_a_key_made_while_the_desk_runs_is_used(opening: Opening, tmp_path: Path) -> None:
    kept = (tmp_path / "desk.key").rename(tmp_path / "away")
    desk = opening(checkpoint_every_events=1)
    note(desk)
    kept.rename(tmp_path / "desk.key")
    note(desk)
    assert sizes(desk) == [2]


def test_a_rewritten_ledger_is_refused_and_the_step_still_done(opening: Opening) -> None:
    desk = opening(checkpoint_every_events=1)
    note(desk, 3)
    engine = make_engine(desk.settings.database_url)
    drop_guard(engine)
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE ledger_head SET size = 2, frontier = :f").bindparams(f="0" * 64))
        connection.execute(sa.text("DELETE FROM case_events WHERE event_id = 3"))
    engine.dispose()
    note(desk)
    with desk.reading() as uow:
        assert uow.ledger.head().size == 3
    assert sizes(desk) == [3]
    problem = desk.checkpoints.status().problem
    assert "do not add up" in problem
    with pytest.raises(NotExtended):
        desk.checkpoints.make()
    report = audit.verify_database(uow=desk.reading(), anchors=desk.checkpoints.anchors())
    assert report.verdict is Verdict.TAMPERED


def test_a_folder_that_cannot_be_written_stops_no_step(opening: Opening, tmp_path: Path) -> None:
    desk = opening(checkpoint_every_events=1)
    (tmp_path / "desk.checkpoints").write_text("a file where the folder should be")
    note(desk)
    with desk.reading() as uow:
        assert uow.ledger.head().size == 1
    assert "cannot be" in desk.checkpoints.status().problem


def test_a_key_open_to_others_is_told_on_the_ledger_s_page(opening: Opening, tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("file modes are POSIX's")
    desk = opening(checkpoint_every_events=1)
    (tmp_path / "desk.key").chmod(0o644)
    note(desk)
    assert "chmod 600" in desk.checkpoints.status().problem
    (tmp_path / "desk.key").chmod(0o600)
    note(desk)
    assert (desk.checkpoints.status().problem, sizes(desk)) == ("", [2])


def test_a_server_without_a_folder_keeps_no_checkpoints() -> None:
    settings = Settings(database_url="postgresql+psycopg://u:p@db:5432/desk")

    def never() -> Any:
        raise AssertionError("the ledger is not read")

    anchoring = Anchoring(settings, never)
    anchoring.committed(10**6)
    assert (anchoring.signs, anchoring.anchors().valid, anchoring.status().size) == (False, (), 0)
    with pytest.raises(NoCheckpoints, match="CASEDESK_CHECKPOINT_DIR"):
        anchoring.make()
    anchoring.close()
