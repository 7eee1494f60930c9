"""Scores by ONNX Runtime: the raw score, the probability, the band, and what an account makes of its payments' scores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from casedesk.domain.score_bands import cut_offs
from casedesk.modelling.building import Features, Matrix
from casedesk.modelling.calibration import Calibration, Trust
from casedesk.modelling.extra import onnxruntime
from casedesk.modelling.features import VERSION
from casedesk.modelling.model_files import CARD_JSON, FACTS, ONNX, TREES, ModelFiles, UnusableModel
from casedesk.modelling.onnx_writer import INPUT
from casedesk.modelling.payments import OUTSIDE, Payments
from casedesk.modelling.training import chosen, known
from casedesk.modelling.trees import contributions, divisor, from_text

Floats: TypeAlias = npt.NDArray[np.float64]

#: So many of its highest payments make an account's score.
TOP: Final = 3
#: Scores as the model calibrated them.
FULL: Final = Trust(1.0, 0.0)
#: Rows that are scored at once: large enough to pay, small enough to stay near the processor.
_BATCH: Final = 4_096


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature added to a raw score, and the value it had (None where it said nothing)."""

    feature: str
    value: float | None
    part: float


@dataclass(frozen=True, slots=True)
class Explained:
    """A raw score and its parts: ``start`` and the contributions sum to ``raw``."""

    transaction_id: str
    raw: float
    probability: float
    start: float
    contributions: tuple[Contribution, ...]


class Scorer:
    """One model, ready to score any number of times."""

    def __init__(self, files: ModelFiles, *, threads: int = 2) -> None:
        """Load a checked model.

        :raises NoModelExtra: if ONNX Runtime is not installed.
        :raises UnusableModel: if it cannot run the file, or the model does not say what of.
        """
        library = onnxruntime()
        self.files = files
        try:
            self.columns = known(files.facts["columns"])
            self.calibration = Calibration.read(files.facts["calibration"])
        except (KeyError, TypeError, ValueError):
            raise UnusableModel(
                f"{FACTS} does not name the features and the curve that a model of this desk has; train it anew."
            ) from None
        options = library.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = library.InferenceSession(files.contents[ONNX], options, providers=["CPUExecutionProvider"])
            said = self.raw_of(np.full((1, len(self.columns)), np.nan))
        except Exception as error:  # noqa: BLE001  # its errors share no base class but this
            raise UnusableModel(
                f"ONNX Runtime cannot run the model's file ({type(error).__name__}); train it anew."
            ) from None
        if not np.isfinite(said).all():
            raise UnusableModel("The model's file answers with no number; train it anew.")
        self._booster: Any = None
        self._shared = 1

    def raw(self, matrix: Matrix) -> Floats:
        """Return the raw score of each row of all features. What is infinite or no number says nothing."""
        found = np.empty(len(matrix), np.float64)
        for first in range(0, len(matrix), _BATCH):  # picked and widened in the same pieces, while they are near
            part = chosen(matrix[first : first + _BATCH], self.columns)
            found[first : first + len(part)] = self.raw_of(np.ascontiguousarray(part, np.float64))
        return found

    def raw_of(self, ready: Floats) -> Floats:
        """Return the raw score of each row of just the model's columns, in double precision and finite or NaN."""
        found = np.empty(len(ready), np.float64)
        for first in range(0, len(ready), _BATCH):
            part = ready[first : first + _BATCH]
            found[first : first + len(part)] = self._session.run(None, {INPUT: part})[0][:, 0]
        return found

    def probabilities(self, matrix: Matrix) -> Floats:
        """Return the calibrated probability of each row."""
        return self.calibration.probabilities(self.raw(matrix))

    def trusted(self, factor: float) -> Trust:
        """Return what holds this model's probabilities back by a factor.

        :raises UnusableModel: if its card does not say how many payments were labelled.
        """
        return FULL if factor == 1 else Trust(factor, base_rate(self.files))

    def explain(self, features: Features, place: int, trust: Trust = FULL) -> Explained:
        """Return what made one payment's score, the largest part first.

        :param trust: holds the probability back; the raw score and its parts are the model's own.
        :raises NoModelExtra: if LightGBM is not installed.
        """
        one = Features(features.ids.slice(place, 1), features.matrix[place : place + 1])
        return self.explained(one, trust=trust)[0]

    def explained(self, features: Features, told: int | None = None, trust: Trust = FULL) -> list[Explained]:
        """Return what made each payment's score, as :meth:`explain` does.

        :param told: how many contributions are told of each; all of them where None.
        """
        if self._booster is None:
            self._booster = from_text(self.files.text(TREES))
            self._shared = divisor(self._booster)
        rows, raw = chosen(features.matrix, self.columns), self.raw(features.matrix)
        said = trust.held(self.calibration.probabilities(raw))
        parts = contributions(self._booster, rows, self._shared)
        by_name = np.argsort(self.columns)  # equal parts come by the names of their features
        strongest = by_name[np.argsort(-np.abs(parts[:, by_name]), axis=1, kind="stable")[:, :told]]
        values, weights = (np.take_along_axis(one, strongest, 1).tolist() for one in (rows, parts))
        columns = zip(strongest.tolist(), values, weights, strict=True)
        found = (tuple(map(self._contribution, *one)) for one in columns)
        names = features.ids.to_pylist()
        return [*map(Explained, names, raw.tolist(), said.tolist(), parts[:, -1].tolist(), found)]

    def _contribution(self, column: int, value: float, part: float) -> Contribution:
        return Contribution(self.columns[column], None if isnan(value) else value, part)


def base_rate(files: ModelFiles) -> float:
    """Return the share of payments that were labelled in the data on a model's card.

    :raises UnusableModel: if the card does not say so.
    """
    try:
        data = files.card["data"]
        found = sum(one["guilty"] for one in data) / sum(one["transactions"] for one in data)
    except (LookupError, TypeError, ValueError, ArithmeticError):
        found = 0.0
    if not 0 < found < 1:
        raise UnusableModel(f"{CARD_JSON} does not say what share of the payments was labelled; train it anew.")
    return float(found)


def account_scores(payments: Payments, probabilities: Floats) -> Floats:
    """Return the score of each account of ``payments.accounts``: 1 − Π(1 − p) over its three highest payments, paid or got.

    So one sure payment is enough, several doubtful ones add up, and how busy an account is changes nothing.
    """
    table = payments.table
    accounts = np.concatenate([table["payer"].to_numpy(), table["payee"].to_numpy()])
    scores = np.concatenate(
        [probabilities, np.where(table["payer"].to_numpy() == table["payee"].to_numpy(), 0, probabilities)]
    )
    order = np.lexsort((-scores, accounts))
    accounts, scores = accounts[order], scores[order]
    first = np.searchsorted(accounts, accounts, side="left")
    top = (np.arange(len(accounts)) - first < TOP) & (accounts != OUTSIDE)
    clean = np.ones(len(payments.accounts) + 1)
    np.multiply.at(clean, accounts[top], 1 - scores[top])
    return (1 - clean)[1:]


def table_of(payments: Payments, probabilities: Floats, day: date, trust: Trust = FULL) -> pa.Table:
    """Return a row for each payment and each of its named accounts: transaction_id, account, score, band, account_score.

    :param probabilities: as the model calibrated them. What an account makes of its payments is held back as a whole, so that no
        order changes.
    """
    by_account = trust.held(account_scores(payments, probabilities))
    probabilities = trust.held(probabilities)
    cuts = cut_offs(day)
    bands = pa.array([cuts.band(float(p)).value for p in np.round(probabilities, 12)], pa.string())
    sides = [payments.table[side].to_numpy() for side in ("payer", "payee")]
    rows = np.arange(len(payments.ids))
    kept = [sides[0] != OUTSIDE, (sides[1] != OUTSIDE) & (sides[1] != sides[0])]
    place = np.concatenate([rows[kept[0]], rows[kept[1]]])
    account = np.concatenate([sides[0][kept[0]], sides[1][kept[1]]]) - 1
    order = np.lexsort((account, place))
    place, account = pa.array(place[order]), account[order]
    return pa.table({
        "transaction_id": payments.ids.take(place),
        "account": payments.accounts.take(pa.array(account)),
        "score": pa.array(probabilities).take(place),
        "band": bands.take(place),
        "account_score": by_account[account],
    })  # fmt: skip


__all__ = [
    "FULL", "TOP", "VERSION", "Contribution", "Explained", "Scorer", "UnusableModel", "account_scores", "base_rate", "table_of",
]  # fmt: skip
