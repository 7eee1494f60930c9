"""What a hit takes at the least, told from the legs themselves: a rule that cannot have one need not be run.

Running a rule costs some hundredths of a second however little it is shown, because its expression has dozens of steps. After a
few transactions most rules can be ruled out by counting, for each account or customer, the legs of their kind. After many, counting
tells who may have a hit, so that a rule is shown the legs of a few hundred accounts and not of all that are touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

_WORDS: Final = ("direction", "channel", "country")


class Past(NamedTuple):
    """What came before tells what is much: time is cut into periods as long as the window, and a period's figure is its largest sum.

    The sum exceeds ``percent`` of the largest figure among the periods from ``first`` to ``last`` before its own, and ``least`` of these
    have legs.
    """

    percent: int
    first: int
    last: int
    least: int


class Passed(NamedTuple):
    """In some stretch from a payment in to one out, at most a window long, out went between these percents of what came in.

    That is ``least_minor``, and half of each side is with strangers, as in ``Least``.
    """

    least_percent: int
    most_percent: int
    least_minor: int


class Least(NamedTuple):
    """A hit at some moment has so many legs of this kind on its subject, and this sum, from a window before it to that moment.

    Where ``of_lead`` the subject is the customer. Amounts are ``smallest_minor`` at the least, and where there is ``below_minor`` less than
    that. None allows any direction, channel or country. Where there is ``round_to``, the amount as it was paid is a multiple of it. Where
    there is ``young``, a leg lies less than that after the account's opening. Where ``outside``, none is with another account of the
    customer. Where ``ends``, the hit ends with a leg of this kind. Where there is a ``past``, these legs alone are asked what is much.

    Where ``strangers`` is not None, the legs are with other customers without a dealing from that long before each to just before its window,
    and ``parties`` of them are different; where there is ``settling``, an account that was opened so long before its first leg has none until
    as long after it. Where there is ``after``, so many legs of that kind, and parties, lie within a window before each, or at its moment.
    Where there is ``passed``, that is asked of all legs of this kind.

    The other sides stand in ``places`` different countries, as far as these are known. Where there is ``silence``, the moment of the hit is at
    most a window after the first of its legs, and none of this kind lies that long before that; one that is the very first lies ``observed``
    after the beginning of the data. All in microseconds.
    """

    legs: int = 1
    total_minor: int = 0
    smallest_minor: int = 0
    direction: Collection[str] | None = None
    channel: Collection[str] | None = None
    country: Collection[str] | None = None
    of_lead: bool = False
    round_to: int = 0
    young: int = 0
    outside: bool = False
    below_minor: int = 0
    past: Past | None = None
    ends: bool = False
    strangers: int | None = None
    settling: int = 0
    parties: int = 0
    after: Least | None = None
    passed: Passed | None = None
    places: int = 0
    silence: int = 0
    observed: int = 0


#: One of these, and of that all parts. Each part may have its legs in a window of its own.
Needed: TypeAlias = tuple[tuple[Least, ...], ...]


def alone(least: Least) -> Needed:
    """Return what one part says that is needed in any case."""
    return ((least,),)


#: From when on each account may have a hit, in microseconds since 1970 UTC: ``account`` and ``moment``.
JUDGED_FROM: Final = "judged_from"


def who_may(needed: Needed, window: int, legs: str, earliest: int) -> str:
    """Return the SQL that tells which subjects may have a hit from their moment in ``JUDGED_FROM`` on, as far as a few figures tell.

    It reads the legs once: of strangers it asks only whether one stands on a leg that the hit may end with.

    :param window: how long before a hit its evidence lies, in microseconds.
    :param legs: the table of the legs to count.
    :param earliest: of all these moments.
    """
    crowded = _crowded(needed, window, legs, earliest)
    ends = [[one for one in parts if one.ends and (one.strangers or 0) > window] for parts in needed]
    if not all(ends):
        return crowded
    return _ended_by_strangers([one for parts in ends for one in parts], window, legs, earliest, crowded)


def _crowded(needed: Needed, window: int, legs: str, earliest: int) -> str:
    every = [one for parts in needed for one in parts]
    back = 2 * window if any(one.silence for one in every) else window
    enough = " OR ".join(" AND ".join(_enough(one, window) for one in parts) for parts in needed)
    return f"""
SELECT {"lead" if every[0].of_lead else "account"} AS subject FROM {legs} JOIN {JUDGED_FROM} USING (account)
WHERE "at" >= {earliest - back} AND "at" >= moment - {back} AND ({_of_any(every)})
GROUP BY subject
HAVING {enough}"""


def _enough(least: Least, window: int) -> str:
    within = f'"at" >= moment - {window} AND {_of_kind(least)}'
    enough = f"count(*) FILTER ({within}) >= {least.legs} AND sum(base_minor) FILTER ({within}) >= {least.total_minor}"
    if not least.silence:
        return enough
    before = f'"at" < moment - {window} AND {_of_kind(least)}'
    return f'{enough} AND coalesce(max("at") FILTER ({before}) <= max("at") - {least.silence}, true)'


def _ended_by_strangers(ends: Sequence[Least], window: int, legs: str, earliest: int, crowded: str) -> str:
    """Ask whether a stranger stands on a leg that a hit may end with: a pair that dealt before the window of each has none."""
    memory = min(one.strangers or 0 for one in ends)
    return f"""
WITH crowded AS MATERIALIZED ({crowded}), pairs AS MATERIALIZED (
    SELECT account, counterparty, min("at") AS earliest, max("at") AS latest
    FROM {legs} JOIN {JUDGED_FROM} USING (account) SEMI JOIN crowded ON account = subject
    WHERE "at" >= {earliest} AND "at" >= moment AND counterparty <> 0 AND NOT internal AND ({_of_any(ends)})
    GROUP BY ALL), met AS (
    SELECT DISTINCT account, counterparty FROM {legs} JOIN pairs USING (account, counterparty)
    WHERE "at" >= latest - {memory} AND "at" < earliest - {window})
SELECT DISTINCT account AS subject FROM pairs ANTI JOIN met USING (account, counterparty)"""


def _of_any(some: Iterable[Least]) -> str:
    return " OR ".join(dict.fromkeys(f"({_of_kind(one)})" for one in some))


def _of_kind(least: Least) -> str:
    among = [f"{name} IN ({_listed(words)})" for name in _WORDS if (words := getattr(least, name)) is not None]
    rounded = [f"paid_minor > 0 AND paid_minor % {least.round_to} = 0"] if least.round_to else []
    outside = ["NOT internal"] if least.outside else []
    below = [f"base_minor < {least.below_minor}"] if least.below_minor else []
    return " AND ".join([f"base_minor >= {least.smallest_minor}", *below, *among, *rounded, *outside])


def _listed(words: Iterable[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words)) or "NULL"
