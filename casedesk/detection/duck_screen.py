"""What can be told of a rule before it is run: who may have a hit, and whether a path may end with something new."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import duckdb
import pyarrow as pa

from casedesk.detection.counting import Counted
from casedesk.detection.duck_joints import Met, gathered, paid_to, parties_in
from casedesk.detection.joints import Parties, joins
from casedesk.detection.keying import CHOSEN
from casedesk.detection.least import JUDGED_FROM, who_may
from casedesk.detection.peers import AmongPeers
from casedesk.detection.rule import Reach, Rule
from casedesk.detection.subjects import Judged, Subjects


class Screened:
    """Data of which it can be told whether a rule has anything to find, by counting, which costs little beside running it."""

    _connection: duckdb.DuckDBPyConnection
    #: The chosen subjects' keys, in the order of the subjects, and the same by id and back.
    _subject_keys: pa.Array
    _key_by_id: Mapping[str, int]
    _id_by_key: Mapping[int, str]
    #: The chosen subjects' legs where they are few.
    _counted: Counted | None = None
    #: The table that has all legs of the chosen subjects, of others as well.
    _every_leg = CHOSEN.get_name()
    #: What is in ``JUDGED_FROM``.
    _noted: Mapping[str, int] | None = None
    #: All accounts, once they were asked for.
    _parties: Parties | None = None
    #: The neighbours of what is new, once they were asked for.
    _met: Met | None
    #: Whether a path may end with something new, by rule, where it was told.
    _joining: dict[Rule, bool]
    #: Who may have a hit, by rule, where it was told and not yet asked for.
    _allowed: dict[Rule, list[str]]

    def _need_legs(self, account_ids: Collection[str] | None = None) -> None:
        """Have the legs of these chosen subjects, None for all, where statements find them, if they are not yet there."""

    def _need_legs_for(self, rules: Sequence[Rule], subjects: Subjects) -> None:
        """Have the legs there that these rules, which are not idle, are shown: of whom counting lets through, where all were counted."""
        shown = [self._allowed.get(rule, subjects.account_ids) for rule in rules if rule.reach is not Reach.GRAPH]
        if shown:
            self._need_legs(set().union(*shown))

    def _idle(self, rule: Rule, subjects: Subjects) -> bool:
        """Say whether nothing can be found by the rule, nor need be found again, as far as counting tells."""
        if rule.reach.local or isinstance(rule, AmongPeers):
            judged = subjects.judged(rule) if rule.reach.local else subjects.of_chosen(rule)
            if judged is None or rule.span is None or self._counted is None:  # statements go by beside each other
                return False
            self._allowed[rule] = self._who_may(rule, subjects, subjects.first_look(rule, judged))
            return not self._allowed[rule]
        if (
            rule.span is None
            or rule.span.ahead
            or subjects.everywhere is None
            or self._may_join(rule, subjects.everywhere)
        ):
            return False
        return not subjects.second_look_along(rule, {})

    def _may_join(self, rule: Rule, since: int) -> bool:
        """Say whether a transfer from a moment on may stand on a path, as far as its neighbours tell."""
        if rule.joint is None:
            return True
        if rule not in self._joining:
            self._meet([rule], since)
            paid = partial(paid_to, self._connection, self._everybody)
            self._joining[rule] = self._met is None or joins(rule.joint, self._met.late, self._met.near, paid)
        return self._joining[rule]

    def _meet(self, rules: Sequence[Rule], since: int) -> None:
        """Gather the neighbours of what is booked from a moment on, as far as these rules ask for them."""
        self._met = gathered(self._connection, self._everybody, rules, since, self._met)

    @property
    def _everybody(self) -> Parties:
        if self._parties is None:
            self._parties = parties_in(self._connection)
        return self._parties

    def _who_may(self, rule: Rule, subjects: Subjects, judged: Judged) -> list[str]:
        """Return the accounts that may have a hit where the rule judges anew, as far as counting legs tells."""
        if rule.least is None or rule.span is None:
            return subjects.account_ids
        window = rule.span.window
        if self._counted is not None:
            found = self._counted.who(rule.least, window, [judged.moments[one] for one in subjects.account_ids])
            return subjects.with_theirs(map(self._id_by_key.__getitem__, found))
        self._need_legs()
        earliest = self._note_moments(judged)
        rows = self._connection.execute(who_may(rule.least, window, self._every_leg, earliest)).fetchall()
        return subjects.with_theirs(self._id_by_key[key] for (key,) in rows)

    def _note_moments(self, judged: Judged) -> int:
        """Let ``JUDGED_FROM`` hold from when on each chosen account is judged; return the earliest moment."""
        if self._noted is not judged.moments:
            self._noted = judged.moments
            moments = pa.array(map(judged.moments.__getitem__, self._key_by_id), pa.int64())
            given = pa.table({"account": self._subject_keys, "moment": moments})
            self._connection.register("moments", given)
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {JUDGED_FROM} AS FROM moments")
        return judged.earliest
