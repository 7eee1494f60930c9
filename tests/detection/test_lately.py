"""The transfers of the last weeks in memory say the same as walking through all of them, however they came."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from casedesk.detection import duck_joints, kept_data, lately
from casedesk.detection.duck_joints import Recent
from casedesk.detection.engine import KeptData, digests_of
from casedesk.detection.joints import Parties, Transfers
from casedesk.detection.lately import Lately
from casedesk.detection.limits import Limits
from casedesk.detection.subjects import Subjects
from tests.detection.test_subjects import coded, micros, small_world

#: Accounts 30 and 40 are led by 20.
ACCOUNTS, LEADERS = (10, 20, 30, 40, 50, 60), (10, 20, 20, 20, 50, 60)
PARTIES = Parties.of(np.array(ACCOUNTS), np.array(LEADERS), np.array([1, 1, 1, 1, 0, 1]))
Row = tuple[int, int, int, int, int, str]


def rows(number: int, dice: random.Random, first: int = 0) -> list[Row]:
    return [
        (first + n, dice.randrange(100), dice.randrange(1, 9), dice.choice(ACCOUNTS), dice.choice(ACCOUNTS), dice.choice("WCA"))
        for n in range(number)
    ]  # fmt: skip


def table(taken: Sequence[Row]) -> pa.Table:
    columns = zip(*taken, strict=True) if taken else [[]] * 6
    kinds = (pa.int64(), pa.int64(), pa.int64(), pa.int32(), pa.int32(), pa.string())
    names = ("row", "at", "base_minor", "from_key", "to_key", "channel")
    return pa.table({n: pa.array(list(c), k) for n, c, k in zip(names, columns, kinds, strict=True)})


def led(account: int) -> int:
    return LEADERS[ACCOUNTS.index(account)]


def said(found: Transfers) -> list[tuple[int, int, int, int, int, int, int, str]]:
    account = PARTIES.account
    told = zip(
        found.at.tolist(), found.minor.tolist(), account[found.source].tolist(), account[found.target].tolist(),
        found.payer.tolist(), found.source_own.tolist(), found.target_own.tolist(),
        [found.words[place] for place in found.channel.tolist()], strict=True,
    )  # fmt: skip
    return sorted(told)


def as_said(taken: Sequence[Row]) -> list[tuple[int, int, int, int, int, int, int, str]]:
    return sorted(
        (at, minor, led(source), led(target), source, int(source != 50), int(target != 50), channel)
        for _, at, minor, source, target, channel in taken
        if led(source) != led(target)
    )


@pytest.mark.parametrize("apart", [0, 3, 1_000], ids=["among", "by turns", "beside"])
def test_what_is_held_says_what_walking_through_all_says(apart: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "_APART", apart)
    dice = random.Random(5)
    held, all_ = Lately(20), list[Row]()
    for _ in range(30):
        came = rows(dice.randrange(4), dice, len(all_))
        held.take(table(came), PARTIES)
        all_ += came
        there = [row for row in all_ if row[1] >= 20]
        assert (len(held), held.upto) == (len(as_said(there)), len(all_))
        moment, leads = dice.randrange(20, 100), np.array(sorted(dice.sample([0, 1, 4, 5], 2)))
        asked = {ACCOUNTS[place] for place in leads}
        later = [row for row in there if row[1] >= moment]
        assert said(held.late(PARTIES, moment)) == as_said(later)
        around = held.around(PARTIES)
        assert said(around.paid(leads, moment)) == as_said([row for row in later if led(row[4]) in asked])
        assert said(around.sent(leads, moment)) == as_said([row for row in later if led(row[3]) in asked])
    held.let_go(60)
    assert said(held.late(PARTIES, 0)) == as_said([row for row in all_ if row[1] >= 60])


@pytest.mark.parametrize("waiting", [True, False], ids=["waiting", "put in"])
@pytest.mark.parametrize(
    ("most", "grown"), [(2_000_000, 2), (2_000_000, 0), (14, 2)], ids=["held", "let go of", "too many"]
)
def test_it_is_brought_up_with_what_is_added(
    most: int, grown: int, waiting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duck_joints, "MOST", most)
    monkeypatch.setattr(duck_joints, "_GROWN", grown)
    monkeypatch.setattr(duck_joints, "_ALWAYS_HELD", 0)
    data, accounts = small_world(7)
    data = data.take(pa.array(np.argsort(data["booked_at"].to_numpy(), kind="stable")))
    monkeypatch.setattr(kept_data, "MOST_PENDING", 10_000)
    limits, recent, held = Limits(memory_mib=512, threads=1), Recent(), set[bool]()
    kept = KeptData(coded(data.slice(0, 20)), accounts, limits, "USD")
    for place in range(20, data.num_rows - 5, 5):
        first = micros(data["booked_at"][place - 10].as_py())
        kept.add(data.slice(place, 5), accounts.slice(0, 0), digests_of(data, accounts, limits, "USD"))
        kept.look_at(Subjects((), (), first))
        engine = kept._engine if waiting else kept._connection
        beside, hour = kept._pending, 3_600_000_000
        assert (beside.rows > 0) is waiting
        found = recent.brought_up(engine, kept._everybody, first, hour, kept._rows - beside.rows, beside.transfers)
        anew = Recent().brought_up(engine, kept._everybody, first, hour, 0, beside.transfers)
        assert found is not None or anew is None  # before it is read, also what stays with one customer is counted
        held.add(found is not None)
        if found is not None and anew is not None:
            told, again = (one.late(kept._everybody, first) for one in (found, anew))
            assert sorted(zip(*map(list, told[:4]), strict=True)) == sorted(zip(*map(list, again[:4]), strict=True))
    if most > 14:  # something that was booked long ago
        first = micros(data["booked_at"][0].as_py())
        found = recent.brought_up(engine, kept._everybody, first, hour, kept._rows - beside.rows, beside.transfers)
        anew = Recent().brought_up(engine, kept._everybody, first, hour, 0, beside.transfers)
        assert found is not None
        assert anew is not None
        assert len(found) == len(anew) > 100
    kept.close()
    assert held == ({True, False} if most == 14 else {True})


def test_what_came_late_makes_nobody_believe_that_more_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """So much came that old transfers are let go of, while something late asks for a time close to the earliest that is held."""
    monkeypatch.setattr(duck_joints, "_GROWN", 0)
    monkeypatch.setattr(duck_joints, "_ALWAYS_HELD", 0)
    data, accounts = small_world(7)
    data = data.take(pa.array(np.argsort(data["booked_at"].to_numpy(), kind="stable")))
    kept, recent = KeptData(coded(data), accounts, Limits(memory_mib=512, threads=1), "USD"), Recent()
    moments = [micros(one.as_py()) for one in data["booked_at"]]
    half = moments[200] - moments[150]
    for moment in (moments[250], moments[250] - half // 2, moments[250] - 3 * half // 2):
        found = recent.brought_up(kept._connection, kept._everybody, moment, 2 * half)
        anew = Recent().brought_up(kept._connection, kept._everybody, moment, 2 * half)
        assert found is not None
        assert anew is not None
        told, again = (len(one.late(kept._everybody, moment).at) for one in (found, anew))
        assert told == again > 0
    kept.close()
