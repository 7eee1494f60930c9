"""What rules found on accounts, kept from run to run, so that what comes to it need not be found again with it.

An episode that never pauses began months ago. Where a new hit joins it, the whole of it has to be told, and a second look (``subjects``)
would read these months again for each of its accounts. But nothing before the new booking has changed: what was found there is
true as it was, and the new hits, with what lies within a window before them, are in the first look. So the evidence of both is put
together, and episodes that share a transaction become one.

This holds for rules that judge a hit by what comes before it, on one account by itself. It holds as long as every row that came was
looked at: a process that missed a run forgets everything (:meth:`FoundBefore.forget`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.episodes import COLUMNS
from casedesk.detection.keying import ORDER
from casedesk.detection.rule import Reach, Rule
from casedesk.detection.subjects import Judged, Subjects

#: Rows of evidence that are kept of one rule; some hundred bytes each. Beyond, everything of it is let go.
MOST: Final = 500_000
#: Tables that the rows may be spread over before they are put together.
_PARTS: Final = 32

Episode = tuple[str, int]


class _Known(NamedTuple):
    """Of one account: the episodes that end at ``first`` or later are kept, the last of their hits is at ``last``."""

    first: int
    last: int
    part: int


@dataclass(slots=True)
class _OfRule:
    accounts: dict[str, _Known] = field(default_factory=dict)
    parts: dict[int, pa.Table] = field(default_factory=dict)

    def evidence(self, account_ids: Iterable[str]) -> list[pa.Table]:
        by_part: dict[int, list[str]] = {}
        for account_id in account_ids:
            if known := self.accounts.get(account_id):
                by_part.setdefault(known.part, []).append(account_id)
        return [_of(self.parts[part], accounts) for part, accounts in by_part.items()]

    def keep(self, evidence: pa.Table, spans: Mapping[str, tuple[int, int]]) -> None:
        if not spans:
            return
        part = max(self.parts, default=0) + 1
        self.parts[part] = evidence
        for account_id, (first, last) in spans.items():
            self.accounts[account_id] = _Known(first, last, part)
        self._drop_unused()

    def _drop_unused(self) -> None:
        used = {known.part for known in self.accounts.values()}
        self.parts = {part: table for part, table in self.parts.items() if part in used}
        if len(self.parts) > _PARTS or self._rows() > MOST:
            self.parts = {1: pa.concat_tables(self.evidence(list(self.accounts))).combine_chunks()}
            self.accounts = {one: known._replace(part=1) for one, known in self.accounts.items()}
        if self._rows() > MOST:
            self.accounts, self.parts = {}, {}

    def _rows(self) -> int:
        return sum(table.num_rows for table in self.parts.values())


class FoundBefore:
    """Keeps evidence by rule and account. Several rules may be asked and noted at a time, each of them once."""

    def __init__(self) -> None:
        self._by_rule: dict[Rule, _OfRule] = {}

    def forget(self, rule: Rule | None = None) -> None:
        """Forget what was found by a rule, or by all."""
        if rule is None:
            self._by_rule.clear()
        else:
            self._by_rule.pop(rule, None)

    def window(self, rule: Rule) -> int | None:
        """Return how far back the evidence of a hit reaches, in microseconds, for a rule whose findings can be kept; None for others."""
        kept = rule.reach is Reach.ACCOUNT and rule.span is not None and rule.span.backward
        return rule.span.window if kept and rule.span is not None else None

    def known(
        self, rule: Rule, account_ids: Iterable[str], judged: Judged, first: Judged, subjects: Subjects
    ) -> dict[str, int]:
        """Return those of these accounts of which all is kept that is judged anew, and from when on it is all.

        :param judged: from when on findings are judged anew.
        :param first: from when on something may have changed.
        """
        if self.window(rule) is None:
            return {}
        kept, found = self._of(rule).accounts, {}
        for account_id in account_ids:
            known, moment = kept.get(account_id), judged.moments[account_id]
            if known is None:
                if not subjects.stood_from(rule, account_id, moment):
                    found[account_id] = moment
            elif known.first <= moment and known.last < first.moments[account_id]:
                found[account_id] = known.first
        return found

    def completed(
        self, rule: Rule, found: pa.Table, again: Collection[str], known: Collection[str], first: Judged
    ) -> pa.Table:
        """Return all evidence on the accounts that are known, and what was found on those that are not looked at again.

        :param found: what the first look found, guarded as it is by legs from before the moments.
        :param first: from when on the first look judged.
        """
        rest = found.filter(pc.invert(pc.is_in(found["account_id"], pa.array(list(again), pa.string()))))
        kept = self._of(rule).evidence(known)
        new = _counting(found, {one: first.moments[one] for one in known}, self.window(rule) or 0)
        return either(rest, _put_together(pa.concat_tables(kept), new) if kept else new)

    def note(self, rule: Rule, found: pa.Table, first: Judged, again: Mapping[str, int], subjects: Subjects) -> None:
        """Keep what a run found.

        :param found: all evidence of the accounts in ``again``, from their moments there on; of others what the first look found.
        :param first: from when on the first look judged.
        """
        window, accounts = self.window(rule), self._of(rule).accounts
        if window is None:
            return
        for stale in [one for one in first.moments if one in accounts and accounts[one].last >= first.moments[one]]:
            del accounts[stale]
        if not found.num_rows:
            return
        names: list[str] = pc.unique(found["account_id"]).to_pylist()
        found = _ended_from(found, {one: again.get(one, first.moments[one]) for one in names})

        def complete_from(account_id: str) -> int:
            moment = first.moments[account_id]
            # evidence of a hit reaches back a window: where nothing stood there, what is found is all
            return moment if subjects.stood_from(rule, account_id, moment - window) else moment - window

        last = found.group_by("account_id").aggregate([("at", "max")])
        ends = zip(last["account_id"].to_pylist(), last["at_max"].to_pylist(), strict=True)
        spans = {one: (again[one] if one in again else complete_from(one), end) for one, end in ends}
        self._of(rule).keep(found, spans)

    def _of(self, rule: Rule) -> _OfRule:
        return self._by_rule.setdefault(rule, _OfRule())


def either(one: pa.Table, other: pa.Table) -> pa.Table:
    """Put evidence of different accounts under one another."""
    return pa.concat_tables([one, other]) if one.num_rows and other.num_rows else one if one.num_rows else other


def _of(found: pa.Table, account_ids: Collection[str]) -> pa.Table:
    return found.filter(pc.is_in(found["account_id"], pa.array(list(account_ids), pa.string())))


def _ends(found: pa.Table) -> dict[Episode, int]:
    last = found.group_by(["account_id", "episode"]).aggregate([("at", "max")])
    columns = (last[name].to_pylist() for name in ("account_id", "episode", "at_max"))
    return {(account_id, episode): end for account_id, episode, end in zip(*columns, strict=True)}


def _ended_from(found: pa.Table, moments: Mapping[str, int]) -> pa.Table:
    """Leave out the episodes that end before their account's moment."""
    early = {episode for episode, end in _ends(found).items() if end < moments[episode[0]]}
    if not early:
        return found
    rows = zip(found["account_id"].to_pylist(), found["episode"].to_pylist(), strict=True)
    return found.filter(pa.array([row not in early for row in rows], pa.bool_()))


def _counting(found: pa.Table, moments: Mapping[str, int], window: int) -> pa.Table:
    """Keep the evidence of the hits at these accounts' moments or later: what an episode has further back was told by legs without a past."""
    theirs = _ended_from(_of(found, moments), moments)
    rows = zip(theirs["account_id"].to_pylist(), theirs["at"].to_pylist(), strict=True)
    return theirs.filter(pa.array([at >= moments[account_id] - window for account_id, at in rows], pa.bool_()))


def _put_together(kept: pa.Table, new: pa.Table) -> pa.Table:
    """Put evidence of the same accounts together; a transaction that is in both stands as it was kept."""
    place = pc.index_in(_keys(new), _keys(kept))
    both = place.is_valid()
    numbers = _renumbered(new.filter(both), kept.take(place.drop_null()))
    rest = new.filter(pc.invert(both))
    parts = [_with_numbers(kept, numbers, "kept"), _with_numbers(rest, numbers, "new")]
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in ORDER])


def _keys(found: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(found["account_id"], found["transaction_id"], "\0").combine_chunks()


def _renumbered(new: pa.Table, kept: pa.Table) -> dict[tuple[str, str, int], int]:
    """Return the number of each episode that shares a transaction with another one: the least of all it then is.

    The rows of both tables are the same transactions, in the same order.
    """
    parents: dict[tuple[str, str, int], tuple[str, str, int]] = {}

    def root(node: tuple[str, str, int]) -> tuple[str, str, int]:
        while parents.setdefault(node, node) != node:
            node = parents[node]
        return node

    pairs = set(
        zip(new["account_id"].to_pylist(), new["episode"].to_pylist(), kept["episode"].to_pylist(), strict=True)
    )
    for account_id, one, other in pairs:
        low, high = sorted(
            (root(("new", account_id, one)), root(("kept", account_id, other))), key=lambda node: node[2]
        )
        parents[high] = low
    return {node: root(node)[2] for node in parents}


def _with_numbers(found: pa.Table, numbers: Mapping[tuple[str, str, int], int], side: str) -> pa.Table:
    rows = zip(found["account_id"].to_pylist(), found["episode"].to_pylist(), strict=True)
    told = [numbers.get((side, account_id, episode), episode) for account_id, episode in rows]
    return found.set_column(COLUMNS.index("episode"), "episode", pa.array(told, found.schema.field("episode").type))
