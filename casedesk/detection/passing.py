"""Whether money may have passed through one account, told from its few payments in memory."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from casedesk.detection.least import Passed

#: Of more moments than these not every stretch is looked at; the rule itself asks an account that moves so often less.
MOST_MOMENTS: Final = 500
#: Whole numbers reach so far; sums are multiplied by a percent of at most 200.
_EXACT: Final = 2**62 // 200


def may_have_passed(
    passed: Passed,
    window: int,
    at: npt.NDArray[np.int64],
    minor: npt.NDArray[np.int64],
    out: npt.NDArray[np.bool_],
    strange: npt.NDArray[np.bool_],
    judged: int,
) -> bool:
    """Say whether some stretch of the account's payments fits; of too many, or too large ones, it may.

    :param at: when each was booked, in order, at least one.
    :param out: which of them left the account; the others came in.
    :param strange: which of them may be with strangers.
    :param judged: stretches that end before this moment are of no interest.
    """
    begins = np.flatnonzero(np.diff(at, prepend=at[0] - 1))
    if len(begins) > MOST_MOMENTS or float(minor.sum(dtype=np.float64)) >= _EXACT:
        return True
    moments = at[begins]
    into, went, new_into, new_out = (
        np.add.reduceat(np.where(side, minor, 0), begins) for side in (~out, out, ~out & strange, out & strange)
    )
    starts, ends = np.flatnonzero(into), np.flatnonzero((went > 0) & (moments >= judged))
    apart = moments[ends][:, None] - moments[starts]

    def within(sums: npt.NDArray[np.int64]) -> Any:
        so_far = np.cumsum(sums)
        return so_far[ends][:, None] - (so_far - sums)[starts]

    total, left = within(into), within(went)
    fits = (apart <= window) & (total >= passed.least_minor)  # nothing came in between an end and a start after it
    fits &= (left * 100 >= total * passed.least_percent) & (left * 100 <= total * passed.most_percent)
    fits &= (within(new_into) * 2 >= total) & (within(new_out) * 2 >= left)
    return bool(fits.any())
