"""Cycles: what comes back, in which order, how fast, and who is told of it."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection import duck, spark_plans
from casedesk.detection.engine import detect
from casedesk.detection.keying import all_legs, evidence_of
from casedesk.detection.legs import LEGS
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rule import Rule
from casedesk.detection.rules.cycle import Cycle
from casedesk.detection.texts import written
from tests.detection.bank import NOON, SMALL, Tx, accounts_of, alerts, apart, arrow
from tests.detection.reference import Found
from tests.detection.reference_paths import expected_cycles

RULE = Cycle()
WINDOW = timedelta(days=14)
TICK = timedelta(microseconds=1)


def ring(names: str, minor: int = 5_000_00, step: timedelta = timedelta(days=1), start: int = 0) -> list[Tx]:
    """Transfers from each name to the next one, a step apart: "ABA" is there and back."""
    return [
        Tx(NOON + timedelta(days=start) + place * step, source, target, minor, "WIRE", id=f"{start:02d}-{place:02d}")
        for place, (source, target) in enumerate(pairwise(names))
    ]


def test_a_circle_of_two_to_twelve_hops_is_found_whole() -> None:
    rings = {hops: ring("ABCDEFGHIJKL"[:hops] + "A") for hops in range(2, 13)}
    found = [(alert.account_id, len(alert.transaction_ids)) for alert in alerts(RULE, apart(rings))]
    assert sorted(found) == sorted((f"A{hops}", hops) for hops in rings)


def test_thirteen_hops_are_too_many_and_fewer_can_be_asked_for() -> None:
    assert alerts(RULE, ring("ABCDEFGHIJKLMA")) == ()
    assert alerts(RULE, ring("ABCDA"), most_hops=3) == ()
    assert alerts(RULE, ring("ABCA"), least_hops=4) == ()
    assert len(alerts(RULE, ring("ABCDA"), least_hops=4, most_hops=4)) == 1


def test_the_last_hop_exactly_a_window_after_the_first_is_in_and_a_microsecond_later_is_out() -> None:
    assert len(alerts(RULE, ring("ABA", step=WINDOW))) == 1
    assert alerts(RULE, ring("ABA", step=WINDOW + TICK)) == ()
    assert len(alerts(RULE, ring("ABCA", step=WINDOW / 2))) == 1
    assert alerts(RULE, ring("ABCA", step=WINDOW / 2 + TICK)) == ()


def test_a_circle_is_found_wherever_a_piece_of_time_ends() -> None:
    rings = {offset: ring("ABCDEA", step=WINDOW / 4, start=offset) for offset in range(28)}
    found = [(alert.account_id, len(alert.transaction_ids)) for alert in alerts(RULE, apart(rings))]
    assert sorted(found) == sorted((f"A{offset}", 5) for offset in rings)


def test_a_hop_may_be_booked_a_day_before_the_one_that_pays_for_it_and_no_microsecond_more() -> None:
    there, onward, home = ring("ABCA", step=timedelta(days=3))

    def found(lead: timedelta, **values: object) -> int:
        late = Tx(home.at + lead, onward.source, onward.target, onward.minor, id=onward.id)
        return len(alerts(RULE, [there, late, home], **values))

    assert found(timedelta(days=1)) == 1
    assert found(timedelta(days=1) + TICK) == 0
    assert (found(TICK, slack_hours=0), found(timedelta(0), slack_hours=0)) == (0, 1)


def test_a_circle_that_could_begin_anywhere_is_told_once_of_whoever_pays_first() -> None:
    (alert,) = alerts(RULE, ring("CABC", step=timedelta(0)))
    assert (alert.account_id, len(alert.transaction_ids)) == ("A", 3)
    (alert,) = alerts(RULE, ring("CABC", step=timedelta(hours=5)))
    assert (alert.account_id, len(alert.transaction_ids)) == ("C", 3)


def test_partners_who_trade_both_ways_make_no_circle_of_two_and_strangers_do() -> None:
    before = [Tx(NOON - timedelta(days=20), "B", "A", 4_000_00, id="before")]
    assert len(alerts(RULE, ring("ABA"))) == 1
    assert alerts(RULE, [*before, *ring("ABA")]) == ()
    assert len(alerts(RULE, [*before, *ring("ABCA")])) == 1
    assert len(alerts(RULE, [*before, *ring("ABA")], memory_days=0)) == 1
    assert len(alerts(RULE, [*before, *ring("ABA")], memory_days=19)) == 1  # forgotten


def test_a_circle_of_two_waits_until_an_old_customer_has_shown_its_partners() -> None:
    def found(day: int, opened: str) -> int:
        bank = [Tx(NOON, "A", "X", 5_00, "CARD", id="first"), *ring("ABA", start=day)]
        customers = accounts_of(bank).append_column("opened_on", pa.array([opened, "", ""]))
        return len(detect(arrow(bank), customers, rules=(RULE,), limits=SMALL).alerts)

    assert (found(34, "2012-01-01"), found(35, "2012-01-01")) == (0, 1)
    assert found(3, "2026-10-20") == 1


def test_each_hop_carries_between_half_and_twice_the_one_before() -> None:
    def second(minor: int) -> int:
        first, last = ring("ABCDA")[:1], ring("ABCDA")[1:]
        return len(alerts(RULE, [*first, *(Tx(t.at, t.source, t.target, minor, id=t.id) for t in last)]))

    assert [second(minor) for minor in (2_499_99, 2_500_00, 10_000_00, 10_000_01)] == [0, 1, 1, 0]


def test_there_and_back_counts_from_three_thousand_or_from_a_quarter_of_what_the_sender_paid() -> None:
    # Both pay 900 in cash as well: 300 is a quarter of what they pay in the window, 299.99 is less.
    cash = [Tx(NOON, name, "", 900_00, id=f"cash {name}") for name in "AB"]
    assert len(alerts(RULE, [*cash, *ring("ABA", 300_00)])) == 1
    assert alerts(RULE, [*cash, *ring("ABA", 299_99)]) == ()
    rich = [Tx(NOON, name, "", 90_000_00, id=f"cash {name}") for name in "AB"]
    assert len(alerts(RULE, [*rich, *ring("ABA", 3_000_00)])) == 1
    assert alerts(RULE, [*rich, *ring("ABA", 2_999_99)]) == ()
    assert len(alerts(RULE, [*rich, *ring("ABCA", 20_00)])) == 1


def test_cash_and_a_transfer_to_oneself_are_no_hops() -> None:
    out, back = ring("ABA")
    assert alerts(RULE, [out, Tx(out.at + TICK, "B", "", 5_000_00), Tx(back.at, "", "A", 5_000_00)]) == ()
    assert alerts(RULE, [Tx(NOON, "A", "A", 5_000_00), Tx(NOON + TICK, "A", "A", 5_000_00)]) == ()


def test_an_external_account_is_never_the_subject_but_may_stand_on_the_circle() -> None:
    (alert,) = alerts(RULE, ring("XBAX"))
    assert alert.account_id == "B"
    assert alerts(RULE, ring("XYX")) == ()


def test_money_between_accounts_of_one_customer_is_no_hop_and_money_back_to_another_of_them_has_come_back() -> None:
    def customers(transactions: list[Tx]) -> pa.Table:
        names = sorted({name for tx in transactions for name in (tx.source, tx.target)})
        return pa.table(
            {"account_id": names, "customer_id": ["one" if name in "AE" else f"C-{name}" for name in names]}
        )

    def found(transactions: list[Tx]) -> list[tuple[str, int]]:
        result = detect(arrow(transactions), customers(transactions), rules=(RULE,), limits=SMALL)
        return [(alert.account_id, len(alert.transaction_ids)) for alert in result.alerts]

    assert found(ring("AEAEA")) == []
    assert found(ring("EBCA")) == [("A", 3)]


def test_circles_that_overlap_are_one_alert_and_separate_ones_two() -> None:
    (one,) = alerts(RULE, [*ring("ABCA"), *ring("ADEFA", start=2)])
    assert len(one.transaction_ids) == 7
    assert len(alerts(RULE, [*ring("ABCA"), *ring("ADEFA", start=3)])) == 2


def test_a_shop_that_is_paid_too_often_and_a_payer_of_too_many_are_passed_over() -> None:
    crowd = [Tx(NOON, "B", f"N{n}", 5_000_00, id=f"out{n}") for n in range(19)]
    assert len(alerts(RULE, [*ring("ABA"), *crowd])) == 1
    assert alerts(RULE, [*ring("ABA"), *crowd, Tx(NOON, "B", "N19", 5_000_00)]) == ()
    buyers = [Tx(NOON - TICK, f"N{n}", "B", 5_000_00, id=f"in{n}") for n in range(39)]
    assert len(alerts(RULE, [*ring("ABA"), *buyers])) == 1
    assert alerts(RULE, [*ring("ABA"), *buyers, Tx(NOON, "N39", "B", 5_000_00)]) == ()


def test_an_amount_too_large_to_multiply_is_read_all_the_same() -> None:
    assert len(alerts(RULE, ring("ABA", 10**18))) == 1


def test_the_sentence_says_how_far_it_went_and_what_came_back() -> None:
    out, *rest = ring("ABCA")
    back = [Tx(t.at, t.source, t.target, 4_800_00, "WIRE", id=t.id) for t in rest]
    (alert,) = alerts(RULE, [out, *back])
    assert alert.sentence == (
        "3 transfers between 12:00 UTC on 4 Nov 2026 and 12:00 UTC on 6 Nov 2026 form a circle of 3 hops: "
        "USD 5,000.00 left this customer and USD 4,800.00 came back."
    )
    assert alert.amount_minor == 14_600_00


def test_severity_starts_at_its_parameter_and_rises_with_the_hops() -> None:
    levels = [alerts(RULE, ring("ABCDEFGH"[:hops] + "A"))[0].severity for hops in (2, 3, 5, 8)]
    assert levels[0] == 45
    assert levels == sorted(set(levels))
    assert alerts(RULE, ring("ABA"), severity_at_threshold=5)[0].severity == 5


def test_contradicting_parameters_are_refused_in_a_sentence() -> None:
    with pytest.raises(BadParameter, match="“least_hops” \\(5\\) cannot exceed “most_hops” \\(4\\)"):
        RULE.with_values({"least_hops": 5, "most_hops": 4})


def test_a_payroll_and_a_shop_are_left_alone() -> None:
    salaries = [Tx(NOON, "A", f"E{n}", 3_500_00, "ACH", id=f"pay{n}") for n in range(60)]
    purchases = [Tx(NOON + timedelta(days=2), f"E{n}", "A", 3_200_00, "CARD", id=f"buy{n}") for n in range(60)]
    assert alerts(RULE, salaries + purchases) == ()


VARIANTS: tuple[Rule, ...] = (
    RULE,
    RULE.with_values(
        {
            "window_days": 5,
            "most_hops": 4,
            "short_hops": 3,
            "most_sent": 3,
            "most_received": 2,
            "memory_days": 9,
            "slack_hours": 0,
        }
    ),
    RULE.with_values({"lowest_percent": 90, "highest_percent": 110, "least_hops": 3, "most_hops": 7}),
)

one = st.builds(
    Tx,
    at=st.builds(
        lambda day, hour, off: NOON + timedelta(days=day, hours=hour, microseconds=off),
        st.sampled_from((0, 0, 1, 2, 3, 5, 7, 10, 14, 15, 19)),
        st.sampled_from((0, 0, 6, 23)),
        st.sampled_from((0, 0, 0, -1, 1)),
    ),
    source=st.sampled_from("AABCDEX"),
    target=st.sampled_from(("A", "A", "B", "C", "D", "E", "X", "")),
    minor=st.sampled_from((0, 1_500_00, 2_999_99, 3_000_00, 3_000_00, 3_100_00, 6_000_00, 12_000_00)),
)


def found(rule: Rule, bank: list[Tx]) -> Found:
    result = detect(arrow(bank), accounts_of(bank), rules=(rule,), limits=SMALL)
    return {(alert.account_id, alert.transaction_ids, alert.amount_minor) for alert in result.alerts}


@pytest.mark.parametrize("number", range(len(VARIANTS)))
@given(bank=st.lists(one, max_size=30), seed=st.integers(0, 9))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_expression_finds_what_walking_finds_in_whatever_order_the_rows_come(
    number: int, bank: list[Tx], seed: int
) -> None:
    rule = VARIANTS[number]
    bank = [Tx(**{**vars(tx), "id": f"T{place:02d}"}) for place, tx in enumerate(bank)]
    random.Random(seed).shuffle(bank)
    rule = rule.with_values({"most_ways": 1_000_000, "most_onward": 1_000_000})  # walking follows every way
    assert found(rule, bank) == expected_cycles(rule.parameters, bank)  # type: ignore[arg-type]


def test_of_many_ways_the_quickest_are_followed_in_whatever_order_the_rows_come() -> None:
    """From B to E lead five ways, each a little slower than the one before; only the quickest stand on the circle."""
    bank = [
        Tx(NOON, "A", "B", 5_000_00, "WIRE", id="a"),
        Tx(NOON + timedelta(days=9), "E", "A", 5_000_00, "WIRE", id="z"),
    ]
    for way in range(5):
        middle = f"C{way}"
        times = (timedelta(days=1), timedelta(days=2 + way))
        for place, (source, target) in enumerate([("B", middle), (middle, "E")]):
            bank.append(Tx(NOON + times[place], source, target, 5_000_00, "WIRE", id=f"w{way}-{place}"))
    for seed in range(3):
        random.Random(seed).shuffle(bank)
        (alert,) = alerts(RULE, bank, most_ways=2)
        assert set(alert.transaction_ids) == {"a", "z", "w0-0", "w0-1", "w1-0", "w1-1"}
        assert len(alerts(RULE, bank)[0].transaction_ids) == 12


def fork(onward: str) -> list[Tx]:
    """From A by B and one of five to one of five others, each way a little slower than the one before; then onward."""
    bank = [Tx(NOON, "A", "B", 5_000_00, "WIRE", id="a")]
    for way in range(5):
        middle, end = f"C{way}", f"D{way}"
        times = (timedelta(days=1), timedelta(days=2, hours=way), timedelta(days=6))
        for place, (source, target) in enumerate([("B", middle), (middle, end), (end, onward[0])]):
            bank.append(Tx(NOON + times[place], source, target, 5_000_00, "WIRE", id=f"w{way}-{place}"))
    hops = enumerate(pairwise(onward))
    return [*bank, *(Tx(NOON + timedelta(days=7 + n), s, t, 5_000_00, "WIRE", id=f"z{n}") for n, (s, t) in hops)]


def test_beyond_six_hops_only_the_quickest_ways_from_one_party_are_followed_whoever_they_reach() -> None:
    for seed in range(3):
        bank = fork("EFGA")  # seven hops
        random.Random(seed).shuffle(bank)
        (alert,) = alerts(RULE, bank, most_onward=2)
        ways = {f"w{way}-{place}" for way in range(2) for place in range(3)}
        assert set(alert.transaction_ids) == {"a", "z0", "z1", "z2", *ways}
        assert len(alerts(RULE, bank, most_onward=5)[0].transaction_ids) == len(bank)


def test_circles_of_six_hops_are_told_however_many_ways_lead_from_their_beginning() -> None:
    bank = fork("EFA")
    assert len(alerts(RULE, bank, most_onward=1)[0].transaction_ids) == len(bank)


@pytest.mark.parametrize("minutes", [14 * 24 * 60, 1], ids=["any time", "one instant"])
def test_where_everybody_reaches_everybody_the_work_grows_with_the_transfers_and_not_with_the_ways(
    minutes: int,
) -> None:
    """All amounts are equal, and at one instant all ways are equally quick."""
    draw, names = random.Random(5), [f"N{n:02}" for n in range(16)]
    bank = [
        Tx(NOON + timedelta(minutes=draw.randrange(minutes)), one, other, 5_000_00, id=f"{one}-{other}")
        for one in names
        for other in draw.sample(names, 10 if minutes > 1 else 4)
        if one != other
    ]

    def rows(most: int) -> dict[str, int]:
        """Count the rows of each step that several later ones read."""
        steps, _ = spark_plans.staged(evidence_of(RULE.with_values({"most_onward": most})))
        with duck.loaded(arrow(bank), accounts_of(bank), SMALL) as data:
            data._view(LEGS.get_name(), all_legs)
            run = data._connection.execute
            for name, step in steps:
                run(f"CREATE TEMP TABLE {name} AS {written(step, 'duckdb')}")
            return {name.split("_")[2]: run(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name, _ in steps}

    free, bound = rows(1_000_000), rows(3)
    begun = len(bank) * 3
    assert max(bound["few"], bound["front6"]) <= begun < free["few"] < free["front6"]
    assert bound["longer6"] <= bound["few"] * 7 * 3 < free["longer6"]


def test_of_equally_quick_ways_those_by_the_first_account_ids_are_followed() -> None:
    bank = [
        *ring("ABC", step=timedelta(0)),
        *(Tx(NOON, "C", f"D{way}", 5_000_00, id=f"to {way}") for way in range(5)),
        *(Tx(NOON, f"D{way}", "E", 5_000_00, id=f"from {way}") for way in range(5)),
        *ring("EFGA", step=timedelta(0), start=5),
    ]
    for seed in range(3):
        random.Random(seed).shuffle(bank)
        (alert,) = alerts(RULE, bank, most_onward=2)
        assert {name for name in alert.transaction_ids if "o" in name} == {"to 0", "to 1", "from 0", "from 1"}
