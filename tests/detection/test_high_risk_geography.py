"""High-risk geography: which countries on which day, how much money, and how the list is replaced."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from casedesk.detection.parameters import BadParameter, rule_set_hash
from casedesk.detection.rules.high_risk_geography import HighRiskGeography
from casedesk.domain.countries import COUNTRIES
from casedesk.domain.jurisdictions import BadJurisdictions, Tier, Window, fatf, high_risk, read_jurisdictions
from tests.detection.bank import NOON, Tx
from tests.detection.reference_history import (
    Owners,
    agrees_on_a_crowd,
    compiles_everywhere,
    crowd,
    expected,
    found,
    run,
    worlds,
)

RULE = HighRiskGeography()
MICROSECOND = 1 / 86_400_000_000
HEADER = "tier,country,from,to,certainty,source\n"


def wire(day: float, minor: int, country: str, source: str = "A", **more: str) -> Tx:
    """A wire between A and somebody abroad, so many days after noon of 4 November 2026."""
    target, at = ("X" if source == "A" else "A"), NOON + timedelta(days=day)
    sides = {"to_country": country} if source == "A" else {"from_country": country}
    return Tx(at, source, target, minor, "WIRE", **sides, **more)


def on(day: str, minor: int, country: str) -> Tx:
    return Tx(datetime.fromisoformat(day).replace(tzinfo=UTC), "A", "X", minor, "WIRE", to_country=country)


def test_a_thousand_to_a_country_under_a_call_for_action_is_enough_and_a_cent_less_is_not() -> None:
    (alert,) = run(RULE, [wire(0, 1_000_00, "IR")])
    assert alert.sentence == (
        "1 transaction with countries under a FATF call for action (Iran) at 12:00 UTC on 4 Nov 2026, "
        "total USD 1,000.00; list: FATF lists up to 19 June 2026."
    )
    assert alert.severity == 65
    assert run(RULE, [wire(0, 999_99, "IR")]) == ()


def test_under_increased_monitoring_it_takes_ten_thousand() -> None:
    (alert,) = run(RULE, [wire(0, 6_000_00, "LB"), wire(3, 4_000_00, "YE")])
    assert "under increased monitoring by FATF (Lebanon, Yemen) between" in alert.sentence
    assert alert.severity == 40
    assert run(RULE, [wire(0, 6_000_00, "LB"), wire(3, 3_999_99, "YE")]) == ()


def test_both_tiers_add_up_and_the_sentence_keeps_them_apart() -> None:
    (alert,) = run(RULE, [wire(0, 9_500_00, "LB"), wire(3, 500_00, "KP")])
    assert alert.severity == 40
    assert "a FATF call for action (North Korea) or increased monitoring by FATF (Lebanon)" in alert.sentence
    assert "total USD 10,000.00, USD 500.00 of it under the call for action" in alert.sentence
    assert run(RULE, [wire(0, 9_500_00, "LB"), wire(3, 2_000_00, "KP")])[0].severity > 80


def test_money_from_listed_countries_counts_as_much_as_money_to_them() -> None:
    assert len(run(RULE, [wire(0, 5_000_00, "SY", source="X"), wire(1, 5_000_00, "SY")])) == 1


def test_a_country_counts_from_the_day_it_is_listed_to_the_day_before_it_is_removed() -> None:
    assert run(RULE, [on("2026-02-12T23:59:59.999999", 20_000_00, "KW")]) == ()
    assert len(run(RULE, [on("2026-02-13T00:00:00", 20_000_00, "KW")])) == 1
    assert len(run(RULE, [on("2026-06-18T23:59:59.999999", 20_000_00, "DZ")])) == 1
    assert run(RULE, [on("2026-06-19T00:00:00", 20_000_00, "DZ")]) == ()


def test_myanmar_moves_from_one_tier_to_the_other() -> None:
    assert run(RULE, [on("2022-10-20", 5_000_00, "MM")]) == ()
    assert len(run(RULE, [on("2022-10-20", 10_000_00, "MM")])) == 1
    assert len(run(RULE, [on("2022-10-21", 1_000_00, "MM")])) == 1


def test_the_window_takes_its_last_microsecond_and_no_more() -> None:
    assert len(run(RULE, [wire(0, 5_000_00, "HT"), wire(14, 5_000_00, "HT")])) == 1
    assert run(RULE, [wire(0, 5_000_00, "HT"), wire(14 + MICROSECOND, 5_000_00, "HT")]) == ()


def test_overlapping_hits_are_one_alert_and_separate_ones_are_two() -> None:
    (alert,) = run(RULE, [wire(10 * step, 6_000_00, "HT") for step in range(5)])
    assert len(alert.transaction_ids) == 5
    assert len(run(RULE, [wire(20 * step, 12_000_00, "HT") for step in range(2)])) == 2


def test_wires_at_one_instant_stand_together_and_small_ones_do_not_stand_at_all() -> None:
    (alert,) = run(RULE, [wire(0, 5_000_00, "HT", id=name) for name in "ba"])
    assert alert.transaction_ids == ("a", "b")
    small = [wire(0, 99_99, "IR", id=f"s{n}") for n in range(50)]
    assert run(RULE, small) == ()
    assert len(run(RULE, small, smallest_minor=99_99)) == 1


def test_unlisted_and_unknown_countries_and_external_accounts_are_left_alone() -> None:
    assert run(RULE, [wire(day, 90_000_00, country) for day, country in enumerate(("US", "", "DE", "AE"))]) == ()
    assert run(RULE, [Tx(NOON, "", "X", 90_000_00, from_country="IR", to_country="IR")]) == ()


def test_retailer_payroll_and_family_abroad_are_left_alone() -> None:
    retailer = [wire(day, 9_000_00, "US", source="X") for day in range(60)]
    payroll = [wire(30 * month, 2_800_00, "GB") for month in range(4) for _ in range(40)]
    family = [wire(7 * week, 400_00, "PH" if week % 2 else "NP") for week in range(30)]
    for bank in (retailer, payroll, family):
        assert run(RULE, bank) == ()


def test_another_list_changes_alerts_and_hash_and_can_be_replayed_from_its_parameters(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(HEADER + "call_for_action,CH,2026-01-01,2026-12-01,sure,our own\n", encoding="utf-8")
    ours = RULE.with_list(read_jurisdictions(path))
    assert rule_set_hash([ours]) != rule_set_hash([RULE])
    bank = [wire(0, 5_000_00, "CH", id="a"), wire(0, 50_000_00, "IR", id="b")]
    (alert,) = run(ours, bank)
    assert alert.sentence.endswith("list: ours.")
    assert '"call_for_action":["CH 2026-01-01/2026-12-01"]' in alert.parameters
    again = RULE.with_values(ours.parameters.values())
    assert rule_set_hash([again]) == rule_set_hash([ours])
    assert run(again, bank)[0].alert_id == alert.alert_id
    assert run(ours, [on("2026-12-01", 5_000_00, "CH")]) == ()


def test_the_order_of_the_list_changes_nothing(tmp_path: Path) -> None:
    rows = [
        f"{tier},{one.country},{one.since},{one.until or ''},sure,x" for tier in Tier for one in fatf().windows[tier]
    ]
    for name, lines in (("a", sorted(rows)), ("b", sorted(rows)[::-1])):
        (tmp_path / name).write_text(HEADER + "\n".join(lines), encoding="utf-8")
    lists = [RULE.with_list(read_jurisdictions(tmp_path / name, "one")) for name in "ab"]
    assert rule_set_hash([lists[0]]) == rule_set_hash([lists[1]])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "other columns than tier,country"),
        (HEADER, "names no country"),
        (HEADER + "grey,IR,2020-01-01,,sure,x", "Row 1 .*is no tier"),
        (HEADER + "call_for_action,XX,2020-01-01,,sure,x", "“XX” in .* is no ISO 3166-1"),
        (HEADER + "call_for_action,IR,2020-1-1,,sure,x", "Row 1 .*not of the form"),
        (HEADER + "call_for_action,IR,2020-01-02,2020-01-02,sure,x", "ends before it begins"),
        (HEADER + "call_for_action,IR", "not of the form"),
    ],
)
def test_a_wrong_list_is_refused_with_the_row_and_the_reason(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadJurisdictions, match=sentence):
        read_jurisdictions(path)


def test_a_missing_list_and_a_wrong_window_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadJurisdictions, match="cannot be read"):
        read_jurisdictions(tmp_path / "none.csv")
    with pytest.raises(BadParameter, match="Parameter “call_for_action” .*not of the form"):
        RULE.with_values({"call_for_action": ["IR 2020"]})


@pytest.mark.parametrize(
    ("day", "grave", "monitored"),
    [
        ("2018-10-19", "KP IR", "BS BW ET GH PK RS LK SY TT TN YE"),
        ("2020-02-21", "KP IR", "AL BS BB BW KH GH IS JM MU MN MM NI PK PA SY UG YE ZW"),
        ("2020-10-23", "KP IR", "AL BS BB BW KH GH JM MU MM NI PK PA SY UG YE ZW"),
        ("2022-10-21", "KP IR MM", "AL BB BF KH KY CD GI HT JM JO ML MA MZ PA PH SN SS SY TZ TR UG AE YE"),
        ("2024-06-28", "KP IR MM", "BG BF CM CD HR HT KE ML MC MZ NA NG PH SN ZA SS SY TZ VE VN YE"),
        ("2026-02-13", "KP IR MM", "DZ AO BO BG CM CI CD HT KE KW LA LB MC NA NP PG SS SY VE VN VG YE"),
        ("2026-06-19", "KP IR MM", "AO BO BA BG CM CI CD HT IQ KE KW LA LB MC NP PG SS SY VE VN VG YE"),
    ],
)
def test_the_list_of_the_desk_gives_the_published_lists_back(day: str, grave: str, monitored: str) -> None:
    tiers = {country: fatf().tier(country, date.fromisoformat(day)) for country in COUNTRIES}
    assert {one for one, tier in tiers.items() if tier is Tier.CALL_FOR_ACTION} == set(grave.split())
    assert {one for one, tier in tiers.items() if tier is Tier.INCREASED_MONITORING} == set(monitored.split())
    assert high_risk("KP", date.fromisoformat(day))
    assert not high_risk("US", date.fromisoformat(day))


def test_a_window_reads_what_it_writes() -> None:
    for tier in Tier:
        for window in fatf().windows[tier]:
            assert Window.read(str(window)) == window


def test_the_rule_compiles_for_both_engines() -> None:
    assert compiles_everywhere(RULE)
    assert compiles_everywhere(RULE.with_values({"call_for_action": []}))


OURS = {
    "call_for_action": ["IR 2026-11-08/..", "MM 2026-11-06/2026-11-10"],
    "increased_monitoring": ["MM 2026-11-10/.."],
}
VARIANTS = (
    RULE.with_values({**OURS, "window_days": 3}),
    RULE.with_values({**OURS, "window_days": 1, "call_minor": 0, "smallest_minor": 0, "monitored_minor": 4_000_00}),
    RULE.with_values({**OURS, "window_days": 5, "call_minor": 9_000_00, "monitored_minor": 5_000_00}),
)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
@given(world=worlds(12, (0, 99_99, 100_00, 1_000_00, 4_000_00, 9_000_00), ("US", "IR", "MM", "MM", "")))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_rule_finds_exactly_what_plain_loops_find(rule: HighRiskGeography, world: tuple[list[Tx], Owners]) -> None:
    assert found(rule, *world) == expected(rule, *world)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
def test_the_rule_agrees_with_plain_loops_on_a_crowd_in_any_order(rule: HighRiskGeography) -> None:
    agrees_on_a_crowd(rule, *crowd(7, 20, (90_00, 1_000_00, 4_000_00, 9_000_00), ("US", "US", "IR", "MM", "")))
