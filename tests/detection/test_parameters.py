"""Every threshold can be read by an examiner, and a wrong one is refused with a sentence."""

from __future__ import annotations

import json

import pytest

from casedesk.detection.parameters import BadParameter
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES, Structuring, UnknownRule, rules_with
from casedesk.detection.rules.structuring import StructuringParameters


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_parameter_has_unit_reason_and_source(rule: Rule) -> None:
    described = rule.parameters.described()
    assert [one.name for one in described] == list(type(rule.parameters).model_fields)
    for one in described:
        assert one.unit
        assert one.reason.endswith(".")
        assert one.source
        assert one.value == one.default
        assert not one.changed
        if isinstance(one.value, int):
            assert one.lowest is not None
            assert one.highest is not None
            assert one.lowest <= one.value <= one.highest


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "channels" in rule.parameters.values()], ids=lambda rule: rule.name
)
def test_a_channel_that_no_transaction_has_is_refused_by_every_rule_that_takes_channels(rule: Rule) -> None:
    with pytest.raises(BadParameter, match="cannot be 'PIGEON'; give one or more of CASH, ACH, "):
        rule.with_values({"channels": ["CASH", "PIGEON"]})


def test_the_defaults_are_the_original_values() -> None:
    by_rule = {rule.name: rule.parameters.values() for rule in RULES}
    assert (
        by_rule["structuring"]
        | {
            "window_minutes": 60,
            "count": 5,
            "below_count": 4,
            "below_minor": 1_000_000,
            "total_minor": 3_000_000,
            "channels": ["ACH", "CASH", "WIRE"],
            "direction": "in",
        }
        == by_rule["structuring"]
    )
    assert by_rule["velocity"]["window_minutes"] == 10
    assert by_rule["geography"] | {"window_minutes": 30, "countries": 3} == by_rule["geography"]


def test_a_changed_value_is_seen_beside_its_default() -> None:
    changed = Structuring().with_values({"count": 7})
    (count,) = (one for one in changed.parameters.described() if one.changed)
    assert (count.name, count.value, count.default) == ("count", 7, 5)


def test_the_canonical_text_is_sorted_and_complete_and_reads_back() -> None:
    parameters = StructuringParameters()
    text = parameters.canonical()
    assert text.startswith('{"below_count":4,"below_minor":1000000,"channels":["ACH","CASH","WIRE"],"count":5,')
    assert StructuringParameters.read(json.loads(text)) == parameters


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"window_minutes": 0},
            "Parameter “window_minutes” (minutes) of rule “structuring” cannot be 0; give a whole number from 1 to 10,080.",
        ),
        (
            {"count": 5.5},
            "Parameter “count” (transactions) of rule “structuring” cannot be 5.5; give a whole number from 2 to 1,000.",
        ),
        (
            {"direction": "up"},
            "Parameter “direction” (in, out or any) of rule “structuring” cannot be 'up'; give in, out or any.",
        ),
        (
            {"channels": ["CASH", "PIGEON"]},
            "Parameter “channels” (channels) of rule “structuring” cannot be 'PIGEON'; give one or more of CASH, ACH, ",
        ),
        (
            {"channels": []},
            "Parameter “channels” (channels) of rule “structuring” cannot be []; give one or more of CASH, ACH, ",
        ),
        (
            {"windw": 5},
            "There is no parameter “windw” of rule “structuring”; choose one of below_count, below_minor, channels, count,",
        ),
        (
            {"count": 3},
            "Rule “structuring”: parameter “below_count” (4) cannot exceed “count” (3), of which it is a part.",
        ),
        (
            {"below_minor": 10**19},
            "Parameter “below_minor” (minor units of the base currency) of rule “structuring” cannot be 1000000000",
        ),
    ],
)
def test_a_value_a_rule_cannot_take_is_refused_with_a_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        rules_with({"structuring": values})
    assert str(refusal.value).startswith(sentence)


def test_two_wrong_values_are_both_named() -> None:
    with pytest.raises(BadParameter, match=r"“window_minutes”.*“count”"):
        Structuring().with_values({"window_minutes": -1, "count": 0})


def test_an_unknown_rule_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(UnknownRule, match="no rule “structring”; choose one of structuring, velocity, geography"):
        rules_with({"structring": {}})


def test_names_are_unique_and_versions_are_text() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.version and rule.title for rule in RULES)
