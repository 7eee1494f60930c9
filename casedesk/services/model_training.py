"""Train a model on worlds whose features are there: trees, calibration, ONNX, figures and card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from casedesk.errors import Unavailable
from casedesk.formats.rejects import RejectedRow
from casedesk.modelling import card as cards
from casedesk.modelling import measures, model_files, onnx_writer, reliability_plot, training, trees
from casedesk.modelling.building import Features, Matrix, build
from casedesk.modelling.calibration import Calibration, Trust, fit
from casedesk.modelling.features import VERSION
from casedesk.modelling.measures import Flags, Floats
from casedesk.modelling.model_files import ModelFiles
from casedesk.modelling.payments import OUTSIDE, Payments
from casedesk.modelling.scorer import FULL, Scorer, account_scores
from casedesk.modelling.splitting import Split, by_time
from casedesk.modelling.training import Options
from casedesk.services.model_data import World

#: What ONNX Runtime may differ from LightGBM by.
CLOSE: Final = 1e-6


class NotEqual(Unavailable):
    """The exported model does not score as the trained one does."""

    def __init__(self, apart: float) -> None:
        super().__init__(f"The exported model differs from the trained one by up to {apart:.2e}; nothing was written.")


@dataclass(frozen=True, slots=True)
class Learnt:
    """A world with its features."""

    world: World
    features: Features


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was trained: its files, not yet written anywhere, and how many rows could not be read."""

    contents: dict[str, bytes]
    card: dict[str, Any]
    rejected: tuple[RejectedRow, ...] = ()

    def write(self, folder: Path) -> str:
        """Write it; return the model's id.

        :raises Unavailable: if the folder cannot be written.
        """
        return model_files.write(folder, self.contents)


def with_features(world: World, *, memory_mib: int = 4096) -> Learnt:
    """Work out the features of a world."""
    return Learnt(world, build(world.payments, memory_mib=memory_mib))


def train_on(
    worlds: Sequence[Learnt],
    options: Options,
    *,
    split: str,
    name: str,
    statement: str = "",
    dispositions: Mapping[str, Any] | None = None,
) -> Trained:
    """Train on worlds whose features are there: trees on the first span, calibration on the next, figures on the last.

    :param dispositions: what the card says of the closed cases that labelled the payments; None where files did.
    """
    spans = [_spans(one.world, 0.25 if split == "time" else 0.0) for one in worlds]
    names = training.columns(options)
    parts = [_sampled(one, span.train, options) for one, span in zip(worlds, spans, strict=True)]
    matrix = np.vstack([part[0] for part in parts])
    guilty = np.concatenate([part[1] for part in parts])
    booster = training.train(
        training.chosen(matrix, training.columns(options)), guilty, options, _weights(worlds, parts)
    )
    calibration = _calibrated(booster, worlds, spans, options)
    onnx = onnx_writer.write(booster)
    facts = {
        "features_version": VERSION, "columns": list(names), "options": options.told(), "calibration": calibration.told(),
        "drift": _baseline(training.chosen(matrix, names), names, guilty),
    }  # fmt: skip
    contents = {
        model_files.FACTS: model_files.canonical(facts),
        model_files.TREES: trees.to_text(booster).encode("utf-8"),
        model_files.ONNX: onnx,
    }
    scorer = Scorer(ModelFiles("", facts, contents))
    _require_equal(booster, scorer, matrix)
    card = _card(name, statement, worlds, spans, options, calibration, booster, contents, guilty)
    if dispositions is not None:
        card |= {"dispositions": dict(dispositions), "failures": [*cards.FAILURES, *cards.FAILURES_OF_DISPOSITIONS]}
    card["measured"] = _tested(scorer, worlds, spans) if split == "time" else {}
    bins = card["measured"].get("calibration", {}).get("bins", [])
    contents[model_files.PLOT] = reliability_plot.draw(bins, "Reliability on the span that tests")
    contents[model_files.CARD_JSON] = model_files.canonical(card)
    contents[model_files.CARD] = cards.markdown(card)
    return Trained(contents, card)


def _spans(world: World, test: float) -> Split:
    """Split a world by time; what counts for nothing is in no span."""
    span = by_time(world.payments.table["at"].to_numpy(), test=test)
    if world.weights is None:
        return span
    counts = world.weights > 0
    return replace(span, train=span.train & counts, calibrate=span.calibrate & counts, test=span.test & counts)


def _sampled(one: Learnt, span: Flags, options: Options) -> tuple[Matrix, Flags, Floats]:
    places = np.flatnonzero(span)
    guilty, weights = one.world.guilty, one.world.weights
    wanted = guilty if weights is None else guilty | (weights >= 1)
    kept = places[training.sample(one.features.ids.take(pa.array(places)), wanted[places], options)]
    return one.features.matrix[kept], guilty[kept], np.ones(len(kept)) if weights is None else weights[kept]


def _weights(worlds: Sequence[Learnt], parts: Sequence[tuple[Matrix, Flags, Floats]]) -> Floats | None:
    if all(one.world.weights is None for one in worlds):
        return None
    return np.concatenate([part[2] for part in parts])


def _calibrated(booster: Any, worlds: Sequence[Learnt], spans: Sequence[Split], options: Options) -> Calibration:
    raw, guilty = [], []
    for one, span in zip(worlds, spans, strict=True):
        matrix = training.chosen(one.features.matrix[span.calibrate], training.columns(options))
        raw.append(trees.raw_scores(booster, matrix))
        guilty.append(one.world.guilty[span.calibrate])
    return fit(options.calibration, np.concatenate(raw), np.concatenate(guilty))


def _baseline(matrix: Matrix, names: Sequence[str], guilty: Flags) -> dict[str, Any]:
    """Return the shares that later payments are compared with: those of the innocent, which nearly all payments are."""
    found = {}
    for column, name in enumerate(names):
        values = matrix[~guilty, column].astype(np.float64)
        cuts = measures.edges(values)
        found[name] = {"edges": cuts, "shares": measures.shares(values, cuts)}
    return found


def _require_equal(booster: Any, scorer: Scorer, matrix: Matrix) -> None:
    some = matrix[:: max(1, len(matrix) // 5_000)]
    trained = trees.raw_scores(booster, training.chosen(some, scorer.columns))
    apart = float(np.abs(scorer.raw(some) - trained).max())
    if apart > CLOSE:
        raise NotEqual(apart)


def _card(
    name: str,
    statement: str,
    worlds: Sequence[Learnt],
    spans: Sequence[Split],
    options: Options,
    calibration: Calibration,
    booster: Any,
    contents: dict[str, bytes],
    guilty: Flags,
) -> dict[str, Any]:
    tested = any(span.test_from is not None for span in spans)
    words = (
        "By time, in each world: the first 60 % of the payments train, the next 15 % calibrate, the last 25 % test."
        if tested
        else "By time, in each world: the first 85 % of the payments train, the others calibrate. Nothing was kept for testing."
    )
    return {
        "format": model_files.FORMAT,
        "name": name,
        "statement": statement or "Trained on the data below; judge it on your own before you rely on it.",
        "data": [one.world.told() for one in worlds],
        "labels": " and ".join(sorted({f"of {one.world.labels}" for one in worlds})),
        "split": {
            "words": words + " Payments of one instant are on one side.",
            "calibrate_from_us": [span.calibrate_from for span in spans],
            "test_from_us": [span.test_from for span in spans],
        },
        "options": options.told(),
        "calibration": calibration.method,
        "trained_on": {"guilty": int(guilty.sum()), "others": int((~guilty).sum())},
        "features_version": VERSION,
        "features": cards.weights(booster, options),
        "failures": list(cards.FAILURES),
        "files": {one: model_files.sha256(content) for one, content in sorted(contents.items())},
    }


def _tested(scorer: Scorer, worlds: Sequence[Learnt], spans: Sequence[Split]) -> dict[str, Any]:
    """Measure on the spans that test, all worlds together and each by itself."""
    found = [of_span(scorer, one, span.test) for one, span in zip(worlds, spans, strict=True)]
    guilty, said, accounts, by_account = (np.concatenate([one[part] for one in found]) for part in range(4))
    measured = figures(guilty, said, accounts, by_account)
    if len(found) > 1:
        measured["worlds"] = {
            f"{number + 1} {one.world.name}": figures(*parts)
            for number, (one, parts) in enumerate(zip(worlds, found, strict=True))
        }
    return measured


def figures(guilty: Flags, said: Floats, accounts: Flags, by_account: Floats) -> dict[str, Any]:
    return {
        "transactions": measures.measured(guilty, said),
        "accounts": measures.measured(accounts, by_account),
        "calibration": measures.calibrated(guilty, said),
    }


def of_span(scorer: Scorer, one: Learnt, span: Flags, trust: Trust = FULL) -> tuple[Flags, Floats, Flags, Floats]:
    """Return labels and scores of the payments of a span, and of the accounts that move in it.

    :param trust: holds the scores back; a card tells of the curve itself, so nothing does there.
    """
    table = one.world.payments.table.filter(pa.array(span))
    part = Payments(table, one.world.payments.ids.filter(pa.array(span)), one.world.payments.accounts)
    said = scorer.probabilities(one.features.matrix[span])
    guilty = one.world.guilty[span]
    sides = [table[side].to_numpy() for side in ("payer", "payee")]
    moving = np.setdiff1d(np.unique(np.concatenate(sides)), [OUTSIDE]) - 1
    if one.world.labels == "accounts":
        accounts = one.world.guilty_accounts
    else:
        accounts = np.zeros(len(one.world.payments.accounts) + 1, bool)
        accounts[sides[0][guilty]] = accounts[sides[1][guilty]] = True
        accounts = accounts[1:]
    return guilty, trust.held(said), accounts[moving], trust.held(account_scores(part, said)[moving])
