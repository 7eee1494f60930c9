from __future__ import annotations

import gc
import random
from collections.abc import Sequence
from datetime import timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from ibis.expr.types import Table

from casedesk.modelling.building import Features, build, build_in, filled, opened
from casedesk.modelling.features import catalogue
from casedesk.modelling.few_rows import FEW, Steps, fits, worked_out
from casedesk.modelling.few_tables import Asked, Column, NoStep, Rows, chosen, given, numbered, picked
from casedesk.modelling.few_windows import TooManyPairs, bounds, members, windowed
from casedesk.modelling.payments import PAYMENTS, Payments, UnfitPayments
from casedesk.modelling.serving import features_of
from casedesk.services.collecting import uncollected
from tests.modelling.towns import BEGIN, Row, Shelf, planted, table, town


def features(rows: Sequence[Row], listed: frozenset[str] = frozenset()) -> Features:
    return build(Payments.of(table(rows), listed))


def row_of(made: Features, transaction_id: str) -> dict[str, float]:
    place = made.ids.to_pylist().index(transaction_id)
    return dict(zip((one.name for one in catalogue()), made.matrix[place].tolist(), strict=True))


def test_one_at_a_time_as_of_then_and_a_week_together_give_what_the_batch_gives() -> None:
    rows = town(3)
    for number in range(300):  # a shop that is a hub, first more and then less
        at = BEGIN + timedelta(days=40, minutes=20 * number)
        rows.append(Row(f"H{number:03}", at, f"A{number % 24:02}", "SHOP", 900))
        rows.append(Row(f"G{number:03}", at, "SHOP", f"A{number % 23:02}", 100))
    batch = features(rows)
    dice = random.Random(5)
    chosen = [*dice.sample(rows, 5), *(row for row in rows if row.transaction_id in ("H200", "G250"))]
    for row in chosen:
        then = Shelf([one for one in rows if one.booked_at <= row.booked_at])
        served = features_of(then, table([row]))
        place = batch.ids.to_pylist().index(row.transaction_id)
        np.testing.assert_array_equal(served.matrix[0], batch.matrix[place], err_msg=row.transaction_id)
    week = [row for row in rows if BEGIN + timedelta(days=41) <= row.booked_at < BEGIN + timedelta(days=48)]
    dice.shuffle(week)
    served = features_of(Shelf(rows), table(week[:60]))
    assert served.ids.to_pylist() == [row.transaction_id for row in week[:60]]
    places = [batch.ids.to_pylist().index(row.transaction_id) for row in week[:60]]
    np.testing.assert_array_equal(served.matrix, batch.matrix[places])


def test_few_rows_without_an_engine_give_the_engines_bits() -> None:
    """Of whole towns and of single payments; of rings and fans; with listed and with unfollowed accounts."""
    towns = [town(seed, payments, accounts) for seed, payments, accounts in ((11, 250, 24), (12, 250, 6), (13, 1, 3))]
    towns += [planted(seed, accounts=30, days=6)[0] for seed in (14, 15)]
    towns.append(town(16, 3_000, 200))
    towns += [[Row("T1", BEGIN, "A", "A", 2**50), Row("T2", BEGIN, "", "B", 0, "CASH")]]
    with opened(threads=1) as engine:
        for rows in towns:
            followed = {row.from_account for row in rows[::2]} | {row.to_account for row in rows[::3]}
            whole, listed = (Payments.of(table(rows), frozenset(names)) for names in ((), ("A03", "B007")))
            wanted = np.array([False, *(name in followed for name in listed.accounts.to_pylist())])
            for given in (whole, listed.beside(Shelf(rows).legs([], [], []), ~wanted, wanted)):
                assert fits(given)
                expected = build_in(engine, given)
                found = filled(given.ids, worked_out(given, np.arange(len(given.ids))))
                np.testing.assert_array_equal(found.matrix, expected.matrix)
                assert found.ids == expected.ids


def test_few_rows_leave_nothing_for_the_collector_of_garbage() -> None:
    payments = Payments.of(table(town(3, 60)))
    worked_out(payments, np.arange(5))  # what is made once a process
    with uncollected():
        gc.collect()
        found = worked_out(payments, np.arange(5))
        assert gc.collect() < 100  # some 4,000 where cells know each other in circles
    assert found


def test_what_is_too_much_for_few_rows_is_left_to_the_engine() -> None:
    many = [Row(f"T{number}", BEGIN, "A", "B", 1) for number in range(FEW + 1)]
    assert fits(Payments.of(table(many[1:])))
    assert not fits(Payments.of(table(many)))
    assert not fits(Payments.of(table([Row("T1", BEGIN, "A", "B", 2**61)])))
    days = np.arange(1500)
    with pytest.raises(TooManyPairs):
        windowed("CountDistinct", bounds(members(days * 0, days), days, days, 1500), Column(days, None), None)


def test_keys_that_have_no_room_in_one_number_are_told_apart() -> None:
    wide = 2**32 - 1
    keys = [[0, 1, 0, 0, 1], [0, 0, wide, 0, 0], [0, 0, 0, wide, 0]]
    numbers = numbered([Column(np.array(key), None) for key in keys], 5)
    assert len(set(numbers.tolist())) == 4
    assert numbers[1] == numbers[4]


def test_rows_that_are_missing_say_nothing_and_others_what_they_said() -> None:
    said = Column(np.array([5, 6]), np.array([False, True]))
    rows = chosen(Rows(2, {"a": Asked(lambda places: picked(said, places))}), np.array([-1, 1, 0, 1]))
    found = rows.whole("a")
    assert found.known is not None
    assert found.known.tolist() == [False, True, False, True]
    assert found.values[found.known].tolist() == [6, 6]
    nothing = chosen(Rows(0, {"a": given(np.zeros(0, np.int64))}), np.array([-1, -1])).whole("a")
    assert nothing.known is not None
    assert not nothing.known.any()


def test_nothing_later_and_no_order_of_rows_changes_a_feature() -> None:
    rows = town(4)
    cut = BEGIN + timedelta(days=30)
    shuffled = rows.copy()
    random.Random(1).shuffle(shuffled)
    whole, turned, early = features(rows), features(shuffled), features([row for row in rows if row.booked_at < cut])
    np.testing.assert_array_equal(whole.matrix, turned.matrix)
    kept = len(early.ids)
    assert 100 < kept < len(rows)
    assert whole.ids[:kept].to_pylist() == early.ids.to_pylist()
    np.testing.assert_array_equal(whole.matrix[:kept], early.matrix)


def test_a_planted_label_a_balance_and_a_row_number_reach_no_feature() -> None:
    given = table(town(5))
    plain = build(Payments.of(given)).matrix
    leaky = given
    for name in ("is_sar", "label", "newbalanceOrig", "row", "row_number"):
        leaky = leaky.append_column(name, pa.array(range(given.num_rows)))
    np.testing.assert_array_equal(build(Payments.of(leaky)).matrix, plain)
    renamed = given.set_column(0, "transaction_id", pa.array([f"X{n:05}" for n in reversed(range(given.num_rows))]))
    by_value = np.sort(build(Payments.of(renamed)).matrix, axis=0)
    np.testing.assert_array_equal(by_value, np.sort(plain, axis=0))


def test_payments_of_one_instant_count_for_each_other() -> None:
    made = features([Row(f"T{n}", BEGIN, f"A{n}", "Z", 100) for n in range(3)])
    assert [row_of(made, f"T{n}")["payee_got_parties_7"] for n in range(3)] == [3, 3, 3]


def test_rings_middlemen_and_returns_are_counted() -> None:
    def paid(number: int, day: int, payer: str, payee: str) -> Row:
        return Row(f"T{number}", BEGIN + timedelta(days=day), payer, payee, 1_000)

    ring = features([paid(1, 0, "A", "B"), paid(2, 1, "B", "C"), paid(3, 2, "C", "A"), paid(4, 3, "A", "C")])
    assert [row_of(ring, f"T{n}")["rings_14"] for n in (1, 2, 3)] == [0, 0, 1]
    assert row_of(ring, "T4")["returned_n_90"] == 1
    scatter = [paid(n, 0, "S", f"M{n}") for n in range(4)] + [paid(10 + n, 2, f"M{n}", "T") for n in range(4)]
    assert row_of(features(scatter), "T13")["middlemen_14"] == 4
    late = [paid(n, 0, "S", f"M{n}") for n in range(4)] + [paid(10 + n, 9, f"M{n}", "T") for n in range(4)]
    assert row_of(features(late), "T13")["middlemen_14"] == 0


def test_a_list_counts_as_the_share_of_listed_money() -> None:
    rows = [Row("T1", BEGIN, "BAD", "A", 300), Row("T2", BEGIN, "GOOD", "A", 100)]
    assert row_of(features(rows, frozenset({"BAD"})), "T2")["payee_got_listed_30"] == pytest.approx(0.75)
    assert row_of(features(rows), "T2")["payee_got_listed_30"] == 0


def test_each_feature_is_told_in_words_of_its_own() -> None:
    """An explanation lists the strongest, in any order: what points to the line before points anywhere."""
    told = [one.means for one in catalogue()]
    assert len(set(told)) == len(told)
    assert not [words for words in told if "the same" in words or "they come to" in words or "of them" in words]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnfitPayments, match="no column “channel”"):
        Payments.of(table(town(1, 3)).drop(["channel"]))
    with pytest.raises(UnfitPayments, match="below 0"):
        Payments.of(table([Row("T1", BEGIN, "A", "B", -1)]))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (PAYMENTS.union(PAYMENTS, distinct=True), "a union that drops rows"),
        (PAYMENTS.group_by("payer").aggregate(paid=ibis._.amount.sum()), "a sum over groups"),
        (PAYMENTS.join(PAYMENTS.view(), "payer", how="outer"), "a join of the kind outer"),
        (
            PAYMENTS.mutate(paid=ibis._.amount.sum().over(rows=(-3, 0), order_by="at")),
            "a window that does not end at its row",
        ),
        (PAYMENTS.order_by("at"), "a node of the kind Sort"),
    ],
)
def test_a_feature_that_numpy_has_no_step_for_is_refused_when_it_is_written(expression: Table, said: str) -> None:
    with pytest.raises(NoStep, match=said):
        Steps().place(expression.op())
