"""Legs near something new are parted from those before alike, whether in one pass over few legs or in three over all."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from casedesk.detection import arriving_few, kept_data
from casedesk.detection.engine import KeptData, digests_of
from casedesk.detection.legs import PAST
from casedesk.detection.limits import Limits
from casedesk.detection.subjects import Subjects
from casedesk.store.run_copies import coded
from tests.detection.bank import NOON, Tx, accounts_of, arrow, named
from tests.detection.test_subjects import micros

LIMITS: Final = Limits(memory_mib=256, threads=1)
HOUR: Final = timedelta(hours=1)


@pytest.mark.parametrize("few", [True, False], ids=["in one pass", "in three"])
def test_each_leg_is_near_or_past_by_its_accounts_own_moment(few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not few:
        monkeypatch.setattr(kept_data, "MOST", 1)
    rows = named([Tx(NOON + n * HOUR, target=to) for to in "ABC" for n in range(4)])
    data = KeptData(coded(arrow(rows)), accounts_of(rows), LIMITS, "USD")
    data.look_at(Subjects.whole(["A", "B", "C"]))
    data._need_legs(["A", "B"])
    assert (data._counted is not None) is few
    data._show_near(["A", "B"], [micros(NOON + HOUR), micros(NOON + 3 * HOUR)])
    shown = {}
    for name in ("near_legs", PAST.get_name()):
        found = data._connection.execute(
            f'SELECT account_id, ("at" - {micros(NOON)}) // 3600000000 FROM {name} JOIN account_keys USING (account)'
        ).fetchall()
        shown[name] = sorted(found)
    data.close()
    assert shown == {
        "near_legs": [("A", 1), ("A", 2), ("A", 3), ("B", 3)],
        PAST.get_name(): [("A", 0), ("B", 0), ("B", 1), ("B", 2)],
    }


@pytest.mark.parametrize(
    ("subjects", "few", "most", "counted"),
    [("ABC", 3, 12, True), ("ABC", 3, 11, False), ("ABC", 2, 12, False), ("D", 3, 7, True), ("D", 3, 6, False)],
    ids=["few", "likely with too many", "not few", "with as many as are counted", "with one more"],
)
@pytest.mark.parametrize("at_once", [8, 7], ids=["what came waits", "what came was put in"])
def test_legs_are_counted_of_whom_there_are_likely_to_be_few_enough(
    subjects: str, few: int, most: int, counted: bool, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, bound in (("_FEW", few), ("MOST", most)):
        monkeypatch.setattr(kept_data, name, bound)
    rows = named([Tx(NOON, "X", to, channel="WIRE") for to in "ABCDABCDABCDDDDD"])
    everybody = accounts_of(rows)  # X is another bank's
    data = KeptData(coded(arrow(rows[:8])), everybody, LIMITS, "USD")
    monkeypatch.setattr(arriving_few, "MOST", at_once)
    later, nobody = arrow(rows[8:]), everybody.slice(5)
    data.add(later, nobody, digests_of(later, nobody, LIMITS, "USD"))
    assert data._pending.rows == (8 if at_once == 8 else 0)
    data.look_at(Subjects.whole(list(subjects)))
    assert (data._counted is not None) is counted
    data.close()
