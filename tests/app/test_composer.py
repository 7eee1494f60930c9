"""The narrative's composer: a draft, figures by click, the text as it would be sent, and what stops it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casedesk.domain.cases import Disposition, Stage
from casedesk.services import casefile, narratives
from tests.app.bank import BY_ID, Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text
from tests.app.test_case import Panel

Make = Callable[[], Panel]

SAID = (
    "Customer paid in {{sum:case}} in {{count:case}} cash deposits at one branch between {{first:case}} and {{last:case}}, each of "
    "them below the reporting line, as if to avoid a report; the customer declined to say where the money came from, and no "
    "business on file explains it."
)


@pytest.fixture
def report(open_as: Open, bank: Bank) -> Make:
    """The decision form of a case that luis holds, at a report."""

    def opened() -> Panel:
        panel = Panel(open_as, bank, "luis", "luis").show("Decide")
        panel.write("disposition", Disposition.SAR)
        return panel

    return opened


def shown(panel: Panel) -> str:
    return text(panel.at).replace("\\", "")


def test_a_draft_fills_the_empty_field_and_its_gaps_stop_it(report: Make, bank: Bank) -> None:
    panel = report().press("draft")
    typed = panel.field("narrative").value
    assert "{{sum:case}}" in typed
    assert panel.field("draft").disabled
    assert "is a gap of the draft; fill it or take it out." in shown(panel)
    assert "bound figures" in " ".join(one.label for one in panel.at.expander)
    panel.press("decide")
    assert any("is a gap of the draft" in one for one in sentences(panel.at))
    assert panel.field("narrative").value == typed


def test_a_figure_is_inserted_by_a_click(report: Make, bank: Bank) -> None:
    panel = report().write("narrative", "In all")
    panel.press("insert")
    assert panel.field("narrative").value == "In all {{sum:case}}"
    panel.field("figure").set_value("count")
    panel.field("figure_side").set_value("/in")
    panel.at.run()
    panel.press("insert")
    assert panel.field("narrative").value == "In all {{sum:case}} {{count:case/in}}"


def test_the_text_is_shown_as_it_will_read_and_sent_like_that(report: Make, bank: Bank) -> None:
    panel = report().write("narrative", SAID)
    (label,) = [one.label for one in panel.at.expander if one.label.startswith("As it will read")]
    assert "of 17,000 characters" in label
    assert "4 bound figures" in label
    panel.press("decide")
    file = casefile.read(uow=bank.desk().reading(), actor=BY_ID["marta"], case_id=bank.cases["luis"])
    assert file.stage is Stage.AWAITING
    assert "{{" not in file.case.decision_text
    assert narratives.typed_before(file.events) == SAID


def test_a_binding_that_cannot_be_told_is_said_while_it_is_typed(report: Make) -> None:
    panel = report().write("narrative", "In all {{total:case}}.")
    assert any("is no figure; write one of sum, count" in one for one in sentences(panel.at))


def test_rework_starts_from_what_was_typed(report: Make, open_as: Open, bank: Bank) -> None:
    report().write("narrative", SAID).press("decide")
    judge = Panel(open_as, bank, "marta", "luis")
    judge.write("reason", "Name the branch.").press("return")
    panel = report()
    panel.press("last_text")
    assert panel.field("narrative").value == SAID


def test_a_rationale_has_no_composer(report: Make) -> None:
    panel = report().write("disposition", Disposition.NO_SAR)
    assert f"draft_{panel.case_id}" not in {one.key for one in panel.at.button}
