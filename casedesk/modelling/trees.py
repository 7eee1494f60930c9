"""Trees out of LightGBM's own file: raw scores, and what each feature contributed to them."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from casedesk.modelling import tree_text
from casedesk.modelling.building import Matrix
from casedesk.modelling.extra import lightgbm
from casedesk.modelling.model_files import TREES, UnusableModel

Floats: TypeAlias = npt.NDArray[np.float64]


def to_text(booster: Any) -> str:
    """Write LightGBM's text form, but for how many threads worked: the same trees, the same text."""
    return re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", booster.model_to_string())


def from_text(text: str) -> Any:
    """Read LightGBM's text form.

    :raises NoModelExtra: if LightGBM is not installed.
    :raises UnusableModel: if it cannot read them, or could only by ending the process (``tree_text``).
    """
    library = lightgbm()
    try:
        return library.Booster(model_str=tree_text.safe(text))
    except tree_text.Malformed as problem:
        raise UnusableModel(f"{TREES} holds no trees that LightGBM can read: {problem} Train the model anew.") from None
    except library.basic.LightGBMError:
        raise UnusableModel(f"LightGBM cannot read the model's trees ({TREES}); train it anew.") from None


def divisor(booster: Any) -> int:
    """Return what a sum over all trees is divided by: a forest's score is the mean of its trees, a boosted one's the sum."""
    return int(booster.num_trees()) if "average_output" in booster.model_to_string(num_iteration=1)[:2000] else 1


def raw_scores(booster: Any, matrix: Matrix) -> Floats:
    """Return log-odds as the trees have them, before calibration."""
    return np.asarray(booster.predict(matrix, raw_score=True), np.float64) / divisor(booster)


def contributions(booster: Any, matrix: Matrix, shared: int) -> Floats:
    """Return what each column adds to each raw score (SHAP values), and last what all payments start from.

    Each row sums to its raw score. One thread works: for a single row, starting others takes ten times as long as it does.

    :param shared: the booster's ``divisor``, which it takes a tenth of that time to tell.
    """
    return np.asarray(booster.predict(matrix, pred_contrib=True, num_threads=1), np.float64) / shared
