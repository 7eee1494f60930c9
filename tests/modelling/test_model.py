"""A trained model: its files, its export, its explanation, and what is refused."""

from __future__ import annotations

import json
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from casedesk.modelling import model_files, trees
from casedesk.modelling.building import Features, build
from casedesk.modelling.extra import NoModelExtra
from casedesk.modelling.features import VERSION, catalogue
from casedesk.modelling.payments import Payments
from casedesk.modelling.scorer import Scorer, UnusableModel, account_scores
from casedesk.modelling.training import NothingToLearn, Options, chosen, columns
from casedesk.services.model_data import World
from casedesk.services.model_training import Learnt, Trained, train_on
from tests.modelling.towns import planted, table


def learnt(rows: list, guilty: set[str]) -> Learnt:  # type: ignore[type-arg]
    payments = Payments.of(table(rows))
    flags = np.array([one in guilty for one in payments.ids.to_pylist()])
    world = World("planted", payments, flags, np.zeros(len(payments.accounts), bool), "transactions", ())
    return Learnt(world, build(payments))


@pytest.fixture(scope="module")
def world() -> Learnt:
    return learnt(*planted())


@pytest.fixture(scope="module")
def trained(world: Learnt) -> Trained:
    return train_on([world], Options(rounds=25, threads=1), split="time", name="test")


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    trained.write(tmp_path / "model")
    return tmp_path / "model"


def test_what_was_planted_is_found_and_the_card_says_how_well(trained: Trained) -> None:
    measured = trained.card["measured"]
    assert measured["transactions"]["pr_auc"] > 0.8
    assert measured["calibration"]["error"] < 0.05
    told = trained.contents[model_files.CARD].decode()
    for words in (
        "PR-AUC",
        "precision at 100",
        "budget of 0.5%",
        "calibration error",
        "Known failures",
        "Drift baseline",
        "`pair_n_90`",
    ):
        assert words in told


@pytest.mark.parametrize("kind", ["boosted", "forest"])
def test_onnx_scores_as_the_trees_do_and_parts_sum_to_the_score(world: Learnt, kind: str) -> None:
    options = Options(kind=kind, rounds=8, threads=1)
    made = train_on([world], options, split="none", name="test")
    scorer = Scorer(model_files.ModelFiles("", json.loads(made.contents[model_files.FACTS]), made.contents), threads=1)
    booster = trees.from_text(made.contents[model_files.TREES].decode())
    wild = world.features.matrix[:400].copy()
    wild[::7, ::5] = np.nan
    wild[::11, ::3] = np.inf
    np.testing.assert_allclose(scorer.raw(wild), trees.raw_scores(booster, chosen(wild, columns(options))), atol=1e-9)
    told = scorer.explain(Features(world.features.ids, wild), 7)
    assert told.start + sum(one.part for one in told.contributions) == pytest.approx(told.raw, abs=1e-9)
    assert 0 <= told.probability <= 1


def test_the_same_data_and_seed_give_the_same_bytes_and_another_order_too(world: Learnt, trained: Trained) -> None:
    again = train_on([world], Options(rounds=25, threads=2), split="time", name="test")
    assert again.contents == trained.contents


def test_an_amount_blind_model_sees_no_amount(world: Learnt) -> None:
    names = columns(Options(blind=True))
    assert names
    assert not {one.name for one in catalogue() if one.of_amount} & set(names)
    rows, _ = planted()
    richer = build(
        Payments.of(table([row._replace(base_minor=row.base_minor * (1 + n % 7)) for n, row in enumerate(rows)]))
    )
    np.testing.assert_array_equal(chosen(richer.matrix, names), chosen(world.features.matrix, names))


@pytest.mark.parametrize("name", [model_files.ONNX, model_files.TREES, model_files.FACTS, model_files.CARD])
def test_an_altered_file_is_refused_by_its_hash(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(model_files.Altered, match=f"{name} of the model model was altered: its SHA-256 should be"):
        model_files.read(folder, VERSION)


def test_a_file_that_is_missing_or_named_by_nothing_is_said_in_words(folder: Path) -> None:
    (folder / model_files.CARD).rename(folder / "card.txt")
    with pytest.raises(
        model_files.Altered, match=r"card\.md of the model model was altered: it is missing\. The model"
    ):
        model_files.read(folder, VERSION)
    (folder / "card.txt").rename(folder / model_files.CARD)
    (folder / model_files.MANIFEST).write_text(json.dumps({"format": model_files.FORMAT, "files": {}}))
    with pytest.raises(model_files.Altered, match="was altered: the manifest does not name it"):
        model_files.read(folder, VERSION)


def test_a_curve_of_no_numbers_makes_no_probability(trained: Trained) -> None:
    facts = json.loads(trained.contents[model_files.FACTS])
    for wrong in ({"slope": math.nan}, {"slope": -1.0}, {"method": "isotonic", "raw": [1, 0], "true": [0, 1]}):
        told = facts | {"calibration": facts["calibration"] | wrong}
        with pytest.raises(UnusableModel, match="does not name the features and the curve"):
            Scorer(model_files.ModelFiles("", told, trained.contents))


def test_a_model_of_another_version_or_none_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(model_files.OtherVersion, match="train it anew"):
        model_files.read(folder, "2")
    manifest = json.loads((folder / model_files.MANIFEST).read_text())
    (folder / model_files.MANIFEST).write_text(json.dumps(manifest | {"format": "casedesk-model-9"}))
    with pytest.raises(model_files.OtherVersion, match="casedesk-model-9"):
        model_files.read(folder, VERSION)
    (folder / model_files.MANIFEST).write_text("[]")
    with pytest.raises(model_files.Altered):
        model_files.read(folder, VERSION)
    with pytest.raises(model_files.NoModel):
        model_files.read(tmp_path / "nowhere", VERSION)
    shutil.rmtree(folder)


def test_a_file_that_onnx_runtime_cannot_run_is_refused_with_a_sentence(trained: Trained) -> None:
    facts = json.loads(trained.contents[model_files.FACTS])
    with pytest.raises(UnusableModel, match="train it anew"):
        Scorer(model_files.ModelFiles("", facts, {**trained.contents, model_files.ONNX: b"no onnx"}))


def test_too_few_labels_are_refused(world: Learnt) -> None:
    bare = Learnt(
        World(
            world.world.name,
            world.world.payments,
            np.zeros(len(world.world.guilty), bool),
            world.world.guilty_accounts,
            "transactions",
            (),
        ),
        world.features,
    )
    with pytest.raises(NothingToLearn, match="0 labelled payments"):
        train_on([bare], Options(), split="time", name="test")


def test_without_the_extra_there_is_a_sentence(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NoModelExtra, match="extra “model”"):
        Scorer(model_files.ModelFiles("", {}, trained.contents))


def test_an_account_is_as_suspicious_as_its_three_worst_payments() -> None:
    rows, _ = planted(accounts=20, days=2)
    payments = Payments.of(table(rows))
    said = np.linspace(0, 0.5, len(payments.ids))
    by_account = account_scores(payments, said)
    for number, account in enumerate(payments.accounts.to_pylist()):
        mine = sorted(
            (
                p
                for p, row in zip(said, sorted(rows, key=lambda r: (r.booked_at, r.transaction_id)), strict=True)
                if account in (row.from_account, row.to_account)
            ),
            reverse=True,
        )[:3]
        assert by_account[number] == pytest.approx(1 - np.prod([1 - p for p in mine]))
    assert pa.types.is_string(payments.accounts.type)
