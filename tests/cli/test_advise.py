"""`casedesk advise`: run, show, replay, agreement."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.cases import Disposition
from casedesk.domain.people import SYSTEM
from casedesk.services import advising, intake
from casedesk.store.tables import cascade_steps
from tests.builders import Move, TestDesk
from tests.cli.conftest import Command


def test_advice_is_given_shown_and_derived_again(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    case_id = desk.open(severity=96)
    assert casedesk("advise", "run", "--json").json == {
        "examined": 1, "advised": 1, "unchanged": 0, "asked": 0, "moved": 0, "unheard": {},
    }  # fmt: skip
    assert casedesk("advise", "run").out == "0 cases looked at, 0 advised on, 0 with nothing new.\n"
    shown = casedesk("advise", "show", case_id, "--as", "mia")
    assert "ESCALATE, priority 1. A person decides." in shown.out
    assert "19,000.00 is at or above the line of USD 5,000.00" in shown.out
    as_json = casedesk("advise", "show", case_id, "--json", "--as", "mia").json
    assert (as_json["verdict"], as_json["score"], as_json["report_recommended"]) == ("ESCALATE", None, True)
    refused = casedesk("advise", "show", case_id, "--as", "ben")
    assert (refused.code, refused.out, "take the case first" in refused.err) == (2, "", True)
    assert casedesk("advise", "run", "--as", "ann").code == 2
    assert casedesk("advise", "replay", "--as", "otto").code == 0
    desk.tamper(sa.update(cascade_steps).values(inputs="{}"))
    told = casedesk("advise", "replay", "--as", "otto")
    assert (told.code, "its steps cannot be read" in told.err) == (1, True)


def test_a_run_of_the_rules_can_advise_on_what_it_found(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    desk.book(Move(f"T-{n}", 8 * n, 950_000, to_account="K-1/1") for n in range(5))
    assert casedesk("detect", "--rule", "structuring", "--advise", "--json").json["cases_opened"] == 1
    assert desk.actions("C-26-00001") == ["case_opened", "alert_attached", "advice_given"]
    assert casedesk("advise", "budget", "--as", "otto").out == (
        "No language model is switched on; nothing leaves this machine.\n"
    )
    assert casedesk("advise", "budget", "--as", "ann").code == 2


def test_what_a_language_model_did_not_say_is_told(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    desk.open(severity=60)
    told = casedesk(
        "advise", "run",
        llm="true", llm_url="http://127.0.0.1:9/v1", llm_model="m", llm_price_in="0", llm_price_out="0", llm_band="0-1",
    )  # fmt: skip
    assert (told.code, told.out) == (0, "1 case looked at, 1 advised on, 0 with nothing new.\n")
    assert "by levels 1 and 2 alone, were advised on: 1 got no answer that could be read in time." in told.err


def test_agreement_is_told_to_who_may_know_decisions(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    case_id = desk.open(severity=96)
    advising.run(reading=desk.reading, writing=desk.writing, actor=SYSTEM, at=desk.at(), base_currency="USD")
    desk.take("ann", case_id)
    intake.attach_alert(**desk.who("ann", case_id), alert_id=desk.alert(severity=90, rule="velocity"))
    assert "run: casedesk advise run" in casedesk("advise", "show", case_id, "--as", "otto").out
    desk.decide("ann", case_id, Disposition.NO_SAR)
    found = casedesk("advise", "agreement", "--json", "--as", "queenie").json
    assert (found["cases"], found["counts"]) == (1, [["ESCALATE", "No SAR", 1]])
    assert "0 of 1 (0.0 % to 97.5 %)" in casedesk("advise", "agreement", "--as", "otto").out
    assert casedesk("advise", "agreement", "--as", "ann").code == 2
    shown = casedesk("advise", "show", case_id, "--as", "otto").out  # no run would advise on it any more
    assert ("The case has grown since" in shown, "casedesk advise run" in shown) == (True, False)
