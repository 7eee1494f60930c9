"""What a path takes at its joints, told from the transfers themselves: where none of the latest joins any, no path ends there.

A rule along paths reads weeks of everybody's transfers, however few are new. But a path has two hops at the least, and each of them
carries on another one's money. Most payments do not: a wage is not passed on whole, and a shop pays nobody back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from casedesk.detection.hops import LARGEST

Flags: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.intp]


class Joint(NamedTuple):
    """Every hop of a path has a neighbour on it: one party between them, and the later hop carries on the earlier one's money.

    The later one is booked at most ``gap`` after the other and at most ``slack`` before it, in microseconds, and its amount is between
    ``band[0]`` and ``band[1]`` percent of the other's. No hop is below ``smallest``, in minor units of the base currency, and each goes by
    one of the ``channels``; None allows any. Without slack a path ends with its latest hop; it has ``hops`` at the least and so many of
    the desk's ``customers`` on it: where the last two have not, they carry on a hop before them. Where so many paths from one party
    ``meet``, each of two hops and without slack, their end is paid by at least so many accounts, which carry on that party's money, in the
    gap that ends with the last of them. A path that is ``closed`` comes back to where it began after so many hops at the most, all
    within the gap; 0 for one that need not come back.
    """

    gap: int
    band: tuple[int, int]
    slack: int = 0
    smallest: int = 0
    channels: Collection[str] | None = None
    hops: int = 2
    customers: int = 0
    closed: int = 0
    meet: int = 0

    @property
    def reach(self) -> int:
        """How long before a transfer others are asked for that it may join."""
        # of a circle all lies within the gap; elsewhere a hop carries on one that carries on another
        return max(self.gap, self.slack) + (self.slack if self.closed else self.gap)


#: After more transfers than these one joins another almost surely, and the rule is run without asking.
MOST: Final = 20_000
#: The same of pairs that are to be compared.
_MOST_PAIRS: Final = 2_000_000


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

    def places(self, account: Numbers) -> Places:
        """Return by their keys where accounts stand."""
        return np.searchsorted(self.account, account)


class Transfers(NamedTuple):
    """Transfers as columns: when they were booked, what moved, who leads each side and is a customer, and the account that paid.

    Who leads is told by the place among all ``Parties``, the channel by its place among the ``words``.
    """

    at: Numbers
    minor: Numbers
    source: Places
    target: Places
    payer: Numbers
    source_own: Numbers
    target_own: Numbers
    channel: Numbers
    words: Sequence[str]

    def where(self, kept: Flags) -> Transfers:
        """Return some of them."""
        return self.at_places(np.flatnonzero(kept))

    def at_places(self, places: Places) -> Transfers:
        """Return those at some places."""
        columns: tuple[npt.NDArray[Any], ...] = self[:-1]
        return Transfers._make((*(column[places] for column in columns), self.words))

    def fit(self, joint: Joint) -> Transfers:
        """Return those that may be a hop."""
        kept = self.minor >= joint.smallest
        if joint.channels is not None:
            kept &= np.array([word in joint.channels for word in self.words] or [False])[self.channel]
        return self.where(kept)


class Around(Protocol):
    """Tells of the transfers around others, by who leads the two sides, which are never the same."""

    def paid(self, leads: Places, first: int) -> Transfers:
        """Return what came to some parties from a moment on."""

    def sent(self, leads: Places, first: int) -> Transfers:
        """Return what some parties sent from a moment on."""


def joins(joint: Joint, late: Transfers, around: Around) -> bool:
    """Say whether one of the late transfers may stand on a path, where they are all from a moment on.

    :param around: knows all others from ``joint.reach`` before that moment on.
    """
    late = late.fit(joint)
    if not len(late.at):
        return False
    if joint.closed:
        return _comes_back(joint, late, around)
    first = int(late.at.min())
    before = around.paid(np.unique(late.source), first - joint.gap).fit(joint)
    came = _joined(joint, late, before)
    if came is None:
        return True
    if joint.slack:
        after = around.sent(np.unique(late.target), first - joint.slack).fit(joint)
        went = None if len(came.later) else _joined(joint, after, late)
        return went is None or bool(len(went.later))
    if joint.meet:  # the latest hop is the last
        return _meets(joint, late.at_places(np.unique(came.later)), around)
    return _ends(joint, late.at_places(came.later), before.at_places(came.earlier), around)


def _ends(joint: Joint, last: Transfers, before: Transfers, around: Around) -> bool:
    """Say whether a path may end with one of the last hops and the one before it."""
    customers = before.source_own + last.source_own + last.target_own
    short = (customers < joint.customers) | (joint.hops > 2)
    if not short.all():
        return True
    if not len(short):
        return False
    came = around.paid(np.unique(before.source), int(before.at.min()) - joint.gap).fit(joint)
    found = _joined(joint, before, came)
    return found is None or bool(len(found.later))


def _meets(joint: Joint, last: Transfers, around: Around) -> bool:
    """Say whether enough paths from one party may meet at the end of one of the last hops."""
    if not len(last.at):
        return False
    paid = around.paid(np.unique(last.target), int(last.at.min()) - joint.gap).fit(joint)
    crowds, order = [], np.argsort(paid.target, kind="stable")
    ends = sorted(set(zip(last.target.tolist(), last.at.tolist(), strict=True)))
    begin, end = (
        np.searchsorted(paid.target[order], [target for target, _ in ends], side) for side in ("left", "right")
    )
    for (_, at), first, behind in zip(ends, begin.tolist(), end.tolist(), strict=True):
        theirs = order[first:behind]
        places = theirs[(paid.at[theirs] >= at - joint.gap) & (paid.at[theirs] <= at)]
        if len(np.unique(paid.payer[places])) >= joint.meet:
            crowds.append(paid.at_places(places))
    if not crowds:
        return False
    senders = np.unique(np.concatenate([ends.source for ends in crowds]))
    before = around.paid(senders, min(int(ends.at.min()) for ends in crowds) - joint.gap).fit(joint)
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
    """Return which of the later transfers carry on which of the earlier ones; None where too many are to be compared."""
    order = np.argsort(earlier.target, kind="stable")
    parties = 1 + max(int(side.max(initial=-1)) for side in (earlier.target, later.source))
    reached = np.bincount(earlier.target, minlength=parties)
    first, number = (np.cumsum(reached) - reached)[later.source], reached[later.source]
    if int(number.sum()) > _MOST_PAIRS:
        return None
    place, other = _pairs(first, number, order)
    after = later.at[place] - earlier.at[other]
    carried = _alike(joint, later.minor[place], earlier.minor[other]) & (after <= joint.gap) & (after >= -joint.slack)
    return _Pairs(place[carried], other[carried])


def _pairs(first: Places, number: Places, order: Places) -> tuple[Places, Places]:
    """Return each place as often as its number says, and beside it one after the other of the order, from its first on."""
    place = np.repeat(np.arange(len(number)), number)
    step = np.arange(len(place)) - np.repeat(np.cumsum(number) - number, number)
    return place, order[first[place] + step]


def _alike(joint: Joint, later: Numbers, earlier: Numbers) -> Flags:
    """Say which amounts carry on which.

    As floating point, which cannot run over, a hair's breadth left for what it rounds off; those that paths cap are let through.
    """
    moved, before = later.astype(np.float64), earlier.astype(np.float64)
    low, high = joint.band[0] / 100 * (1 - 1e-9), joint.band[1] / 100 * (1 + 1e-9)
    return ((moved >= low * before) & (moved <= high * before)) | (np.maximum(moved, before) >= LARGEST)


class _Ways(NamedTuple):
    """Ways that lead on from late transfers, or back from them: from which of these, to whom, and the earliest booking and the last amount."""

    origin: Places
    party: Places
    earliest: Numbers
    minor: Numbers

    @property
    def ends(self) -> Numbers:
        """From which transfer a way leads to whom."""
        return self.origin.astype(np.int64) << 32 | self.party


def _comes_back(joint: Joint, late: Transfers, around: Around) -> bool:
    """Say whether a circle may have one of the late transfers for the latest of its hops.

    On from it lead hops that are booked no more than the slack before it, which are few. Back from it lead those that it carries on, and
    that these carry on, within the gap. A circle begins with somebody whom both ways reach.
    """
    ways = _Ways(np.arange(len(late.at)), late.target, late.at, late.minor)
    reached = [ways.ends]
    for _ in range(joint.closed - 1):
        more = around.sent(np.unique(ways.party), int(late.at[ways.origin].min()) - joint.slack).fit(joint)
        onward = _onward(joint, ways, more, late.at)
        if onward is None:
            return True
        if not len(onward.party):
            break
        ways = onward
        reached.append(ways.ends)
    ways = _Ways(np.arange(len(late.at)), late.source, late.at, late.minor)
    for left in range(joint.closed - 1, -1, -1):  # hops, beside the late one and those back from it
        if np.isin(ways.ends, np.concatenate(reached[: left + 1])).any():
            return True
        if not left:
            break
        more = around.paid(np.unique(ways.party), int(late.at[ways.origin].min()) - joint.gap).fit(joint)
        back = _back(joint, ways, more, late.at)
        if back is None:
            return True
        if not len(back.party):
            break
        ways = back
    return False


def _onward(joint: Joint, ways: _Ways, more: Transfers, latest: Numbers) -> _Ways | None:
    """Lead ways on by one of these transfers; None where too many are to be compared."""
    found = _met(ways, more.source)
    if found is None:
        return None
    place, other = found
    end = latest[ways.origin[place]]
    fits = (more.at[other] <= end) & (more.at[other] >= end - joint.slack)
    fits &= _alike(joint, more.minor[other], ways.minor[place])
    return _different(ways, place[fits], more, other[fits], more.target)


def _back(joint: Joint, ways: _Ways, more: Transfers, latest: Numbers) -> _Ways | None:
    """Lead ways back by one of these transfers; None where too many are to be compared."""
    found = _met(ways, more.target)
    if found is None:
        return None
    place, other = found
    end, at = latest[ways.origin[place]], more.at[other]
    fits = (at <= end) & (at >= end - joint.gap) & (at <= ways.earliest[place] + joint.slack)
    fits &= _alike(joint, ways.minor[place], more.minor[other])
    return _different(ways, place[fits], more, other[fits], more.source)


def _met(ways: _Ways, party: Places) -> tuple[Places, Places] | None:
    """Return the places of ways, each beside that of a transfer with their party on this side; None where they are too many."""
    order = np.argsort(party, kind="stable")
    begin, end = (np.searchsorted(party[order], ways.party, side) for side in ("left", "right"))
    return None if int((end - begin).sum()) > _MOST_PAIRS else _pairs(begin, end - begin, order)


def _different(ways: _Ways, place: Places, more: Transfers, other: Places, party: Places) -> _Ways:
    """Return the ways that lead there, each once."""
    earliest = np.minimum(ways.earliest[place], more.at[other])
    led = np.stack((ways.origin[place], party[other], earliest, more.minor[other]))
    return _Ways(*np.unique(led, axis=1))
