"""What a hit takes at the least, told from the legs themselves: a rule that cannot have one need not be run.

Running a rule costs some hundredths of a second however little it is shown, because its expression has dozens of steps. After a
few transactions most rules can be ruled out by counting, for each account or customer, the legs of their kind. After many, counting
tells who may have a hit, so that a rule is shown the legs of a few hundred accounts and not of all that are touched.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: More legs than these are not counted: then running the rules is quicker than it seems beside reading them.
MOST: Final = 200_000

#: The columns of ``legs.LEGS`` that are asked.
ASKED: Final = ("account", "lead", "at", "base_minor", "paid_minor", "direction", "channel", "country")
_WORDS: Final = ("direction", "channel", "country")
_WAYS: Final = ("in", "out")


class Least(NamedTuple):
    """A hit at some moment has so many legs of this kind on its subject, and this sum, from a window before it to that moment.

    Where ``of_lead`` the subject is the customer. None allows any direction, channel or country. Where there is ``round_to``, the amount as
    it was paid is a multiple of it. Where ``each_way``, there are so many legs in, and as many out, and each side has this sum; ``direction``
    then is that of the leg that the hit ends with. Where ``unmet`` is longer than the
    window, the hit ends with a leg of this kind whose two sides are two customers without a dealing from ``unmet`` before it to just
    before the window. Where there is ``silence``, none of this kind lies that long before the first of them. Both in microseconds.
    """

    legs: int = 1
    total_minor: int = 0
    smallest_minor: int = 0
    direction: Collection[str] | None = None
    channel: Collection[str] | None = None
    country: Collection[str] | None = None
    of_lead: bool = False
    unmet: int = 0
    silence: int = 0
    round_to: int = 0
    each_way: bool = False


#: From when on each account may have a hit, in microseconds since 1970 UTC: ``account`` and ``moment``.
JUDGED_FROM: Final = "judged_from"


def who_may(least: Least, window: int, legs: str, earliest: int) -> str:
    """Return the SQL that tells which subjects may have a hit from their moment in ``JUDGED_FROM`` on, as far as counting tells.

    :param window: how long before a hit its evidence lies, in microseconds.
    :param legs: the table of the legs to count.
    :param earliest: of all these moments.
    """
    crowded = _crowded(least, window, legs, earliest)
    return _ended_by_strangers(least, window, legs, earliest, crowded) if least.unmet > window else crowded


def _crowded(least: Least, window: int, legs: str, earliest: int) -> str:
    within = f'"at" >= moment - {window}'
    back = 2 * window if least.silence else window
    quiet = (
        f'AND coalesce(max("at") FILTER (NOT {within}) <= max("at") - {least.silence}, true)' if least.silence else ""
    )
    sides = [f"{within} AND direction = '{side}'" for side in _WAYS] if least.each_way else [within]
    enough = [
        f"count(*) FILTER ({side}) >= {least.legs} AND sum(base_minor) FILTER ({side}) >= {least.total_minor}"
        for side in sides
    ]
    return f"""
SELECT {"lead" if least.of_lead else "account"} AS subject FROM {legs} JOIN {JUDGED_FROM} USING (account)
WHERE "at" >= {earliest - back} AND "at" >= moment - {back} AND {_of_kind(_either_way(least))}
GROUP BY subject
HAVING {" AND ".join(enough)} {quiet}"""


def _ended_by_strangers(least: Least, window: int, legs: str, earliest: int, crowded: str) -> str:
    """Ask whether a stranger stands on a leg that a hit may end with: a pair that dealt before the window of each has none."""
    return f"""
WITH crowded AS MATERIALIZED ({crowded}), pairs AS MATERIALIZED (
    SELECT account, counterparty, min("at") AS earliest, max("at") AS latest
    FROM {legs} JOIN {JUDGED_FROM} USING (account) SEMI JOIN crowded ON account = subject
    WHERE "at" >= {earliest} AND "at" >= moment AND counterparty <> 0 AND NOT internal AND {_of_kind(least)}
    GROUP BY ALL), met AS (
    SELECT DISTINCT account, counterparty FROM {legs} JOIN pairs USING (account, counterparty)
    WHERE "at" >= latest - {least.unmet} AND "at" < earliest - {window})
SELECT DISTINCT account AS subject FROM pairs ANTI JOIN met USING (account, counterparty)"""


def _either_way(least: Least) -> Least:
    return least._replace(direction=_WAYS) if least.each_way else least


def _of_kind(least: Least) -> str:
    among = [f"{name} IN ({_listed(words)})" for name in _WORDS if (words := getattr(least, name)) is not None]
    rounded = [f"paid_minor > 0 AND paid_minor % {least.round_to} = 0"] if least.round_to else []
    return " AND ".join([f"base_minor >= {least.smallest_minor}", *among, *rounded])


def _listed(words: Collection[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words)) or "NULL"


class Counted:
    """The legs of the chosen subjects, ready to be counted."""

    def __init__(self, legs: pa.Table) -> None:
        self._numbers = {name: legs[name].to_numpy() for name in ASKED if name not in _WORDS}
        self._words = {name: legs[name].combine_chunks().dictionary_encode() for name in _WORDS}

    def who(self, least: Least, window: int, accounts: pa.Array, moments: Collection[int]) -> list[int]:
        """Return the subjects that may have a hit where the rule judges anew; whether strangers or a silence are there is not asked.

        :param window: how long before a hit its evidence lies, in microseconds.
        :param moments: from when on each of the accounts is judged.
        """
        keys = np.asarray(accounts.fill_null(-1))
        order = np.argsort(keys)
        since = np.fromiter(moments, np.int64, len(keys))[order] - window
        place = np.searchsorted(keys[order], self._numbers["account"])
        kept = (self._numbers["at"] >= since[place]) & (self._numbers["base_minor"] >= least.smallest_minor)
        if least.round_to:
            paid = self._numbers["paid_minor"]
            kept &= (paid > 0) & (paid % least.round_to == 0)
        for name in _WORDS:
            words = getattr(least, name)
            if words is not None and not (name == "direction" and least.each_way):
                kept &= self._among(name, words)
        sides = [kept & self._among("direction", [way]) for way in _WAYS] if least.each_way else [kept]
        subject = self._numbers["lead" if least.of_lead else "account"]
        at, minor = self._numbers["at"], self._numbers["base_minor"]
        crowded = [_crowd(least, window, subject[side], at[side], minor[side]) for side in sides]
        found: list[int] = reduce(np.intersect1d, crowded).tolist()
        return found

    def _among(self, name: str, words: Collection[str]) -> npt.NDArray[np.bool_]:
        known = self._words[name].dictionary.to_pylist()
        return np.array([word in words for word in known] or [False])[np.asarray(self._words[name].indices)]


def _crowd(
    least: Least,
    window: int,
    subject: npt.NDArray[np.int32],
    at: npt.NDArray[np.int64],
    minor: npt.NDArray[np.int64],
) -> npt.NDArray[np.int32]:
    """Return the subjects with enough of these legs within some window, and the sum in all."""
    order = np.lexsort((at, subject))
    subject, at = subject[order], at[order]
    if len(subject) < least.legs:
        return subject[:0]
    ends = slice(least.legs - 1, None)
    begins = slice(None, len(subject) - least.legs + 1)
    crowded = np.unique(subject[ends][(subject[ends] == subject[begins]) & (at[ends] - at[begins] <= window)])
    if not least.total_minor or not len(crowded):
        return crowded
    among = np.searchsorted(crowded, subject)
    theirs = crowded[np.minimum(among, len(crowded) - 1)] == subject
    # as fractions, which cannot run over; a hair's breadth is left for what they round off
    sums = np.bincount(among[theirs], weights=minor[order][theirs].astype(np.float64), minlength=len(crowded))
    return crowded[sums * 1.000001 >= least.total_minor]
