"""Training first, then calibration, then the test: three spans of time, never mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from casedesk.errors import Invalid

Flags: TypeAlias = npt.NDArray[np.bool_]
Times: TypeAlias = npt.NDArray[np.int64]


class TooShort(Invalid):
    """The data do not reach far enough to be split by time."""

    def __init__(self, instants: int) -> None:
        super().__init__(
            f"The payments have {instants} different {'time' if instants == 1 else 'times'}; to train, calibrate and test on "
            "spans of their own at least three are needed. Give more data."
        )


@dataclass(frozen=True, slots=True)
class Split:
    """Which payments train, calibrate and test.

    ``calibrate_from`` and ``test_from`` are the instants, in microseconds since 1970, at which the later spans begin. All
    payments of one instant are on the same side. Without a test ``test_from`` is None.
    """

    train: Flags
    calibrate: Flags
    test: Flags
    calibrate_from: int
    test_from: int | None


def by_time(at: Times, *, calibrate: float = 0.15, test: float = 0.25) -> Split:
    """Split by the share of payments: the last ``test`` of them test, the ``calibrate`` before them calibrate.

    :param test: 0 for a model that is to be judged on other data.
    :raises TooShort: if the payments have too few different times.
    """
    instants = np.unique(at)
    if len(instants) < 3:
        raise TooShort(len(instants))
    ordered = np.sort(at)
    first = _cut(ordered, instants, 1 - test - calibrate, 1)
    if test == 0:
        return Split(at < first, at >= first, np.zeros(len(at), bool), first, None)
    second = max(_cut(ordered, instants, 1 - test, 2), int(instants[np.searchsorted(instants, first) + 1]))
    return Split(at < first, (at >= first) & (at < second), at >= second, first, second)


def _cut(ordered: Times, instants: Times, share: float, least: int) -> int:
    """Return the instant nearest to a share of the payments that leaves enough instants on either side."""
    wanted = ordered[min(int(len(ordered) * share), len(ordered) - 1)]
    place = int(np.clip(np.searchsorted(instants, wanted), least, len(instants) - 3 + least))
    return int(instants[place])
