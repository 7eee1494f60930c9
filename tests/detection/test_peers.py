"""A rule that keeps the figures of peer groups: a run upon the last one, and whom a late booking makes fire elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pytest

from casedesk.detection.engine import DetectionResult, detect
from casedesk.detection.rules.out_of_profile import OutOfProfile
from casedesk.detection.subjects import NEVER
from tests.detection.bank import SMALL, Tx, arrow, named
from tests.detection.reference_history import Owner, Owners
from tests.detection.test_out_of_profile import OWNERS, PAST, RULE, pay
from tests.detection.test_subjects import stands, told, touched

MORE: Final[Owners] = {f"Q{number}": Owner(f"CQ{number}", "", "person") for number in range(20)}
EVERYBODY: Final[Owners] = {**OWNERS, "A": Owner("C1", "", "person"), "B": Owner("C1", "", "person"), **MORE}
#: Ten times the own past and four times that of the peers, in the judged week.
HIT: Final = [pay(3, 12_000_00)]
#: One of the peers was paid more than that once, five weeks before.
ONCE: Final = [pay(-7 * 5 + 2, 15_000_00, "P0")]


def whole(rows: Iterable[Tx], owners: Owners = EVERYBODY, rule: OutOfProfile = RULE) -> DetectionResult:
    return detect(arrow(list(rows)), holders(owners), rules=(rule,), limits=SMALL, keep_figures=True)


def holders(owners: Owners) -> pa.Table:
    columns = {
        "account_id": list(owners),
        "customer_id": [owner.customer for owner in owners.values()],
        "peer_group": [owner.group for owner in owners.values()],
    }
    return pa.table(columns)


def upon(
    last: DetectionResult, old: list[Tx], new: list[Tx], owners: Owners = EVERYBODY
) -> tuple[DetectionResult, bool]:
    """Run upon the last run; say what stands or was found by then, and whether only customers were looked at whom something touched.

    It is what a run over everything finds, and the figures that it leaves are those that such a run makes.
    """
    subjects = touched(arrow(old), arrow(new), holders(owners), last)
    near = detect(
        arrow([*old, *new]), holders(owners), rules=(RULE,), limits=SMALL, subjects=subjects, keep_figures=True
    )
    judged = subjects.judged(RULE)
    found = replace(near, alerts=(*(one for one in last.alerts if stands(judged, one)), *near.alerts))
    everything = whole([*old, *new], owners)
    assert told(found.alerts) == told(everything.alerts)
    left, made = near.figures[RULE.name], everything.figures[RULE.name].table.to_pylist()
    assert left.table.to_pylist() == [one for one in made if one["period"] < left.before]
    return found, judged is not None and judged.others == NEVER


def test_a_run_upon_the_last_one_looks_at_whom_new_rows_touch_and_takes_the_peers_from_it() -> None:
    old, new = named([*PAST, pay(1, 100_00, "P1")]), named(HIT)
    found, near = upon(whole(old), old, new)
    assert near
    assert [one.account_id for one in found.alerts] == ["A"]


@pytest.mark.parametrize(
    ("late", "before", "after"),
    [(ONCE, ["A"], []), ([pay(-7 * 5 + 2, 100_00, one) for one in MORE], [], ["A"])],
    ids=["one peer more than that: the hit was none", "twenty of little: what one peer did is beyond the quantile"],
)
def test_late_rows_of_others_change_what_somebody_is_judged_by_whom_they_do_not_touch(
    late: list[Tx], before: list[str], after: list[str]
) -> None:
    old = named([*PAST, *HIT, *(ONCE if after else [])])
    last = whole(old)
    assert [one.account_id for one in last.alerts] == before
    found, near = upon(last, old, named(late))
    assert not near
    assert [one.account_id for one in found.alerts] == after


def test_late_rows_that_change_no_line_touch_nobody_else() -> None:
    old = named([*PAST, *HIT])
    found, near = upon(whole(old), old, named([pay(-7 * 5 + 2, 100_00, "Q0")]))
    assert near
    assert [one.account_id for one in found.alerts] == ["A"]


def test_figures_of_weeks_that_pass_are_made_by_the_runs_upon_them_with_whoever_came_since() -> None:
    old = named(PAST)
    last = whole(old)
    for week in range(1, 5):
        days, known = (7 * week + 0.5, 7 * week + 6.5), range(5 + week)  # windows reach from one week into the next
        came = named(pay(day, 20_000_00, f"Q{number}") for day in days for number in known)
        found, near = upon(last, old, came)
        assert near
        old, last = [*old, *came], found
    found, near = upon(last, old, named([pay(7 * 4 + 6.9, 30_000_00)]))  # those who came are its peers by then
    assert near
    assert "A" not in {one.account_id for one in found.alerts}


def test_a_customer_whose_group_changed_has_everybody_looked_at() -> None:
    old = named([*PAST, *HIT, *ONCE])
    last = whole(old, {**EVERYBODY, "P0": Owner("CP0", "", "company")})
    assert [one.account_id for one in last.alerts] == ["A"]
    subjects = replace(touched(arrow(old), arrow(old[:1]), holders(EVERYBODY), last), everywhere=None)
    found = detect(arrow(old), holders(EVERYBODY), rules=(RULE,), limits=SMALL, subjects=subjects)
    assert (subjects.judged(RULE), found.alerts) == (None, ())
