"""The risk panel of a case and the Risk page: parts that add up, ways, likeness without a word of a report, forms."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.domain.people import SYSTEM
from casedesk.services import model_runs, party_lists, scores, scoring
from casedesk.store.tables import model_runs as model_runs_table
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text


@pytest.fixture
def listed(bank: Bank, tmp_path: Path) -> Bank:
    """List the first counterparty of the bank's payments, and a name like a customer's, and compute scores."""
    path = tmp_path / "listed.csv"
    path.write_text("kind,party,reason\naccount,X-0,asked for by the police\nname,CUSTOMER 03,known elsewhere\n")
    desk = bank.desk()
    party_lists.load(uow=desk.writing(), actor=SYSTEM, at=NOW, path=path)
    party_lists.screen(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=NOW)
    scoring.run(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=NOW, base_currency="USD")
    desk.close()
    return bank


def show_risk(open_as: Open, user: str, case_id: str) -> str:
    at = open_as(user, "case", id=case_id)
    at.session_state[f"tab_{case_id}"] = "Risk"
    at.run()
    assert not at.exception
    return text(at)


def test_the_panel_says_why_and_each_list_adds_up(open_as: Open, listed: Bank) -> None:
    said = show_risk(open_as, "grace", listed.cases["held"])
    for head in ("**Rules**", "**Exposure**", "**Strongest ways**", "**Model**", "**Similar past cases**"):
        assert head in said
    at = open_as("grace", "case", id=listed.cases["held"])
    at.session_state[f"tab_{listed.cases['held']}"] = "Risk"
    at.run()
    rules, exposed, ways = (table.value for table in at.table[:3])
    assert list(rules["Severity"]) == [66, 30, 66]
    for column in ("Alerts", "Transactions", "Amount USD"):
        assert sum(rules[column][:-1]) == pytest.approx(rules[column].iloc[-1]), column
    assert exposed.iloc[0, 1] == pytest.approx(sum(exposed.iloc[0, 2:]), abs=1e-12)
    assert sum(ways["Part"][:-1]) == pytest.approx(ways["Part"].iloc[-1], abs=1e-4)
    assert "X-0" in ways["Way"].iloc[0].replace("\\", "")


def test_the_models_parts_add_up_to_its_raw_score_and_a_desk_without_a_run_says_so(open_as: Open, bank: Bank) -> None:
    case_id = bank.cases["held"]
    assert "The model has scored nothing yet" in show_risk(open_as, "grace", case_id)
    desk = bank.desk()
    model_runs.run(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=NOW)
    desk.close()
    at = open_as("grace", "case", id=case_id)
    at.session_state[f"tab_{case_id}"] = "Risk"
    at.run()
    assert not at.exception
    assert "the model that ships with the desk, which was trained on made-up banks" in text(at)
    accounts, parts = (table.value for table in at.table if {"Probability", "Feature"} & set(table.value.columns))
    assert list(accounts["Probability"]) == sorted(accounts["Probability"], reverse=True)
    assert sum(parts["Part"][:-1]) == pytest.approx(parts["Part"].iloc[-1], abs=2e-5)
    days = [one for one in parts["Feature"] if one.endswith("d")]
    assert days
    assert not [one for one in days if one.endswith(" d")]  # no line ends between a number and its unit


@pytest.mark.parametrize(("payments", "held"), [(1_000, True), (999, False)])
def test_a_case_and_the_model_page_say_that_a_run_was_held_back(
    open_as: Open, bank: Bank, payments: int, held: bool
) -> None:
    case_id = bank.cases["held"]
    desk = bank.desk()
    model_runs.run(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=NOW)
    with desk.writing() as uow:
        uow.models._connection.execute(
            sa.update(model_runs_table).values(drift='{"amount": 3.5, "pair_n_90": 1.5}', transactions=payments)
        )
        uow.commit()
    desk.close()
    said = ("probabilities keep 0.100 of their distance from its base rate", "A low one clears nobody")
    assert all((one in show_risk(open_as, "grace", case_id)) is held for one in said)
    at = open_as("marta", "model")
    at.session_state["models_chosen"] = "Shipped"
    at.run()
    warned = " ".join(one.value for one in at.warning)
    assert ("The mean is 2.500, above 0.25, so probabilities keep 0.25 ÷ 2.500 = 0.100" in warned) is held


def test_a_desk_without_scores_or_lists_says_what_to_do(open_as: Open, bank: Bank) -> None:
    assert "No scores were computed yet; a manager does it" in show_risk(open_as, "grace", bank.cases["held"])
    at = open_as("marta", "risk")
    assert at.get_by_key("score_run").disabled
    assert "No list of parties is in force; load one first" in text(at)
    for tab, said in (("Runs", "No scores were computed yet"), ("Lists", "No list was loaded yet")):
        at.session_state["risk_tab"] = tab
        at.run()
        assert said in text(at)


def test_a_manager_computes_scores_and_others_are_told_who_may(open_as: Open, listed: Bank) -> None:
    at = open_as("grace", "risk")
    assert at.get_by_key("score_run").disabled
    at = open_as("marta", "risk")
    at.get_by_key("score_run").click().run()
    assert not at.exception
    desk = listed.desk()
    assert len(scores.overview(uow=desk.reading(), actor=SYSTEM).runs) == 2
    desk.close()
    at.session_state["risk_tab"] = "Runs"
    at.run()
    assert "Both were computed from the same." in text(at)
    assert "No account has another score." in text(at)


def test_an_account_without_a_score_before_has_a_dash_and_no_0(open_as: Open, listed: Bank, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("kind,party,reason\naccount,DDA-1,asked for by a court\n")
    desk = listed.desk()
    party_lists.load(uow=desk.writing(), actor=SYSTEM, at=NOW, path=path, source="Court")
    scoring.run(
        look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=NOW + timedelta(seconds=1), base_currency="USD"
    )
    desk.close()
    at = open_as("grace", "risk")
    at.session_state["score_whose"] = "All accounts"
    at.run()
    (board,) = (frame.value for frame in at.dataframe if "Exposure" in frame.value.columns)
    before = dict(zip(board["Account"], board["Before"], strict=True))
    assert (before["X-3"], before["DDA-2"] > "0.0000") == ("–", True)
    at.session_state["risk_tab"] = "Runs"
    at.run()
    (moved,) = (frame.value for frame in at.dataframe if "Change" in frame.value.columns)
    rows = {row[0]: row[1:] for row in moved.itertuples(index=False, name=None)}
    assert rows["X-3"][0] == "–"
    assert rows["X-3"][2] == f"+{rows['X-3'][1]}"


def test_a_name_is_confirmed_with_a_reason_and_refused_without(open_as: Open, listed: Bank) -> None:
    at = open_as("grace", "risk")
    at.session_state["risk_tab"] = "Name matches :gray[1]"
    at.run()
    desk = listed.desk()
    (match,) = party_lists.matches(uow=desk.reading(), actor=SYSTEM).shown
    assert "known elsewhere" not in text(at), "why a party is listed is for those with need to know"
    at.get_by_key("match_confirm").click().run()
    assert "Say what was compared besides the names" in sentences(at)[0]
    at.get_by_key(f"match_reason_{match.match_id}").set_value("Same passport number and day of birth.").run()
    at.get_by_key("match_confirm").click().run()
    assert "No name waits for a person" in text(at)
    found = party_lists.matches(uow=desk.reading(), actor=SYSTEM, state=party_lists.MatchState.CONFIRMED)
    assert [one.decided_by for one in found.shown] == ["grace"]
    desk.close()


def test_a_decision_that_a_colleague_took_meanwhile_is_refused(open_as: Open, listed: Bank) -> None:
    at = open_as("grace", "risk")
    at.session_state["risk_tab"] = "Name matches :gray[1]"
    at.run()
    desk = listed.desk()
    (match,) = party_lists.matches(uow=desk.reading(), actor=SYSTEM).shown
    at.get_by_key(f"match_reason_{match.match_id}").set_value("Same passport number and day of birth.").run()
    party_lists.decide(
        uow=desk.writing(), actor=BY_ID["luis"], at=NOW, match_id=match.match_id, confirmed=False,
        reason="Born forty years later, by the register.",
    )  # fmt: skip
    desk.close()
    at.get_by_key("match_confirm").click().run()
    assert not at.exception
    assert party_lists.matches(uow=listed.desk().reading(), actor=SYSTEM).counts[party_lists.MatchState.REFUSED] == 1
