"""The desk's model: a maker, a checker, what it scored, and what verification finds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
import sqlalchemy as sa

from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import RoleForbids
from casedesk.domain.proposals import AnotherWaits, BadReason, MakerIsChecker, NotMaker, NotWaiting, ProposalState
from casedesk.domain.verification import Verdict
from casedesk.errors import CasedeskError
from casedesk.modelling.model_files import CARD_JSON, FACTS, FILES, ONNX, TREES, Altered, write
from casedesk.services import model_runs, models
from casedesk.services.audit import verify_database
from casedesk.services.default_model import FOLDER
from casedesk.store.model_store import NoSuchModel
from casedesk.store.tables import model_files, model_scores, model_versions
from tests.builders import Move, TestDesk

REASON = "Trained on the last quarter of our own data."


def propose(desk: TestDesk, who: str = "mia", folder: Path = FOLDER, reason: str = REASON) -> Recorded:
    return models.propose(
        uow=desk.writing(), actor=desk.people[who], at=desk.at(), files=models.in_folder(folder), reason=reason
    )


def approve(desk: TestDesk, who: str = "max", version_id: str = "MV-000001") -> Recorded:
    return models.approve(uow=desk.writing(), actor=desk.people[who], at=desk.at(), version_id=version_id)


def overview(desk: TestDesk) -> models.Overview:
    return models.overview(look=desk.reading(), actor=desk.people["otto"])


def run(desk: TestDesk, version_id: str | None = None) -> Recorded:
    return model_runs.run(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), version_id=version_id
    )


def verdict(desk: TestDesk) -> tuple[Verdict, list[str]]:
    report = verify_database(uow=desk.reading())
    return report.verdict, [finding.problem for finding in report.findings]


def booked(desk: TestDesk) -> TestDesk:
    desk.customer("K-2")
    desk.book(Move(f"t{n}", 60.0 * n, 9_500_00, to_account="K-1/1") for n in range(4))
    desk.book(Move(f"u{n}", 300 + 60.0 * n, 9_000_00, from_account="K-1/1", to_account="K-2/1") for n in range(3))
    return desk


def test_one_proposes_another_puts_in_force_and_the_one_before_is_superseded(any_desk: TestDesk) -> None:
    desk = any_desk
    proposed = propose(desk)
    assert overview(desk).champion is None
    with pytest.raises(MakerIsChecker):
        approve(desk, "mia")
    approve(desk)
    propose(desk, "max")
    approve(desk, "mia", "MV-000002")
    found = overview(desk)
    assert found.champion is not None
    assert [(one.version_id, one.state) for one in found.versions] == [
        ("MV-000002", ProposalState.IN_FORCE), ("MV-000001", ProposalState.SUPERSEDED)
    ]  # fmt: skip
    assert found.champion.model_id == proposed.data["model_id"]
    assert [event.action for event in desk.history(DESK)[-2:]] == ["model_proposed", "model_put_in_force"]
    assert verdict(desk) == (Verdict.VERIFIED, [])


def test_what_may_not_be_decided_says_why(desk: TestDesk) -> None:
    with pytest.raises(RoleForbids):
        propose(desk, "ann")
    with pytest.raises(BadReason):
        propose(desk, reason="short")
    propose(desk)
    with pytest.raises(AnotherWaits, match="MV-000001, proposed by mia, waits"):
        propose(desk, "max")
    with pytest.raises(NotMaker):
        models.withdraw(
            uow=desk.writing(), actor=desk.people["max"], at=desk.at(), version_id="MV-000001", reason=REASON
        )
    models.withdraw(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), version_id="MV-000001", reason=REASON)
    with pytest.raises(NotWaiting, match="is withdrawn"):
        approve(desk)
    propose(desk)
    models.reject(uow=desk.writing(), actor=desk.people["max"], at=desk.at(), version_id="MV-000002", reason=REASON)
    with pytest.raises(NoSuchModel, match="casedesk model list"):
        approve(desk, version_id="MV-000009")
    assert verdict(desk) == (Verdict.VERIFIED, [])


def test_a_folder_that_was_altered_is_not_proposed(desk: TestDesk, tmp_path: Path) -> None:
    folder = copytree(FOLDER, tmp_path / "model")
    (folder / ONNX).write_bytes((folder / ONNX).read_bytes() + b"x")
    with pytest.raises(Altered, match=r"model.onnx of the model model was altered"):
        propose(desk, folder=folder)
    assert overview(desk).versions == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (FACTS, "hello", "model.json of the model model is no such file"),
        (FACTS, '{"features_version": "1"}', "model.json does not name the features"),
        (ONNX, "no onnx", "ONNX Runtime cannot run"),
        (TREES, "tree", "trees.txt holds no trees that LightGBM can read: max_feature_idx of the head has 0 numbers"),
        (TREES, "of another model", "scores by its trees and by its ONNX file are"),
        (CARD_JSON, "[]", "card.json is no model's card"),
    ],
)
def test_a_folder_whose_hashes_are_right_and_whose_files_are_wrong_is_not_proposed(
    desk: TestDesk, tmp_path: Path, name: str, content: str, said: str
) -> None:
    folder = copytree(FOLDER, tmp_path / "model")
    trees = (folder / TREES).read_text()
    leaves = re.search(r"leaf_value=(\S+)", trees)
    assert leaves
    other = trees.replace(leaves[1], str(float(leaves[1]) + 1), 1)
    files = {one: (folder / one).read_bytes() for one in FILES}
    files[name] = (other if content == "of another model" else content).encode()
    write(folder, files)
    with pytest.raises(CasedeskError, match=said):
        propose(desk, folder=folder)
    assert overview(desk).versions == ()


def test_a_run_keeps_a_score_for_each_own_account_with_parts_that_add_up(desk: TestDesk) -> None:
    row = run(booked(desk))
    with desk.reading() as look:
        scores = look.models.scores(row.data["model_run_id"])
        last = look.models.last_run("")
    assert last is not None
    assert (last.model_run_id, last.transactions, row.data["accounts"]) == ("MR-000001", 7, len(scores))
    assert {one.account_id for one in scores} >= {"K-1/1", "K-2/1"}
    assert scores[0].score >= scores[-1].score
    for one in scores:
        if one.parts:
            told = json.loads(one.parts)
            assert sum(part for *_, part in told["parts"]) + told["start"] + told["others"] == pytest.approx(
                told["raw"], abs=1e-5
            )
    assert json.loads(last.drift)
    assert verdict(desk) == (Verdict.VERIFIED, [])


def test_champion_and_challenger_score_side_by_side(desk: TestDesk) -> None:
    propose(booked(desk))
    run(desk)
    run(desk, "MV-000001")
    ours, theirs = (
        models.show(look=desk.reading(), actor=desk.people["otto"], version_id=one) for one in ("", "MV-000001")
    )
    assert ours.run is not None
    assert theirs.run is not None
    assert ours.run.scores_sha256 == theirs.run.scores_sha256  # the same model, after all
    with desk.reading() as look:
        high = [one for one in look.models.scores(ours.run.model_run_id) if one.band == "High"]
    assert (ours.high, theirs.high) == (len(high), len(high))


def test_a_version_without_its_files_says_so_wherever_they_are_asked_for(desk: TestDesk) -> None:
    propose(booked(desk))
    desk.tamper(sa.delete(model_files))
    looks: list[Callable[[], object]] = [
        lambda: models.show(look=desk.reading(), actor=desk.people["otto"], version_id="MV-000001"),
        lambda: run(desk, "MV-000001"),
        lambda: approve(desk),
    ]
    for look in looks:
        with pytest.raises(models.NoModelFiles, match="MV-000001 are not in this database, so it can neither score"):
            look()
    assert verdict(desk) == (Verdict.VERIFIED, [])  # nothing is wrong with what there is
    models.reject(uow=desk.writing(), actor=desk.people["max"], at=desk.at(), version_id="MV-000001", reason=REASON)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (sa.update(model_versions).values(model_id="0" * 64), "The row says something else than its events."),
        (sa.update(model_scores).values(score=999_999), "The scores are not those that the model gave."),
        (
            sa.update(model_files).where(model_files.c.name == ONNX).values(content=b"another"),
            "The files are not those of the model.",
        ),
    ],
)
def test_a_change_outside_the_desk_is_found(desk: TestDesk, change: sa.Update, problem: str) -> None:
    propose(booked(desk))
    run(desk)
    with desk.engine.begin() as connection:
        connection.execute(change)
    assert verdict(desk) == (Verdict.TAMPERED, [problem])


@pytest.mark.parametrize("step", [approve, lambda desk: run(desk, "MV-000001")])
def test_files_that_were_altered_in_the_database_neither_score_nor_come_in_force(
    desk: TestDesk, step: Callable[[TestDesk], object]
) -> None:
    propose(booked(desk))
    with desk.engine.begin() as connection:
        connection.execute(sa.update(model_files).where(model_files.c.name == ONNX).values(content=b"another"))
    with pytest.raises(models.ModelAltered, match="was changed outside the desk"):
        step(desk)
