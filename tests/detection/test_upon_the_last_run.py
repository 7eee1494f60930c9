"""What a run upon the last one must read, though it lies before all that it judges."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from casedesk.detection.rule import Rule
from casedesk.detection.rules.cycle import Cycle
from casedesk.detection.rules.fan_in import FanIn
from casedesk.detection.rules.fan_out import FanOut
from casedesk.detection.rules.stack import Stack
from tests.detection.bank import NOON, Tx, accounts_of, arrow
from tests.detection.test_subjects import follow

#: Nobody on a path pays twice or is paid twice within the window.
CYCLE: Final = Cycle().with_values({"window_days": 2, "most_sent": 1, "most_received": 1, "short_minor": 1_00})
STACK: Final = Stack().with_values({"window_days": 4, "gap_days": 1, "most_sent": 1, "most_received": 1})


def paid(source: str, target: str, day: float) -> Tx:
    return Tx(NOON + timedelta(days=day), source, target, 5_000_00, id=f"{source}{target}{day}")


@pytest.mark.parametrize(
    ("rule", "busy", "path"),
    [
        (CYCLE, [paid("S", "X", -5.5), paid("S", "B", -3.9)], [paid("A", "B", -2), paid("B", "A", 0)]),
        (
            STACK,
            [paid("S", "X", -11.5), paid("S", "B", -7.9)],
            [paid(one, other, day) for one, other, day in zip("ABCDE", "BCDEF", range(-4, 1), strict=True)],
        ),
    ],
    ids=["cycle", "stack"],
)
def test_who_is_paid_by_a_busy_party_is_told_as_over_everything(rule: Rule, busy: list[Tx], path: list[Tx]) -> None:
    # S pays twice within the window, so its second payment is no hop, and B is not paid twice by hops.
    bank = [*busy, *path]
    assert follow(arrow(bank), accounts_of(bank), [rule], [len(bank) - 1, len(bank)])[1] == 1


@pytest.mark.parametrize(("rule", "sides"), [(FanOut(), ("A", "X")), (FanIn(), ("X", "A"))], ids=["out", "in"])
def test_a_hit_that_ends_with_whoever_came_last_before_it_is_told_as_over_everything(
    rule: Rule, sides: tuple[str, str]
) -> None:
    rule = rule.with_values({"parties": 2, "window_days": 2})
    days = {"X": -1, "Y": -0.5, "Y again": 0}  # the last change of parties lies before all that is new
    bank = [paid(*(name[0] if side == "X" else side for side in sides), day) for name, day in days.items()]
    assert follow(arrow(bank), accounts_of(bank), [rule], [2, 3])[1] == 1


def test_a_way_that_loses_to_one_from_twice_the_slack_before_a_circle_is_told_as_over_everything() -> None:
    # Of D's ways over M the one to V ends first, too early to follow A's payment; without it the one to O would take the circle's place.
    early = [paid("M", "U", -1.5), paid("U", "V", -1.5), paid("D", "M", -1), paid("M", "N", -0.9), paid("N", "O", -0.9)]
    days = (0, 0, 0, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.9)
    bank = [*early, *(paid(one, other, day) for one, other, day in zip("ABCDEFGHIJ", "BCDEFGHIJA", days, strict=True))]
    rule = Cycle().with_values({"window_days": 2, "most_onward": 1})
    assert follow(arrow(bank), accounts_of(bank), [rule], [len(bank) - 1, len(bank)])[1] == 1
