"""The Model page: the shipped model says so, and a challenger stands beside the champion with its own card."""

from __future__ import annotations

from datetime import timedelta

from casedesk.services import models
from casedesk.services.default_model import FOLDER
from casedesk.store.model_store import ModelRun
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import text


def test_without_a_version_the_shipped_model_scores_and_says_that_it_must_be_retrained(open_as: Open) -> None:
    at = open_as("ines", "model")
    assert not at.exception
    assert "The shipped model scores" in text(at)
    said = " ".join(caption.value for caption in at.caption)
    assert "must be retrained" in said
    assert "It has not scored this desk's payments yet" in said
    assert "No case was closed yet after it had scored its customer." in said
    assert "**Reliability** :gray[what was said against what came true; the dashed line is where both agree]" in text(at)


def test_a_challenger_stands_beside_the_champion(open_as: Open, bank: Bank) -> None:
    desk = bank.desk()
    models.propose(
        uow=desk.writing(), actor=BY_ID["omar"], at=NOW, folder=FOLDER, reason="Trained on our own data of May."
    )
    with desk.writing() as uow:  # the shipped model ran before any case was closed, and scored nobody
        uow.models.insert_run(
            ModelRun("MR-000001", "", "0" * 64, NOW - timedelta(days=400), 1, 1, '{"amount": 0.1}', "0" * 64), []
        )
        uow.commit()
    desk.close()
    at = open_as("marta", "model")
    assert at.table[0].value["Best account"].tolist()[-1] == ":gray[not scored]"
    assert at.table[0].value["SAR"].sum() > 0
    assert "Of the cases it called High, SAR: none decided." in " ".join(caption.value for caption in at.caption)
    at.get_by_key("model_chosen").set_value("MV-000001").run()
    assert not at.exception
    assert at.dataframe[0].value["Model"].tolist() == ["MV-000001"]
    assert next(metric.label for metric in at.metric) == "PR-AUC of payments"
