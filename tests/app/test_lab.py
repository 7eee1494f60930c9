"""The detection lab: thresholds as fields, what they would have raised, and the scorecard."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from casedesk.services import lab
from tests.app.bank import Bank
from tests.app.conftest import Open
from tests.app.reading import text


def press_try(at: AppTest) -> AppTest:
    return at.get_by_key("lab_try").click().run()


def test_before_anything_was_tried_the_page_says_what_to_do(open_as: Open) -> None:
    at = open_as("marta", "lab")
    assert "Nothing was tried yet" in text(at)
    assert not at.table


def test_every_parameter_of_every_rule_is_a_field_with_its_value_in_force(open_as: Open) -> None:
    at = open_as("marta", "lab")
    for rule in lab.RULES:
        at.get_by_key("lab_rule").set_value(rule.name).run()
        assert not at.exception
        assert not at.error
        fields = {
            f.key: f for f in (*at.number_input, *at.text_input) if f.key and f.key.startswith(f"lab_{rule.name}_")
        }
        described = rule.parameters.described()
        assert set(fields) == {f"lab_{rule.name}_{one.name}" for one in described}
        for one in described:
            field = fields[f"lab_{rule.name}_{one.name}"]
            assert one.source.split()[0] in field.help
            if isinstance(one.default, int):
                assert field.value in (one.default, one.default / 100)


def test_trying_shows_both_sides_and_leaves_the_fields_as_they_are(open_as: Open) -> None:
    at = open_as("ines", "lab")
    at.get_by_key("lab_structuring_count").set_value(9)
    at.get_by_key("lab_structuring_total_minor").set_value(40_000.0)
    press_try(at)
    assert not at.error
    assert list(at.table[0].value.columns) == ["", "In force", "Tried"]
    assert "count 5 → 9" in text(at)
    assert "total USD 30,000.00 → USD 40,000.00" in text(at).replace("\\", "")
    assert at.get_by_key("lab_structuring_count").value == 9


def test_values_that_contradict_each_other_are_refused_and_kept(open_as: Open) -> None:
    at = open_as("marta", "lab")
    at.get_by_key("lab_structuring_below_count").set_value(50)
    press_try(at)
    assert "below_count" in at.error[0].value.replace("\\", "")
    assert at.get_by_key("lab_structuring_below_count").value == 50
    at.get_by_key("lab_reset").click().run()
    assert at.get_by_key("lab_structuring_below_count").value == 4


def test_a_channel_that_is_none_is_refused_by_name(open_as: Open) -> None:
    at = open_as("marta", "lab")
    at.get_by_key("lab_structuring_channels").set_value("CASH, PIGEON")
    press_try(at)
    assert "PIGEON" in at.error[0].value


def test_the_scorecard_counts_what_the_bank_has(open_as: Open, bank: Bank) -> None:
    at = open_as("ines", "lab")
    at.get_by_key("lab_view").set_value("Scorecard").run()
    assert not at.exception
    rules = at.dataframe[0].value
    assert rules["Alerts"].sum() > 0
    months = at.dataframe[1].value
    assert months["Alerts"].sum() == rules["Alerts"].sum()
