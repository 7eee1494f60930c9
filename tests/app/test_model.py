"""The Model page: the shipped model says so, a proposal stands beside what it would replace, and another manager decides it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from app.ui import paging
from casedesk.modelling.model_files import CARD, ONNX
from casedesk.services import models
from casedesk.services.default_model import FOLDER
from casedesk.services.models import ProposalState
from casedesk.store.model_store import ModelRun
from casedesk.store.tables import model_files
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import text

REASON = "Trained on our own data of May."


def keys(at: AppTest) -> set[str]:
    return {button.key for button in at.button if button.key}


def propose(bank: Bank, who: str = "omar") -> None:
    desk = bank.desk()
    models.propose(
        uow=desk.writing(), actor=BY_ID[who], at=NOW, files=models.in_folder(FOLDER), reason=REASON
    )  # fmt: skip
    desk.close()


def states(bank: Bank) -> list[tuple[str, ProposalState]]:
    desk = bank.desk()
    try:
        found = models.overview(look=desk.reading(), actor=BY_ID["ines"])
        return [(one.decided_by, one.state) for one in found.versions]
    finally:
        desk.close()


def folder(without: str = "") -> list[tuple[str, bytes, str]]:
    """The shipped model's files, as a browser sends a folder."""
    return [
        (f"default/{one.name}", one.read_bytes(), "application/octet-stream")
        for one in FOLDER.iterdir()
        if one.name != without
    ]


def test_without_a_version_the_shipped_model_scores_and_says_that_it_must_be_retrained(open_as: Open) -> None:
    at = open_as("ines", "model")
    assert not at.exception
    assert "The shipped model scores" in text(at)
    said = " ".join(caption.value for caption in at.caption)
    assert "must be retrained" in said
    assert "It has not scored this desk's payments yet" in said
    assert "**Drift**" in text(at)
    assert "No case was closed yet after it had scored its customer." in said
    assert "**Reliability** :gray[what was said against what came true; the dashed line is where both agree]" in text(
        at
    )
    assert "model_propose" not in keys(at)  # an auditor looks


def test_a_manager_proposes_in_the_app_and_another_puts_in_force(open_as: Open, bank: Bank) -> None:
    at = open_as("omar", "model")
    assert at.get_by_key("model_propose").disabled
    at.file_uploader[0].set_value(folder(without=ONNX)).run()
    assert "model.onnx of the model that was sent was altered" in at.error[0].value.replace("\\", "")
    at.file_uploader[0].set_value(folder()).run()
    beside = at.table[0].value
    assert list(beside) == ["", "Shipped model", "This one"]
    assert beside["Shipped model"].tolist() == beside["This one"].tolist()  # the same model, after all
    at.get_by_key("model_proposal_reason").set_value("short")
    at.get_by_key("model_propose").click().run()
    assert "needs a reason of at least 10 characters" in at.error[0].value
    at.get_by_key("model_proposal_reason").set_value(REASON)
    at.get_by_key("model_propose").click().run()
    assert not at.exception
    assert states(bank) == [("", ProposalState.PROPOSED)]
    assert at.get_by_key("model_approve").disabled
    assert "another manager has to decide it" in text(at)
    assert "model_propose" not in keys(at)  # one waits

    at = open_as("marta", "model")
    at.get_by_key("model_approve").click().run()
    assert not at.exception
    assert states(bank) == [("marta", ProposalState.IN_FORCE)]
    assert "model_approve" not in keys(at)


def test_a_rejection_needs_a_reason_and_keeps_what_was_typed(open_as: Open, bank: Bank) -> None:
    propose(bank)
    at = open_as("marta", "model")
    at.get_by_key("model_reason_MV-000001").set_value("too short")
    at.get_by_key("model_reject").click().run()
    assert "A rejection needs a reason" in at.error[0].value
    assert at.get_by_key("model_reason_MV-000001").value == "too short"
    at.get_by_key("model_reason_MV-000001").set_value("It finds fewer of last year's reports.")
    at.get_by_key("model_reject").click().run()
    assert states(bank) == [("marta", ProposalState.REJECTED)]
    assert "It finds fewer of last year" in text(at)


def test_the_maker_withdraws_the_auditor_looks_and_the_slower_is_told(open_as: Open, bank: Bank) -> None:
    propose(bank)
    at = open_as("ines", "model")
    assert at.get_by_key("model_approve").disabled
    assert "model_withdraw" not in keys(at)
    slow = open_as("marta", "model")
    at = open_as("omar", "model")
    at.get_by_key("model_reason_MV-000001").set_value("Made in haste, sorry.")
    at.get_by_key("model_withdraw").click().run()
    assert states(bank) == [("omar", ProposalState.WITHDRAWN)]
    slow.get_by_key("model_approve").click().run()
    assert not slow.exception
    assert "MV-000001 is withdrawn" in slow.error[0].value.replace("\\", "")


def test_a_challenger_stands_beside_what_it_would_replace(open_as: Open, bank: Bank) -> None:
    propose(bank)
    desk = bank.desk()
    with desk.writing() as uow:  # the shipped model ran before any case was closed, and scored nobody
        uow.models.insert_run(
            ModelRun(
                "MR-000001", "", "0" * 64, NOW - timedelta(days=400), 1, 1, '{"amount": 0.3, "got_n_1": 0.1}', "0" * 64
            ),
            [],
        )
        uow.commit()
    desk.close()
    at = open_as("marta", "model")
    assert at.dataframe[0].value["Model"].tolist() == ["MV-000001", "Shipped"]
    beside = at.table[0].value.set_index("")
    assert list(beside) == ["Shipped model", "MV-000001"]
    assert beside.loc["Accounts it calls High on this desk"].tolist() == ["0", "–"]
    assert beside.loc["Features that drifted on this desk"].tolist() == ["1", "–"]
    assert next(metric.label for metric in at.metric) == "PR-AUC of payments"
    at.session_state["models_chosen"] = "Shipped"
    at.run()
    assert at.table[0].value["Best account"].tolist()[-1] == ":gray[not scored]"
    assert at.table[0].value["SAR"].sum() > 0
    assert "Of the cases it called High, SAR: none decided." in " ".join(caption.value for caption in at.caption)


def test_a_version_whose_files_are_missing_or_others_says_so_and_the_page_works_on(
    open_as: Open, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    propose(bank)
    desk = bank.desk()
    models.withdraw(
        uow=desk.writing(), actor=BY_ID["omar"], at=NOW, version_id="MV-000001", reason="Made in haste, sorry."
    )
    propose(bank)
    with desk.writing() as uow:
        connection = uow.models._connection
        connection.execute(sa.delete(model_files).where(model_files.c.version_id == "MV-000001"))
        connection.execute(sa.update(model_files).where(model_files.c.name == CARD).values(content=b"another"))
        uow.commit()
    desk.close()
    monkeypatch.setattr(paging, "ROWS", 1)
    for number, said in ((1, "MV-000002 was changed outside the desk"), (2, "MV-000001 are not in this database")):
        at = open_as("marta", "model")
        at.session_state["models_page"] = number
        at.run()
        assert not at.exception
        assert said in at.warning[0].value.replace("\\", "")
    assert "2–2 of 3" in text(at)
