"""Trees from labelled payments: the same data, options and seed give the same trees, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from casedesk.errors import Invalid
from casedesk.modelling.building import Matrix
from casedesk.modelling.extra import lightgbm
from casedesk.modelling.features import catalogue

Flags: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]

KINDS: Final = ("boosted", "forest")
#: Fewer guilty payments than this teach nothing that could be told from chance.
FEWEST: Final = 20


class NothingToLearn(Invalid):
    """Too few payments of the training span are labelled."""

    def __init__(self, guilty: int) -> None:
        super().__init__(
            f"{guilty} labelled payments lie in the span that trains; at least {FEWEST} are needed. Give more data, or labels "
            "that reach further back."
        )


@dataclass(frozen=True, slots=True)
class Options:
    """What a training depends on besides its data.

    ``blind`` leaves out every feature that an amount goes into, for data whose amounts give the answer away (AMLSim's do).
    ``innocent_per_guilty`` bounds how many of the other payments train; which ones, their ids decide. Innocent ones that somebody
    cleared all train.
    """

    kind: str = "boosted"
    seed: int = 1
    rounds: int = 100
    leaves: int = 16
    blind: bool = False
    calibration: str = "platt"
    innocent_per_guilty: int = 100
    threads: int = 2

    def told(self) -> dict[str, Any]:
        """Return them as JSON; how many threads worked changes nothing and is left out."""
        return {name: value for name, value in asdict(self).items() if name != "threads"}


def columns(options: Options) -> tuple[str, ...]:
    """Name the features that train, in their order."""
    return tuple(one.name for one in catalogue() if not (options.blind and one.of_amount))


def known(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of features, each once.

    :raises ValueError: if one is no feature, or comes twice, or there is none.
    """
    if not names or len(set(names)) < len(names) or not {one.name for one in catalogue()}.issuperset(names):
        raise ValueError("no such feature")
    return tuple(names)


def chosen(matrix: Matrix, names: tuple[str, ...]) -> Matrix:
    """Return these columns of a matrix of all features; what is infinite says nothing."""
    place = {one.name: number for number, one in enumerate(catalogue())}
    found = matrix[:, [place[name] for name in names]]
    found[~np.isfinite(found)] = np.nan
    return found


def sample(ids: pa.Array, wanted: Flags, options: Options) -> npt.NDArray[np.int64]:
    """Return the places that train: all wanted ones, and of the others as many as the options allow, by the hash of their id."""
    most = max(options.innocent_per_guilty * int(wanted.sum()), 20_000)
    innocent = np.flatnonzero(~wanted)
    if len(innocent) > most:
        salt = str(options.seed).encode()
        digests = np.array(
            [
                int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8, salt=salt).digest())
                for one in ids.take(pa.array(innocent)).to_pylist()
            ],
            np.uint64,
        )
        innocent = innocent[np.argsort(digests, kind="stable")[:most]]
    return np.sort(np.concatenate([np.flatnonzero(wanted), innocent]))


def train(matrix: Matrix, guilty: Flags, options: Options, weights: Floats | None = None) -> Any:
    """Grow the trees; return LightGBM's model.

    :param matrix: the columns of :func:`columns`, in the order of time and id.
    :param weights: how much each payment counts; all the same where None.
    :raises NothingToLearn: if too few payments are guilty.
    """
    if int(guilty.sum()) < FEWEST:
        raise NothingToLearn(int(guilty.sum()))
    library = lightgbm()
    data = library.Dataset(
        matrix,
        guilty.astype(np.float64),
        weight=weights,
        feature_name=list(columns(options)),
        params={"verbosity": -1, "max_bin": 127},
    )
    return library.train(_parameters(options), data, options.rounds)


def _parameters(options: Options) -> dict[str, Any]:
    shared = {
        "objective": "binary", "verbosity": -1, "deterministic": True, "force_col_wise": True, "max_bin": 127,
        "seed": options.seed, "num_threads": options.threads, "num_leaves": options.leaves, "bagging_freq": 1,
    }  # fmt: skip
    if options.kind == "forest":
        return shared | {
            "boosting": "rf", "bagging_fraction": 0.632, "feature_fraction": 0.3, "num_leaves": 4 * options.leaves,
            "min_data_in_leaf": 10,
        }  # fmt: skip
    return shared | {
        "learning_rate": 0.1, "min_data_in_leaf": 50, "feature_fraction": 0.5, "bagging_fraction": 0.8, "lambda_l2": 10.0
    }  # fmt: skip
