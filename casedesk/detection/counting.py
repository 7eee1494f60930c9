"""Counts the legs of the few who are touched, in memory: who has so few, or of such a kind, that no rule can have a hit.

What it leaves out has no hit; whoever it names may have none either. Arrays in this process tell it in less than a millisecond a
rule, where each statement to an engine costs several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property, reduce
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from casedesk.detection.least import Least, Needed, Passed, Past
from casedesk.detection.passing import may_have_passed

Flags: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.intp]

#: More legs than these are not counted here: then asking the engine is quicker than reading them.
MOST: Final = 500_000

#: The columns of ``legs.LEGS`` that are asked.
ASKED: Final = (
    "account", "lead", "at", "base_minor", "paid_minor", "direction", "channel", "country", "counterparty", "internal",
)  # fmt: skip
_WORDS: Final = ("direction", "channel", "country")
#: Sums of whole numbers that may run over are not told exactly; this is left for what fractions round off.
_EXACT: Final = 2**62
_ROUNDED: Final = 1.000001
#: After every moment there is.
_NEVER: Final = 2**62


class Counted:
    """The legs of the chosen subjects, all there are, ready to be counted.

    :param legs: the columns of ``ASKED``.
    :param accounts: the chosen subjects' keys.
    :param opened: when each of these was opened, in microseconds since 1970 UTC; None where it is unknown.
    :param beginning: when the earliest transaction of anybody was booked, in microseconds since 1970 UTC.
    """

    def __init__(self, legs: pa.Table, accounts: Sequence[int], opened: Sequence[int | None], beginning: int) -> None:
        account, at = legs["account"].to_numpy(), legs["at"].to_numpy()
        order = np.lexsort((at, account))
        self._numbers: dict[str, Numbers] = {
            name: legs[name].to_numpy()[order] for name in ASKED if name not in (*_WORDS, "internal")
        }
        self._words = {name: _coded(legs[name], order) for name in _WORDS}
        self._internal: Flags = legs["internal"].to_numpy().astype(np.bool_)[order]
        self._beginning = beginning
        keys = np.array(accounts, np.int64)
        self._order = np.argsort(keys)
        self._place = np.searchsorted(keys[self._order], self._numbers["account"])
        never = np.array([_NEVER if moment is None else moment for moment in opened], np.int64)
        self._opened = never[self._order]
        self._dealings: dict[int, tuple[int, _Line | None]] = {}

    def who(self, needed: Needed, window: int, moments: Collection[int]) -> list[int]:
        """Return the subjects, accounts or those who lead them, that may have a hit where the rule judges anew.

        :param window: how long before a hit its evidence lies, in microseconds.
        :param moments: from when on each of the chosen subjects is judged, in their order.
        """
        judged = np.fromiter(moments, np.int64, len(self._order))[self._order][self._place]
        found: list[int] = reduce(np.union1d, (self._who_all(parts, window, judged) for parts in needed)).tolist()
        return found

    def _who_all(self, parts: Sequence[Least], window: int, judged: Numbers) -> Numbers:
        found = self._who(parts[0], window, judged)
        for one in parts[1:]:
            if not len(found):
                break
            if one.passed is None:
                found = np.intersect1d(found, self._who(one, window, judged))
            else:
                found = self._who_passed(found, one, one.passed, window, judged)
        return found

    def _who_passed(self, accounts: Numbers, least: Least, passed: Passed, window: int, judged: Numbers) -> Numbers:
        """Return those of some accounts through which money may have passed."""
        kept = self._of_kind(least) & (self._numbers["at"] >= judged - window)
        places = np.flatnonzero(kept & np.isin(self._numbers["account"], accounts))
        strange = np.isin(places, self._strangers(places, least, window))
        out = self._among("direction", ("out",))[places]
        account, at, minor = (self._numbers[name][places] for name in ("account", "at", "base_minor"))
        edges = np.searchsorted(account, accounts), np.searchsorted(account, accounts, "right")
        through = [
            may_have_passed(
                passed, window, at[part], minor[part], out[part], strange[part], int(judged[places[part][0]])
            )
            for part in map(slice, *edges)
            if part.start < part.stop
        ]
        return accounts[edges[0] < edges[1]][np.array(through, np.bool_)]

    def _who(self, least: Least, window: int, judged: Numbers) -> Numbers:
        kept = self._of_kind(least)
        if not least.silence and least.past is None:  # else all of them tell what was before
            kept &= self._numbers["at"] >= judged - window
        places = self._following(self._strangers(np.flatnonzero(kept), least, window), least.after, window)
        if len(places) < least.legs:
            return places[:0]
        subject = self._numbers["lead" if least.of_lead else "account"][places]
        at = self._numbers["at"][places]
        near = _Near(np.lexsort((at, subject)) if least.of_lead else np.arange(len(at)), subject, at, window)
        if near.line is None:
            return np.unique(subject)
        judged, minor = judged[places][near.order], self._numbers["base_minor"][places][near.order]
        if least.silence:
            may = near.since(least.silence, self._beginning + least.observed) & (near.at >= judged - window)
            first, last = near.place, near.line.number_before(near.at + window + 1)
        else:
            may = near.at >= judged if least.ends else np.ones(len(places), np.bool_)
            first, last = near.line.number_before(near.at - window), near.place + 1
        may &= last - first >= least.legs
        if least.total_minor and may.any():
            may &= (sums := _sums(minor, first, last)) >= least.total_minor
            if least.past is not None:
                may = _above(least.past, near, sums, may & (near.at >= judged), window)
        if least.parties > 1 and may.any():
            may &= _crowded(self._numbers["counterparty"][places][near.order], first, last, may, least.parties)
        if least.places > 1 and may.any():
            may &= _crowded(self._words["country"][1][places][near.order], first, last, may, least.places)
        return np.unique(near.subject[may])

    def _of_kind(self, least: Least) -> Flags:
        kept: Flags = self._numbers["base_minor"] >= least.smallest_minor
        if least.below_minor:
            kept &= self._numbers["base_minor"] < least.below_minor
        if least.round_to:
            paid = self._numbers["paid_minor"]
            kept &= (paid > 0) & (paid % least.round_to == 0)
        for name in _WORDS:
            words = getattr(least, name)
            if words is not None:
                kept &= self._among(name, words)
        if least.outside:
            kept &= ~self._internal
        if least.places:
            kept &= ~self._among("country", ("",))
        if least.young:
            age = self._numbers["at"] - self._opened[self._place]
            kept &= (age >= 0) & (age < least.young)
        return kept

    def _among(self, name: str, words: Collection[str]) -> Flags:
        known, codes = self._words[name]
        return np.array([word in words for word in known] or [False])[codes]

    def _following(self, places: Places, after: Least | None, window: int) -> Places:
        """Keep legs that have enough of another kind, and parties, within a window before each."""
        if after is None or not len(places):
            return places
        came = self._strangers(np.flatnonzero(self._of_kind(after)), after, window)
        if not len(came):
            return came
        line = _Line.of(self._place[came].astype(np.int64), self._numbers["at"][came], window + 1)
        if line is None:
            return places
        at, account = self._numbers["at"][places], self._place[places].astype(np.int64)
        first, last = line.number_before(at - window, account), line.number_before(at + 1, account)
        enough = last - first >= max(after.legs, 1)
        if after.parties > 1 and enough.any():
            enough = _crowded(self._numbers["counterparty"][came], first, last, enough, after.parties)
        return places[enough]

    def _strangers(self, places: Places, least: Least, window: int) -> Places:
        """Keep legs with somebody else whom the account had no dealing with, from the memory to just before the window of each."""
        memory = least.strangers
        if memory is None:
            return places
        named = (self._numbers["counterparty"][places] != 0) & ~self._internal[places]
        places = places[named & self._among("direction", ("in", "out"))[places]]
        if least.settling:
            begun = self._begun[places]
            old = self._opened[self._place[places]] + least.settling < begun
            places = places[~old | (self._numbers["at"][places] >= begun + least.settling)]
        if memory <= window or not len(places):
            return places
        at = self._numbers["at"][places]
        line = self._dealt(int(at.min()) - memory, memory)
        if line is None:
            return places
        pair = self._pairs[places]
        return places[line.number_before(at - window, pair) == line.number_before(at - memory, pair)]

    @cached_property
    def _begun(self) -> Numbers:
        """When the first leg of each one's account was booked."""
        account = self._numbers["account"]
        begun: Numbers = self._numbers["at"][np.searchsorted(account, account)]
        return begun

    @cached_property
    def _pairs(self) -> Numbers:
        pair = self._place.astype(np.int64) << 32 | self._numbers["counterparty"]
        return np.unique(pair, return_inverse=True)[1].astype(np.int64)

    def _dealt(self, since: int, memory: int) -> _Line | None:
        """Return all dealings of each pair from a moment on, or an earlier one; None where they have no room."""
        known = self._dealings.get(memory)
        if known is None or known[0] > since:
            late = self._numbers["at"] >= since
            known = self._dealings[memory] = since, _Line.of(self._pairs[late], self._numbers["at"][late], memory)
        return known[1]


def _coded(column: pa.ChunkedArray, order: Places) -> tuple[list[str], Places]:
    """Return the different words, and which of them each row has."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), np.asarray(coded.indices)[order]


class _Line:
    """Moments of groups, one group behind the other on one line: how many lie before another moment is one search."""

    def __init__(self, group: Numbers, at: Numbers, begin: int, span: int) -> None:
        self._begin, self._span = begin, span
        self._group, self._keys = group, np.sort(group * span + (at - begin))

    @classmethod
    def of(cls, group: Numbers, at: Numbers, reach: int) -> _Line | None:
        """Put them on a line; None where it would be longer than whole numbers reach.

        :param group: numbers from 0 on.
        :param reach: how far from the moments, at the most, those lie that are asked for.
        """
        begin = int(at.min()) - reach
        span = int(at.max()) - begin + reach + 2
        return cls(group, at, begin, span) if span * (int(group.max()) + 1) < _EXACT else None

    def number_before(self, moments: Numbers, group: Numbers | None = None) -> Places:
        """Return how many of all lie in groups before, or before each moment in its group; None takes the groups of all, in order."""
        return np.searchsorted(
            self._keys, (self._group if group is None else group) * self._span + (moments - self._begin)
        )


class _Near:
    """Legs in order of subject and booking. ``line`` is None where they have no room on one."""

    def __init__(self, order: Places, subject: Numbers, at: Numbers, window: int) -> None:
        self.order = order
        self.subject, self.at = subject[order], at[order]
        self.place = np.arange(len(at))
        self.new = np.ones(len(at), np.bool_)
        self.new[1:] = self.subject[1:] != self.subject[:-1]
        self.line = _Line.of(np.cumsum(self.new, dtype=np.int64) - 1, self.at, window)

    def since(self, silence: int, unseen: int) -> Flags:
        """Say which follow a silence of their subject; of one who is first, if it lies at ``unseen`` or later."""
        after = np.empty(len(self.at), np.bool_)
        after[1:] = self.at[1:] - self.at[:-1] >= silence
        after[self.new] = self.at[self.new] >= unseen
        return after


def _sums(minor: Numbers, first: Places, last: Places) -> npt.NDArray[Any]:
    """Return what each stretch of amounts adds up to, from ``first`` to before ``last``; more where whole numbers might run over."""
    exact = int(minor.max()) * len(minor) < _EXACT
    sums: Any = np.zeros(len(minor) + 1, np.int64 if exact else np.float64)
    np.cumsum(minor, out=sums[1:])
    return sums[last] - sums[first] if exact else np.full(len(minor), sums[-1] * _ROUNDED)


def _above(past: Past, near: _Near, sums: npt.NDArray[Any], asked: Flags, window: int) -> Flags:
    """Say which of the sums that are asked for are much; of inexact ones nothing is known, so all may be."""
    if sums.dtype != np.int64:
        return asked
    period = near.at // window
    begins = np.flatnonzero(near.new | (np.diff(period, prepend=period[:1]) != 0))
    ends = np.append(begins[1:], len(sums))
    figure, subject, period = np.maximum.reduceat(sums, begins), near.subject[begins], period[begins]
    found = np.zeros(len(sums), np.bool_)
    for place in np.unique(np.searchsorted(begins, np.flatnonzero(asked), "right") - 1).tolist():
        theirs = int(np.searchsorted(subject, subject[place]))
        first, last = period[place] - past.first, period[place] - past.last + 1
        since, until = (theirs + np.searchsorted(period[theirs:place], [first, last])).tolist()
        if until - since >= past.least:
            much = int(figure[since:until].max()) * past.percent // 100 + 1
            own = slice(begins[place], ends[place])
            found[own] = asked[own] & (sums[own] >= much)
    return found


def _crowded(party: Numbers, first: Places, last: Places, asked: Flags, least: int) -> Flags:
    """Say of which of the stretches that are asked for, none of them empty, so many different parties stand in."""
    # the one before is another one all but so many times
    changes = np.cumsum(np.diff(party, prepend=party[:1]) != 0)
    places = np.flatnonzero(asked)
    places = places[changes[last[places] - 1] - changes[first[places]] >= least - 1]
    found = np.zeros(len(asked), np.bool_)
    # who is passed over before coming in is there -1 times, and then not at all
    there, number = Counter[int](), 0
    begin = end = 0
    for place in places.tolist():
        for gone in party[begin : first[place]].tolist():
            there[gone] -= 1
            number -= there[gone] == 0
        for come in party[end : last[place]].tolist():
            there[come] += 1
            number += there[come] == 1
        begin, end = int(first[place]), int(last[place])
        found[place] = number >= least
    return found
