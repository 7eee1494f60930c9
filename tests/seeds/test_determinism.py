from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import faker.generator
import pytest
from faker import Faker

from seeds.chance import Dice
from seeds.dataset import HEADERS, write_dataset
from seeds.timeline import Timeline
from seeds.world import World, build_world

END = date(2026, 6, 30)  # a Tuesday; its week of the timeline runs from Sunday to Saturday
ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from seeds.dataset import write_dataset
from seeds.world import build_world
write_dataset(build_world(customers=20, days=30, seed=3, end=date(2026, 6, 30)), Path(sys.argv[1]))
"""


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in HEADERS}


def shifted(world: World, days: int) -> list[tuple[str, ...]]:
    return [
        (
            row[0],
            (date.fromisoformat(row.booked_at[:10]) + timedelta(days=days)).isoformat() + row.booked_at[10:],
            *row[2:],
        )
        for row in world.transactions
    ]


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_another_process_with_another_hash_seed_writes_the_same_bytes(
    folder: Path, tmp_path: Path, hash_seed: str
) -> None:
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo"},
        check=True,
    )
    assert digests(tmp_path) == digests(folder)


def test_the_money_is_the_same_on_every_machine(folder: Path) -> None:
    """Names are left out: they come from the pinned Faker. After a change on purpose, put the new digest here."""
    files = digests(folder)
    whole = "".join(files[name] for name in ("transactions.csv", "labels.csv", "lookalikes.csv"))
    assert hashlib.sha256(whole.encode()).hexdigest()[:16] == "3a7ea1f6cc323179"


def test_the_global_random_state_is_neither_read_nor_moved(folder: Path, tmp_path: Path) -> None:
    random.seed(99)
    Faker.seed(99)
    before, shared = random.getstate(), faker.generator.random.getstate()
    write_dataset(build_world(customers=20, days=30, seed=3, end=END), tmp_path)
    assert random.getstate() == before
    assert faker.generator.random.getstate() == shared
    assert digests(tmp_path) == digests(folder)


def test_another_seed_changes_every_file(folder: Path, tmp_path: Path) -> None:
    write_dataset(build_world(customers=20, days=30, seed=4, end=END), tmp_path)
    ours, other = digests(folder), digests(tmp_path)
    assert [name for name in HEADERS if ours[name] == other[name]] == []


@pytest.mark.parametrize("weeks", [-52, -1, 1, 9, 520])
def test_moving_the_end_by_weeks_moves_every_date_and_nothing_else(small: World, weeks: int) -> None:
    days = 7 * weeks
    moved = build_world(customers=20, days=30, seed=3, end=END + timedelta(days=days))
    assert shifted(small, days) == list(map(tuple, moved.transactions))
    assert moved.labels == small.labels
    assert moved.lookalikes == small.lookalikes
    for ours, theirs in zip(small.customers, moved.customers, strict=True):
        assert ours.since
        assert theirs.since == ours.since + timedelta(days=days)
        assert (ours.customer_id, ours.name, ours.segment) == (theirs.customer_id, theirs.name, theirs.segment)
    for before, after in zip(small.accounts, moved.accounts, strict=True):
        assert after.opened_on == (before.opened_on and before.opened_on + timedelta(days=days))


@pytest.mark.parametrize("days", [-2, -1, 1, 2, 3, 4])
def test_moving_the_end_within_its_week_keeps_the_patterns_and_all_that_both_periods_hold(
    small: World, days: int
) -> None:
    end = END + timedelta(days=days)
    moved = build_world(customers=20, days=30, seed=3, end=end)
    assert moved.labels == small.labels
    first, last = max(END, end) - timedelta(days=29), min(END, end)

    def common(world: World) -> list[tuple[str, ...]]:
        return [tuple(row) for row in world.transactions if first.isoformat() <= row.booked_at[:10] <= last.isoformat()]

    assert common(moved) == common(small)
    assert len(common(small)) > 5_000


def test_the_timeline_knows_real_weekdays() -> None:
    for shift in range(14):
        timeline = Timeline(60, END + timedelta(days=shift))
        assert all(timeline.date(day).weekday() == timeline.weekday(day) for day in range(timeline.length))
        assert timeline.date(timeline.shown_from + 59) == timeline.end
        assert all(timeline.shown_from <= day < timeline.shown_from + 60 for day in timeline.core)


def test_a_stream_of_draws_depends_on_its_key_alone() -> None:
    first = [Dice(7, "a").unit() for _ in range(3)]
    other = Dice(7, "b")
    other.unit()
    assert [Dice(7, "a").unit() for _ in range(3)] == first
    assert Dice(7, "b").unit() != first[0]
    assert Dice(7, "a").unit() == pytest.approx(first[0], abs=0)
    drawn = Dice(1, "deck").shuffled(list(range(50)))
    assert sorted(drawn) == list(range(50))
    assert drawn != list(range(50))
