"""Train, measure and use a model over files, without the desk: nothing is stored but the model's own folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from casedesk.domain.counts import counted
from casedesk.errors import Invalid, Unavailable
from casedesk.formats.rejects import RejectedRow
from casedesk.modelling import measures, model_files, onnx_writer, training, trees
from casedesk.modelling.building import Features, build
from casedesk.modelling.calibration import METHODS
from casedesk.modelling.features import VERSION
from casedesk.modelling.model_files import ModelFiles
from casedesk.modelling.scorer import Explained, Scorer, table_of
from casedesk.modelling.training import KINDS, Options
from casedesk.services.default_model import folder_of
from casedesk.services.held_scores import Held, held_of, trust_of
from casedesk.services.model_data import Reading, read_payments, read_world
from casedesk.services.model_training import CLOSE, NotEqual, Trained, figures, of_span, train_on, with_features
from casedesk.services.offline_together import beside, by_rules

__all__ = [
    "KINDS", "METHODS", "Evaluated", "Explained", "ModelFiles", "Options", "Reading", "Scored", "Trained", "evaluate", "explain",
    "export", "score", "train", "train_on", "with_features",
]  # fmt: skip

SPLITS: Final = ("time", "none")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a model's scores are worth on labelled payments, held back as ``held`` says."""

    model_id: str
    data: dict[str, Any]
    measured: dict[str, Any]
    drift: dict[str, float]
    held: Held
    rejected: tuple[RejectedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores by payment and account: the columns of ``scorer.table_of``, and with rules those of ``offline_together.beside``.

    The table's metadata have ``held`` and the model's id as JSON, under ``casedesk``; a CSV file cannot hold them.
    """

    model_id: str
    table: pa.Table
    rejected: tuple[RejectedRow, ...]
    held: Held


def train(
    *,
    data: Sequence[str],
    labels: Sequence[str],
    reading: Reading,
    options: Options,
    split: str = "time",
    name: str = "model",
    listed: frozenset[str] = frozenset(),
    statement: str = "",
) -> Trained:
    """Train a model on files. Each of ``data`` is a world of its own: accounts and ids of two never mix.

    :param labels: none, to take those in the data; one for each of ``data``; or, for one world, any number.
    :param split: ``time`` keeps the last quarter of each world to test on; ``none`` tests on nothing.
    :raises NothingToLearn: if too little is labelled.
    :raises NoModelExtra: if the extra is not installed.
    :raises Invalid: naming what does not fit.
    """
    if split not in SPLITS:
        raise Invalid(f"“--split {split}” is neither {' nor '.join(SPLITS)}.")
    _require(options)
    given = _paired(data, labels)
    worlds = [with_features(read_world(path, reading, own, listed)) for path, own in given]
    made = train_on(worlds, options, split=split, name=name, statement=statement)
    return Trained(made.contents, made.card, tuple(row for one in worlds for row in one.world.rejected))


def _require(options: Options) -> None:
    for what, value, known in (("kind", options.kind, KINDS), ("calibration", options.calibration, METHODS)):
        if value not in known:
            raise Invalid(f"“--{what} {value}” is neither {' nor '.join(known)}.")


def _paired(data: Sequence[str], labels: Sequence[str]) -> list[tuple[str, list[str]]]:
    if not data:
        raise Invalid("There is nothing to learn from; name a file, a folder or a pattern with --data.")
    if len(data) == 1:
        return [(data[0], list(labels))]
    if labels and len(labels) != len(data):
        raise Invalid(
            f"{len(data)} worlds were given and {counted(len(labels), 'file')} of labels; give --labels once for each --data, in the same order, "
            "or not at all where the data hold the labels."
        )
    return [(path, [labels[number]] if labels else []) for number, path in enumerate(data)]


def load(folder: Path) -> Scorer:
    """Load a model, every file checked.

    :raises NoModel, Altered, OtherVersion: if it is none, not what was written, or another version's.
    """
    return Scorer(model_files.read(folder_of(folder), VERSION))


def evaluate(
    *, model: Path, data: str, labels: Sequence[str], reading: Reading, listed: frozenset[str] = frozenset()
) -> Evaluated:
    """Measure a model on labelled files that it did not train on, and how far their payments drifted from its own.

    :raises Invalid: naming what does not fit.
    """
    scorer = load(model)
    one = with_features(read_world(data, reading, labels, listed))
    drift = drift_of(scorer, one.features)
    trust = trust_of(scorer, drift, len(one.features.ids))
    measured = figures(*of_span(scorer, one, np.ones(len(one.features.ids), bool), trust))
    held = held_of(trust, drift, len(one.features.ids))
    return Evaluated(scorer.files.model_id, one.world.told(), measured, drift, held, one.world.rejected)


def drift_of(scorer: Scorer, features: Features) -> dict[str, float]:
    """Return how far each feature's shares moved from those that trained."""
    ready = training.chosen(features.matrix, scorer.columns)
    columns = {name: ready[:, place].astype(np.float64) for place, name in enumerate(scorer.columns)}
    return measures.drift(scorer.files.facts["drift"], columns)


def score(
    *,
    model: Path,
    data: str,
    reading: Reading,
    day: date,
    listed: frozenset[str] = frozenset(),
    rules: bool = False,
    memory_mib: int = 4096,
) -> Scored:
    """Score every payment in files.

    :param rules: run the rules over the same files, and add the columns of :func:`offline_together.beside`.
    :raises Invalid: naming what does not fit.
    """
    scorer = load(model)
    payments, rejected = read_payments(data, reading, listed)
    features = build(payments, memory_mib=memory_mib)
    said, drift = scorer.probabilities(features.matrix), drift_of(scorer, features)
    trust = trust_of(scorer, drift, len(payments.ids))
    table = table_of(payments, said, day, trust)
    if rules:
        table = beside(table, payments, said, by_rules(payments, data, reading), drift)
    held = held_of(trust, drift, len(payments.ids))
    told = json.dumps({"model_id": scorer.files.model_id} | asdict(held))
    return Scored(scorer.files.model_id, table.replace_schema_metadata({"casedesk": told}), rejected, held)


def explain(
    *, model: Path, data: str, reading: Reading, transaction_id: str, listed: frozenset[str] = frozenset()
) -> tuple[Explained, Held]:
    """Say what made the score of one payment in files, and how its probability was held back, as :func:`score` does.

    :raises Invalid: if no such payment is there.
    """
    scorer = load(model)
    payments, _ = read_payments(data, reading, listed)
    features = build(payments)
    places = np.flatnonzero(np.asarray(payments.ids) == transaction_id)
    if not len(places):
        raise Invalid(f"There is no transaction “{transaction_id}” in {Path(data).name}.")
    drift = drift_of(scorer, features)
    trust = trust_of(scorer, drift, len(payments.ids))
    return scorer.explain(features, int(places[0]), trust), held_of(trust, drift, len(payments.ids))


def export(*, model: Path, output: Path) -> str:
    """Write a model's ONNX file, made anew from its trees and held against the stored one; return its SHA-256.

    :raises NotEqual: if the two differ.
    :raises Unavailable: if it cannot be written.
    """
    files = model_files.read(folder_of(model), VERSION)
    made = onnx_writer.write(trees.from_text(files.text(model_files.TREES)))
    random = (
        np.random.default_rng(1).normal(size=(1_000, len(training.columns(Options(blind=False))))).astype(np.float32)
    )
    twice = [
        Scorer(ModelFiles("", files.facts, {**files.contents, model_files.ONNX: one})).raw(random)
        for one in (made, files.contents[model_files.ONNX])
    ]
    if (apart := float(np.abs(twice[0] - twice[1]).max())) > CLOSE:
        raise NotEqual(apart)
    try:
        output.write_bytes(files.contents[model_files.ONNX])
    except OSError as error:
        raise Unavailable(f"{output} cannot be written ({error.strerror}); give another path.") from None
    return model_files.sha256(files.contents[model_files.ONNX])


def write_scores(scored: Scored, output: Path) -> None:
    """Write scores as Parquet, or as CSV where the name ends so.

    :raises Unavailable: if it cannot be written.
    """
    import pyarrow.csv as pa_csv

    try:
        if output.suffix == ".csv":
            pa_csv.write_csv(scored.table, output)
        else:
            pq.write_table(scored.table, output)
    except OSError as error:
        raise Unavailable(f"{output} cannot be written ({error.strerror}); give another path.") from None
