"""Alerts grow; they do not multiply."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.detection.reconcile import Absorbed, Lapsed, Reconciliation, StoredAlert, reconcile
from casedesk.detection.rules import Structuring
from casedesk.domain.alerts import Alert, alert_id
from tests.detection.bank import NOON, Tx, alerts, deposit, named


def fresh(*ids: str, account: str = "A", rule: str = "structuring", start: int = 0) -> Alert:
    return Alert(
        alert_id=alert_id(rule, account, ids[0]),
        rule=rule,
        rule_version="1",
        parameters="{}",
        customer_id="C",
        account_id=account,
        window_start=NOON + timedelta(minutes=start),
        window_end=NOON + timedelta(minutes=start + 10),
        transaction_ids=ids,
        amount_minor=len(ids),
        severity=50,
        sentence="",
    )


def stored(alert: Alert, case_id: str = "") -> StoredAlert:
    return StoredAlert(alert.alert_id, alert.rule, alert.account_id, frozenset(alert.transaction_ids), case_id)


def judged(alert: Alert, case_id: str = "") -> StoredAlert:
    return replace(stored(alert, case_id), judged=True, says=(alert.severity, alert.sentence))


def after(before: list[StoredAlert], result: Reconciliation) -> list[StoredAlert]:
    """The store once the result is written, the way the alert store writes it: a grown alert's evidence is replaced."""
    kept = {alert.alert_id: alert for alert in before}
    for grown in result.grown:
        kept[grown.alert.alert_id] = stored(grown.alert, grown.alert.case_id)
    for new in result.new:
        assert new.alert_id not in kept
        kept[new.alert_id] = stored(new)
    return list(kept.values())


def test_into_an_empty_desk_every_alert_is_new() -> None:
    result = reconcile([], [fresh("a", "b"), fresh("c", "d")])
    assert {alert.transaction_ids for alert in result.new} == {("a", "b"), ("c", "d")}
    assert result.grown == result.unchanged == result.absorbed == ()


def test_the_same_run_twice_changes_nothing() -> None:
    found = [fresh("a", "b"), fresh("c", "d"), fresh("a", "b", rule="velocity"), fresh("a", "b", account="B")]
    result = reconcile(map(stored, found), found)
    assert result.new == result.grown == result.absorbed == ()
    assert result.unchanged == tuple(sorted(alert.alert_id for alert in found))


def test_a_later_transaction_grows_the_alert_in_its_case() -> None:
    old = fresh("a", "b")
    result = reconcile([stored(old, "CASE-1")], [fresh("a", "b", "c")])
    (grown,) = result.grown
    assert grown.alert == replace(fresh("a", "b", "c"), alert_id=old.alert_id)
    assert (grown.alert.case_id, grown.added) == ("CASE-1", ("c",))
    assert result.new == result.unchanged == ()


def test_a_late_transaction_that_comes_first_leaves_the_alert_its_id() -> None:
    old = fresh("b", "c")
    now = fresh("a", "b", "c")
    assert now.alert_id != old.alert_id
    (grown,) = reconcile([stored(old)], [now]).grown
    assert (grown.alert.alert_id, grown.alert.transaction_ids, grown.added) == (old.alert_id, ("a", "b", "c"), ("a",))


def test_another_rule_account_or_evidence_is_another_alert() -> None:
    old = [stored(fresh("a", "b"))]
    for other in (fresh("a", "b", rule="velocity"), fresh("a", "b", account="B"), fresh("c", "d")):
        assert reconcile(old, [other]).new == (other,)


def test_an_episode_that_joins_two_alerts_grows_the_earlier_and_names_the_other() -> None:
    first, second = fresh("a", "b"), fresh("d", "e", start=40)
    before = [stored(second, "CASE-2"), stored(first, "CASE-1")]
    joined = fresh("a", "b", "c", "d", "e")
    result = reconcile(before, [joined])
    (grown,) = result.grown
    assert (grown.alert.alert_id, grown.alert.case_id, grown.added) == (first.alert_id, "CASE-1", ("c", "d", "e"))
    assert result.absorbed == (Absorbed(second.alert_id, by=first.alert_id),)
    assert result.new == result.unchanged == ()

    again = reconcile(after(before, result), [joined])
    assert again.new == again.grown == again.absorbed == ()
    assert set(again.unchanged) == {first.alert_id, second.alert_id}


def test_a_joining_transaction_that_comes_first_still_leads_to_the_earlier_alert() -> None:
    first, second = fresh("b"), fresh("c", start=5)
    result = reconcile([stored(second), stored(first)], [fresh("a", "b", "c")])
    assert [grown.alert.alert_id for grown in result.grown] == [first.alert_id]
    assert [one.alert_id for one in result.absorbed] == [second.alert_id]


def test_an_episode_that_fell_apart_adds_nothing_the_stored_alert_holds_already() -> None:
    old = fresh("a", "b", "c", "d")
    result = reconcile([stored(old)], [fresh("a", "b"), fresh("c", "d", start=20)])
    assert result.unchanged == (old.alert_id,)
    assert result.new == result.grown == ()


def test_an_episode_that_fell_apart_and_grew_keeps_its_id_on_one_part() -> None:
    old = fresh("a", "b", "c")
    parts = [fresh("a", "b", "x"), fresh("c", "y", start=20)]
    result = reconcile([stored(old)], parts)
    assert [grown.alert.alert_id for grown in result.grown] == [old.alert_id]
    assert result.new == (parts[1],)


def test_an_alert_nothing_finds_any_more_lapses_where_the_run_judged_it_and_is_left_alone_elsewhere() -> None:
    assert reconcile([stored(fresh("a", "b"))], []) == Reconciliation((), (), (), ())
    old = judged(fresh("a", "b"), "CASE-1")
    assert reconcile([old], []).lapsed == (Lapsed(old.alert_id, "CASE-1", "structuring", ""),)
    assert reconcile([replace(old, lapsed=True)], []).lapsed == ()


def test_of_judged_alerts_that_joined_one_grows_and_the_other_lapses_by_it() -> None:
    first, second = judged(fresh("a", "b")), judged(fresh("d", "e"))
    result = reconcile([first, second], [fresh("a", "b", "c", "d", "e")])
    assert [grown.alert.alert_id for grown in result.grown] == [first.alert_id]
    assert result.lapsed == (Lapsed(second.alert_id, "", "structuring", first.alert_id),)


def test_a_judged_alert_that_fell_apart_is_revised_and_its_other_part_is_new() -> None:
    old = judged(fresh("a", "b", "c", "d"))
    parts = [fresh("a", "b"), fresh("c", "d", start=20)]
    result = reconcile([old], parts)
    assert (result.revised, result.new, result.unchanged) == ((parts[0],), (parts[1],), ())


def test_a_judged_alert_is_revised_for_other_figures_and_when_it_stands_again() -> None:
    found = fresh("a", "b")
    for old in (
        replace(judged(found), lapsed=True),
        judged(replace(found, severity=51)),
        judged(replace(found, sentence="Two.")),
    ):
        assert reconcile([old], [found]).revised == (found,)
    assert reconcile([judged(found)], [found]).unchanged == (found.alert_id,)


@st.composite
def partitions(draw: st.DrawFn) -> list[Alert]:
    """Some of sixteen transactions, cut into episodes."""
    kept = draw(st.lists(st.integers(0, 15), unique=True, max_size=16).map(sorted))
    cuts = draw(st.lists(st.integers(0, 16), max_size=5))
    episodes: dict[int, list[int]] = {}
    for number in kept:
        episodes.setdefault(sum(cut <= number for cut in cuts), []).append(number)
    return [fresh(*(f"{n:02d}" for n in episode), start=episode[0]) for episode in episodes.values()]


@given(st.lists(partitions(), min_size=1, max_size=5))
@settings(max_examples=400, deadline=None)
def test_whatever_came_before_a_second_run_leaves_only_unchanged_alerts(runs: list[list[Alert]]) -> None:
    desk: list[StoredAlert] = []
    for found in runs:
        desk = after(desk, reconcile(desk, found))
        ids = [alert.alert_id for alert in desk]
        assert len(ids) == len(set(ids))
        again = reconcile(desk, found)
        assert again.new == again.grown == again.absorbed == ()
        held = [alert.transaction_ids for alert in desk]
        assert all(any(set(alert.transaction_ids) <= one for one in held) for alert in found)


@given(st.permutations(range(12)), st.integers(1, 5))
@settings(max_examples=6, deadline=None)
def test_transactions_that_arrive_in_any_order_end_in_the_alert_of_a_single_run(order: list[int], batches: int) -> None:
    bank: list[Tx] = named(deposit(step * 12, 9_000_00, id=f"T{step:02d}") for step in range(12))
    (whole,) = alerts(Structuring(), bank)
    desk: list[StoredAlert] = []
    size = -(-len(order) // batches)
    for end in range(size, len(order) + size, size):
        arrived = [bank[number] for number in order[:end]]
        desk = after(desk, reconcile(desk, alerts(Structuring(), arrived)))
    assert frozenset(whole.transaction_ids) in [alert.transaction_ids for alert in desk]
