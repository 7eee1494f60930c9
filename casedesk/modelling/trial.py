"""Try the files of a model that somebody hands over, before the desk takes it.

Hashes tell that nothing was changed since somebody made the manifest, and whoever makes files can make that, too. So card, trees and
ONNX file are each used once as the desk would use them, and must speak of the same model.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from casedesk.modelling import card, measures, reliability_plot, trees
from casedesk.modelling.features import catalogue
from casedesk.modelling.model_files import CARD_JSON, TREES, ModelFiles, UnusableModel
from casedesk.modelling.scorer import Scorer, base_rate
from casedesk.modelling.training import chosen

#: Made-up rows that are scored in two ways.
_ROWS: Final = 2_000
#: What ONNX Runtime may differ from LightGBM by.
_CLOSE: Final = 1e-6


def hold_together(files: ModelFiles) -> None:
    """Check that these files are one model's, and that its trees explain what its ONNX file scores.

    :raises NoModelExtra: if the libraries to try it with are not installed.
    :raises UnusableModel: naming what is wrong.
    """
    scorer = Scorer(files, threads=1)
    throw = np.random.default_rng(1)
    rows = throw.normal(size=(_ROWS, len(catalogue()))) * 10 ** throw.uniform(-2, 8, (_ROWS, 1))
    rows[throw.random(rows.shape) < 0.1] = np.nan
    matrix = rows.astype(np.float32)
    ready = chosen(matrix, scorer.columns)
    try:
        apart = float(np.abs(scorer.raw(matrix) - trees.raw_scores(trees.from_text(files.text(TREES)), ready)).max())
        measures.drift(files.facts["drift"], dict(zip(scorer.columns, ready.T.astype(np.float64), strict=True)))
    except UnusableModel:
        raise
    except Exception as error:  # noqa: BLE001  # LightGBM's errors share no base class but this
        raise UnusableModel(f"The model's files do not fit together ({type(error).__name__}); train it anew.") from None
    if not apart <= _CLOSE:
        raise UnusableModel(
            f"What the model scores by its trees and by its ONNX file are up to {apart:.2e} apart; train it anew."
        )
    _hold_card(files)


def _hold_card(files: ModelFiles) -> None:
    try:
        card.markdown(files.card)
        if files.card["measured"]:
            reliability_plot.draw(files.card["measured"]["calibration"]["bins"], "")
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise UnusableModel(f"{CARD_JSON} is no model's card; train it anew.") from None
    base_rate(files)
