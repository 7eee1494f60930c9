"""What a path takes at its joints, told from the transfers themselves: where none of the latest joins any, no path ends there.

A rule along paths reads weeks of everybody's transfers, however few are new. But a path has two hops at the least, and each of them
carries on another one's money. Most payments do not: a wage is not passed on whole, and a shop pays nobody back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from casedesk.detection.hops import LARGEST

Flags: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.intp]


class Joint(NamedTuple):
    """Every hop of a path has a neighbour on it: one party between them, and the later hop carries on the earlier one's money.

    The later one is booked at most ``gap`` after the other and at most ``slack`` before it, in microseconds, and its amount is between
    ``band[0]`` and ``band[1]`` percent of the other's. No hop is below ``smallest``, in minor units of the base currency, and each goes by
    one of the ``channels``; None allows any. Without slack a path ends with its latest hop; it has ``hops`` at the least and so many of
    the desk's ``customers`` on it: where the last two have not, they carry on a hop before them. Where the path is ``closed``, every
    hop's sender is paid on it, and its receiver pays. Where so many paths from one party ``meet``, each of two hops and without slack, their
    end is paid by at least so many accounts, which carry on that party's money, in the gap that ends with the last of them.
    """

    gap: int
    band: tuple[int, int]
    slack: int = 0
    smallest: int = 0
    channels: Collection[str] | None = None
    hops: int = 2
    customers: int = 0
    closed: bool = False
    meet: int = 0


#: After more transfers than these one joins another almost surely, and the rule is run without asking.
MOST: Final = 20_000
#: The same of pairs that are to be compared.
_MOST_PAIRS: Final = 2_000_000

#: The transfers with an account on both sides from a moment on.
_READ: Final = """
SELECT "at", base_minor, from_key, to_key, channel FROM all_keyed
WHERE "at" >= {first} AND from_key <> 0 AND to_key <> 0"""

#: All of them; of too many, enough to see that.
LATE: Final = f"{_READ} LIMIT {MOST + 1}"

#: What came to some accounts (the column ``account`` of ``reached``), and what went from some (that of ``paying``).
NEAR: Final = f"{_READ} AND (to_key IN (SELECT account FROM reached) OR from_key IN (SELECT account FROM paying))"

#: What came to some accounts.
PAID: Final = f"{_READ} AND to_key IN (SELECT account FROM reached)"


def first_asked(joints: Iterable[Joint], since: int) -> int:
    """Return from when on transfers are asked for those that join one from a moment on."""
    return min((since - max(joint.gap, joint.slack) for joint in joints), default=since)


class Parties(NamedTuple):
    """All accounts in the order of their keys: who leads each, by its place in this order, and whether it is the desk's own."""

    account: Numbers
    lead: Places
    own: Numbers

    @classmethod
    def of(cls, account: Numbers, leader: Numbers, own: Numbers) -> Parties:
        """Take them in the order of their keys; ``leader`` is a key as well."""
        return cls(account, np.searchsorted(account, leader), own)

    def with_more(self, account: Numbers, leader: Numbers, own: Numbers) -> Parties:
        """Return them with others, in the order of their keys, none of whom leads one that is there."""
        place = np.searchsorted(self.account, account)
        accounts = np.insert(self.account, place, account)
        moved = self.lead + np.searchsorted(place, self.lead, side="right")
        return Parties(
            accounts, np.insert(moved, place, np.searchsorted(accounts, leader)), np.insert(self.own, place, own)
        )

    def led_by(self, leads: Places) -> Numbers:
        """Return the accounts of some parties."""
        asked = np.zeros(len(self.account), np.bool_)
        asked[leads] = True
        return self.account[asked[self.lead]]


class Transfers(NamedTuple):
    """Transfers as columns: when they were booked, what moved, who leads each side and is a customer, and the account that paid.

    Who leads is told by the place among all ``Parties``.
    """

    at: Numbers
    minor: Numbers
    source: Places
    target: Places
    payer: Numbers
    source_own: Numbers
    target_own: Numbers
    channel: pa.DictionaryArray

    @classmethod
    def of(cls, table: pa.Table, parties: Parties) -> Transfers:
        """Read what ``LATE``, ``NEAR`` and ``PAID`` return."""
        at, minor, payer, paid = (
            table[name].to_numpy().astype(np.int64) for name in ("at", "base_minor", "from_key", "to_key")
        )
        source, target = (np.searchsorted(parties.account, side) for side in (payer, paid))
        channel = table["channel"].combine_chunks().dictionary_encode()
        return cls(
            at, minor, parties.lead[source], parties.lead[target], payer, parties.own[source], parties.own[target], channel
        )  # fmt: skip

    def where(self, kept: Flags) -> Transfers:
        """Return some of them."""
        return self.at_places(np.flatnonzero(kept))

    def at_places(self, places: Places) -> Transfers:
        """Return those at some places."""
        return Transfers._make((*(column[places] for column in self[:-1]), self.channel.take(pa.array(places))))

    def fit(self, joint: Joint) -> Transfers:
        """Return those that may be a hop."""
        kept = self.minor >= joint.smallest
        if joint.channels is not None:
            known = self.channel.dictionary.to_pylist()
            kept &= np.array([one in joint.channels for one in known] or [False])[np.asarray(self.channel.indices)]
        return self.where(kept)


def joins(joint: Joint, late: Transfers, near: Transfers, paid: Callable[[Places, int], Transfers]) -> bool:
    """Say whether one of the late transfers may stand on a path, where the near ones are all from :func:`first_asked` on.

    :param paid: returns what came to some parties from a moment on.
    """
    if not len(late.at):
        return False
    known = near.where(near.at >= first_asked([joint], int(late.at.min())))
    late, fit = late.fit(joint), known.fit(joint)
    if joint.closed:
        late = late.where(np.isin(late.source, known.target) & np.isin(late.target, known.source))
    came = _joined(joint, late, fit)
    if came is None:
        return True
    if not joint.slack and not joint.closed:  # the latest hop is the last
        if joint.meet:
            return _meets(joint, late.at_places(np.unique(came.later)), fit, paid)
        return _ends(joint, late.at_places(came.later), fit.at_places(came.earlier), paid)
    went = None if len(came.later) else _joined(joint, fit, late)
    return went is None or bool(len(went.earlier))


def _ends(joint: Joint, last: Transfers, before: Transfers, paid: Callable[[Places, int], Transfers]) -> bool:
    """Say whether a path may end with one of the last hops and the one before it."""
    customers = before.source_own + last.source_own + last.target_own
    short = (customers < joint.customers) | (joint.hops > 2)
    if not short.all():
        return True
    if not len(short):
        return False
    came = paid(np.unique(before.source), int(before.at.min()) - joint.gap).fit(joint)
    found = _joined(joint, before, came)
    return found is None or bool(len(found.later))


def _meets(joint: Joint, last: Transfers, fit: Transfers, paid: Callable[[Places, int], Transfers]) -> bool:
    """Say whether enough paths from one party may meet at the end of one of the last hops."""
    crowds, order = [], np.argsort(fit.target, kind="stable")
    ends = sorted(set(zip(last.target.tolist(), last.at.tolist(), strict=True)))
    begin, end = (
        np.searchsorted(fit.target[order], [target for target, _ in ends], side) for side in ("left", "right")
    )
    for (_, at), first, behind in zip(ends, begin.tolist(), end.tolist(), strict=True):
        theirs = order[first:behind]
        places = theirs[(fit.at[theirs] >= at - joint.gap) & (fit.at[theirs] <= at)]
        if len(np.unique(fit.payer[places])) >= joint.meet:
            crowds.append(fit.at_places(places))
    if not crowds:
        return False
    senders = np.unique(np.concatenate([ends.source for ends in crowds]))
    before = paid(senders, min(int(ends.at.min()) for ends in crowds) - joint.gap).fit(joint)
    return any(_from_one(joint, ends, before) for ends in crowds)


def _from_one(joint: Joint, ends: Transfers, before: Transfers) -> bool:
    """Say whether enough accounts that pay one party carry on what came from another one."""
    ways = _joined(joint, ends, before)
    if ways is None:
        return True
    links = np.unique(np.stack((before.source[ways.earlier], ends.payer[ways.later])), axis=1)
    return bool((np.unique(links[0], return_counts=True)[1] >= joint.meet).any())


class _Pairs(NamedTuple):
    """Places of transfers, each with one that it carries on."""

    later: Places
    earlier: Places


def _joined(joint: Joint, later: Transfers, earlier: Transfers) -> _Pairs | None:
    """Return which of the later transfers carry on which of the earlier ones; None where too many are to be compared.

    Amounts as floating point, which cannot run over, a hair's breadth left for what it rounds off; those that paths cap are let through.
    """
    order = np.argsort(earlier.target, kind="stable")
    parties = 1 + max(int(side.max(initial=-1)) for side in (earlier.target, later.source))
    reached = np.bincount(earlier.target, minlength=parties)
    first, number = (np.cumsum(reached) - reached)[later.source], reached[later.source]
    if int(number.sum()) > _MOST_PAIRS:
        return None
    place = np.repeat(np.arange(len(later.at)), number)
    step = np.arange(len(place)) - np.repeat(np.cumsum(number) - number, number)
    other = order[first[place] + step]
    after = later.at[place] - earlier.at[other]
    moved, before = later.minor[place].astype(np.float64), earlier.minor[other].astype(np.float64)
    low, high = joint.band[0] / 100 * (1 - 1e-9), joint.band[1] / 100 * (1 + 1e-9)
    alike = ((moved >= low * before) & (moved <= high * before)) | (np.maximum(moved, before) >= LARGEST)
    carried = alike & (after <= joint.gap) & (after >= -joint.slack)
    return _Pairs(place[carried], other[carried])
