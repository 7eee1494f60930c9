"""Counting a few legs in memory: at each rim, who is let through and who is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pytest

from casedesk.detection.counting import ASKED, Counted
from casedesk.detection.least import Least, Passed, Past, alone
from casedesk.detection.passing import MOST_MOMENTS

#: What a leg is where nothing else is said.
LEG: Final[dict[str, Any]] = {
    "account": 1, "lead": 1, "at": 0, "base_minor": 100, "paid_minor": 100, "direction": "in", "channel": "WIRE",
    "country": "US", "counterparty": 9, "internal": False,
}  # fmt: skip
KINDS: Final = {
    "account": pa.int32(), "lead": pa.int32(), "counterparty": pa.int32(), "internal": pa.bool_(),
    **dict.fromkeys(("direction", "channel", "country"), pa.string()),
}  # fmt: skip
WINDOW: Final = 10


def counted(*legs: dict[str, Any], beginning: int = 0) -> Counted:
    """Count legs of accounts 2 and 1; where a leg says when its account was opened, that is so."""
    rows = [LEG | leg for leg in legs]
    opened = {row["account"]: row.get("opened_at") for row in rows}
    columns = {name: pa.array([row[name] for row in rows], KINDS.get(name, pa.int64())) for name in ASKED}
    return Counted(pa.table(columns), [2, 1], [opened.get(2), opened.get(1)], beginning)


def may(least: Least, *legs: dict[str, Any], since: int = 100, beginning: int = 0) -> bool:
    """Say whether account 1 may have a hit from a moment on; nothing is ever new on account 2."""
    found = counted(*legs, beginning=beginning).who(alone(least), WINDOW, [10**9, since])
    assert found in ([], [1])
    return bool(found)


def at(*moments: int, **more: Any) -> list[dict[str, Any]]:
    return [{"at": moment, **more} for moment in moments]


@pytest.mark.parametrize(
    ("moments", "enough"),
    [([90, 100], True), ([89, 100], False), ([95, 95], True), ([89, 90], False), ([100], False), ([105, 115], True)],
)
def test_legs_count_within_one_window_that_something_new_may_end(moments: Sequence[int], enough: bool) -> None:
    assert may(Least(2), *at(*moments)) is enough


@pytest.mark.parametrize(
    ("moments", "enough"),
    [([90, 99], False), ([90, 100], True), ([90, 100, 105], True)],
    ids=["before it", "at it", "after it"],
)
def test_a_hit_that_ends_with_such_a_leg_ends_where_the_rule_judges_anew(moments: Sequence[int], enough: bool) -> None:
    assert may(Least(2, ends=True), *at(*moments)) is enough


@pytest.mark.parametrize(("apart", "enough"), [(10, True), (11, False)])
@pytest.mark.parametrize("large", [1, 2**61], ids=["whole numbers", "sums that would run over"])
def test_the_sum_is_that_of_one_window(apart: int, enough: bool, large: int) -> None:
    legs = at(100, 100 + apart, base_minor=large)
    assert may(Least(total_minor=2 * large), *legs) is (enough or large > 1)
    assert not may(Least(total_minor=3 * large), *legs)


@pytest.mark.parametrize(
    ("least", "leg", "other"),
    [
        (Least(smallest_minor=100), {"base_minor": 100}, {"base_minor": 99}),
        (Least(below_minor=100), {"base_minor": 99}, {"base_minor": 100}),
        (Least(direction={"in", "self"}), {"direction": "self"}, {"direction": "out"}),
        (Least(channel={"WIRE"}), {}, {"channel": "CARD"}),
        (Least(country={"IR"}), {"country": "IR"}, {}),
        (Least(round_to=50), {"paid_minor": 150}, {"paid_minor": 149}),
        (Least(round_to=50), {"paid_minor": 50}, {"paid_minor": 0}),
        (Least(outside=True), {}, {"internal": True}),
        (Least(young=5), {"opened_at": 96}, {"opened_at": 95}),
        (Least(young=5), {"opened_at": 100}, {"opened_at": 101}),
        (Least(young=5), {"opened_at": 98}, {"opened_at": None}),
        (Least(strangers=0), {}, {"counterparty": 0}),
        (Least(strangers=0), {}, {"internal": True}),
        (Least(strangers=0), {}, {"direction": "self"}),
    ],
)
def test_only_legs_of_the_kind_count(least: Least, leg: dict[str, Any], other: dict[str, Any]) -> None:
    assert may(least, {"at": 100, **leg})
    assert not may(least, {"at": 100, **other})


@pytest.mark.parametrize(
    ("dealt", "stranger"),
    [(90, True), (89, False), (70, False), (69, True)],
    ids=["within the window", "before it", "as long ago", "forgotten"],
)
@pytest.mark.parametrize("how", [{"direction": "out", "channel": "CARD", "base_minor": 0}, {}], ids=["anyhow", "alike"])
def test_a_stranger_had_no_dealing_within_the_memory_before_the_window(
    dealt: int, stranger: bool, how: dict[str, Any]
) -> None:
    least = Least(direction={"in"}, channel={"WIRE"}, strangers=30)
    legs = [{"at": dealt, **how}, {"at": 100}]
    assert may(least, *legs, since=100) is (stranger or (dealt >= 90 and not how))
    assert may(least, *legs, {"at": 100, "counterparty": 8})
    assert may(least, {"at": dealt, "account": 2}, {"at": 100})  # whom another account dealt with, this one did not


@pytest.mark.parametrize(
    ("opened", "moment", "stranger"),
    [(29, 90, True), (29, 89, False), (30, 89, True), (None, 89, True)],
    ids=["watched for long enough", "too short", "no older than what is seen of it", "nobody knows how old"],
)
def test_an_old_account_has_no_strangers_until_it_was_watched_for_long(
    opened: int | None, moment: int, stranger: bool
) -> None:
    least = Least(channel={"WIRE"}, strangers=0, settling=30)
    legs = [{"at": 60, "channel": "CARD", "opened_at": opened}, {"at": moment, "opened_at": opened}]
    assert may(least, *legs, since=moment) is stranger
    assert may(least._replace(settling=0), *legs, since=moment)
    assert may(least, {"at": 10, "account": 2}, *legs, since=moment) is stranger


@pytest.mark.parametrize(
    ("came", "enough"),
    [
        ([(100, 1), (100, 2)], True),
        ([(90, 1), (95, 2)], True),
        ([(89, 1), (95, 2)], False),
        ([(95, 1), (101, 2)], False),
        ([(95, 1), (96, 1)], False),
        ([(95, 1), (96, 1), (97, 2)], True),
        ([], False),
    ],
    ids=["at once", "within the window", "too early", "too late", "of one party", "twice of one", "none"],
)
@pytest.mark.parametrize("among", [[], [{"account": 2, "at": 95, "counterparty": place} for place in range(5)]])
def test_what_follows_other_legs_has_enough_of_them_before_it(
    came: Sequence[tuple[int, int]], enough: bool, among: list[dict[str, Any]]
) -> None:
    before = Least(2, direction={"in"}, parties=2, strangers=0)
    least = Least(direction={"out"}, after=before)
    legs = [{"at": moment, "counterparty": who} for moment, who in came]
    out = {"at": 100, "direction": "out", "counterparty": 5}
    assert may(least, *among, *legs, out) is enough
    assert may(least._replace(after=before._replace(parties=0)), *legs, out) is (enough or came == [(95, 1), (96, 1)])
    assert not may(least, *legs)
    assert not may(least._replace(legs=2), *legs, out)
    assert may(least._replace(legs=2), *legs, out, out | {"at": 101}) is (enough and came[0][0] > 90)


def test_legs_follow_however_far_whole_numbers_reach() -> None:
    before = Least(2, direction={"in"})
    assert may(Least(direction={"out"}, after=before), *at(100, 2**62 + 200), {"at": 101, "direction": "out"})


PASSED: Final = Least(2, direction={"in", "out"}, outside=True, strangers=0, passed=Passed(80, 100, 1_000))


@pytest.mark.parametrize(
    ("legs", "through"),
    [
        ([(100, 1_000), (105, -800)], True),
        ([(100, 1_000), (105, -799)], False),
        ([(100, 1_000), (105, -1_000)], True),
        ([(100, 1_000), (105, -1_001)], False),
        ([(100, 999), (105, -900)], False),
        ([(95, 1_000), (105, -900)], True),
        ([(90, 1_000), (100, -900)], True),
        ([(100, 1_000), (101, -1_100), (102, 150)], False),
        ([(94, 1_000), (105, -900)], False),
        ([(100, 1_000), (100, -900)], True),
        ([(101, -900), (105, 1_000)], False),
        ([(98, 500), (100, 500), (102, -500), (105, -300)], True),
        ([(98, 9_000), (100, 1_000), (105, -900)], True),
        ([(100, 1_000), (101, 9_000), (105, -900)], False),
        ([(100, 1_000), (101, -300), (105, -900)], False),
        ([(90, 1_000), (99, -900), (105, -50)], False),
        ([(100, 1_000)], False),
        ([(100, -1_000)], False),
    ],
)
def test_money_passes_where_what_goes_out_is_what_came_in(legs: Sequence[tuple[int, int]], through: bool) -> None:
    paid = [{"at": at, "base_minor": abs(minor), "direction": "in" if minor > 0 else "out"} for at, minor in legs]
    everybody = (Least(strangers=0), PASSED)
    assert counted(*paid).who((everybody,), WINDOW, [10**9, 100]) == [1] * through
    assert counted(*paid).who((everybody,), WINDOW, [10**9, 106]) == []
    other = [
        one | {"account": 2}
        for one in [{"at": 100, "base_minor": 2_000}, {"at": 101, "base_minor": 1_700, "direction": "out"}]
    ]
    assert counted(*other, *paid).who((everybody,), WINDOW, [100, 100]) == [1] * through + [2]


@pytest.mark.parametrize(
    ("strange", "through"),
    [((500, 500), True), ((499, 500), False), ((500, 499), False), ((1_000, 1_000), True), ((0, 1_000), False)],
)
def test_of_what_passes_half_is_with_strangers_on_either_side(strange: tuple[int, int], through: bool) -> None:
    legs = []
    for at, direction, new in ((100, "in", strange[0]), (101, "out", strange[1])):
        legs += [{"at": at, "direction": direction, "base_minor": new}]
        legs += [{"at": at, "direction": direction, "base_minor": 1_000 - new, "counterparty": 0}]
    assert counted(*legs).who(((Least(), PASSED),), WINDOW, [100, 100]) == [1] * through


def test_through_whom_only_his_own_money_moves_nothing_passes() -> None:
    own = [{"at": 100, "account": 2, "internal": True, "base_minor": 2_000}]
    paid = [{"at": 100, "base_minor": 1_000}, {"at": 101, "base_minor": 900, "direction": "out"}]
    assert counted(*own, *paid).who(((Least(), PASSED),), WINDOW, [100, 100]) == [1]
    assert counted(*own).who(((Least(), PASSED),), WINDOW, [100, 100]) == []


def test_through_whom_too_much_moves_it_may_have_passed() -> None:
    often = [
        {"at": 100 + place, "direction": ("in", "out")[place % 2], "base_minor": 1} for place in range(MOST_MOMENTS)
    ]
    assert counted(*often).who(((Least(), PASSED),), WINDOW, [100, 100]) == []
    assert counted(*often, {"at": 99, "base_minor": 1}).who(((Least(), PASSED),), WINDOW, [100, 100]) == [1]
    much = [{"at": 100, "base_minor": 2**61}, {"at": 101, "base_minor": 1, "direction": "out"}]
    assert counted(*much).who(((Least(), PASSED),), WINDOW, [100, 100]) == [1]


def test_one_party_is_not_two() -> None:
    least = Least(2, strangers=0, parties=2)
    assert not may(least, *at(100, 101, 102))
    assert may(least, *at(100, 101), {"at": 102, "counterparty": 8})
    assert not may(least, {"at": 100, "counterparty": 8}, *at(110, 111), since=111)
    assert not may(least, *at(92, 100), {"at": 111, "counterparty": 8}, since=100)
    gone = [(100, 1), (102, 2), (111, 2), (113, 3)]
    assert not may(least._replace(parties=3), *({"at": moment, "counterparty": who} for moment, who in gone))
    never_there = [(90, 9), (91, 9), (103, 7), (114, 7), (115, 6)]
    assert may(least, *({"at": moment, "counterparty": who} for moment, who in never_there))
    many = [{"at": 100 + n, "counterparty": n % 3 + 1, "account": 1 + n % 2} for n in range(10)]
    assert may(least._replace(legs=3, parties=3), *many)
    assert not may(least._replace(legs=4, parties=4), *many)


def test_who_leads_has_the_legs_of_all_accounts() -> None:
    legs = [{"at": 100, "account": 1}, {"at": 100, "account": 2}]
    assert counted(*legs).who(alone(Least(2, of_lead=True)), WINDOW, [100, 100]) == [1]
    assert counted(*legs).who(alone(Least(2)), WINDOW, [100, 100]) == []


@pytest.mark.parametrize(
    ("countries", "apart", "enough"),
    [
        (["IR", "CU", "KP"], 5, True),
        (["IR", "CU", "IR"], 5, False),
        (["IR", "IR", "CU", "IR", "CU", "CU"], 1, False),
        (["IR", "", "CU"], 5, False),
        (["IR", "CU", "KP"], 6, False),
        (["IR", "", "CU", "IR", "KP"], 2, True),
    ],
    ids=["three", "there and back", "there and back again", "one unknown", "one too long ago", "among others"],
)
def test_countries_are_different_within_one_window(countries: Sequence[str], apart: int, enough: bool) -> None:
    legs = [{"at": 100 + apart * place, "country": country} for place, country in enumerate(countries)]
    assert may(Least(2, places=3), *legs) is enough


def test_all_parts_of_one_of_them_are_needed() -> None:
    into, out, cash = (Least(direction={"in"}), Least(direction={"out"}), Least(channel={"CASH"}))
    came = counted(*at(100))
    assert came.who(((into, out),), WINDOW, [100, 100]) == []
    assert came.who(((into, out), (into,)), WINDOW, [100, 100]) == [1]
    assert came.who(((cash,), (out,)), WINDOW, [100, 100]) == []
    assert counted(*at(100), *at(105, direction="out")).who(((into, out),), WINDOW, [100, 100]) == [1]


@pytest.mark.parametrize(
    ("moments", "woken"),
    [
        ([50, 100, 105], True),
        ([50, 99, 105], False),
        ([50, 100, 111], False),
        ([50, 100, 110], True),
        ([50, 89, 99], False),
        ([100, 105], True),
    ],
    ids=["after it", "too soon", "too slow", "in time", "over before", "the first"],
)
def test_who_wakes_does_so_after_a_silence(moments: Sequence[int], woken: bool) -> None:
    assert may(Least(2, 200, silence=50, observed=100), *at(*moments), since=100) is woken
    assert not may(Least(2, 200, 101, silence=50), *at(*moments))


@pytest.mark.parametrize(("beginning", "may_be"), [(50, True), (51, False)])
def test_the_first_of_all_follows_a_silence_where_the_data_is_old_enough(beginning: int, may_be: bool) -> None:
    assert may(Least(2, silence=10**6, observed=50), *at(100, 101), beginning=beginning) is may_be


@pytest.mark.parametrize(
    ("before", "minor", "much"),
    [
        ([(80, 50), (75, 10)], 121, True),
        ([(80, 50), (75, 10)], 120, False),
        ([(80, 10), (71, 40)], 101, True),
        ([(80, 10), (71, 40), (60, 90)], 180, False),
        ([(80, 10), (71, 40), (59, 90)], 101, True),
        ([(80, 10), (91, 90), (71, 40)], 191, True),
        ([(80, 10)], 500, False),
        ([], 500, False),
    ],
    ids=[
        "more",
        "no more",
        "two in one window",
        "in the first period",
        "before it",
        "the last is not asked",
        "too few",
        "none",
    ],
)
def test_what_is_much_the_past_tells(before: Sequence[tuple[int, int]], minor: int, much: bool) -> None:
    least = Least(1, 1, past=Past(percent=200, first=4, last=2, least=2))
    legs = [{"at": moment, "base_minor": was} for moment, was in [*before, (105, minor)]]
    assert may(least, *legs, since=105) is much
    assert not may(least._replace(total_minor=10_000), *legs, since=105)


def test_where_whole_numbers_do_not_reach_far_enough_nobody_is_left_out() -> None:
    assert may(Least(2), *at(100, 2**62 + 200))
    assert not may(Least(3), *at(100, 2**62 + 200))
    assert may(Least(strangers=2**62), *at(50, 100))
    assert not may(Least(strangers=2**60), *at(50, 100))
