"""What can be told of a rule before it is run: who may have a hit, and whether a path may end with something new."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import duckdb
import pyarrow as pa

from casedesk.detection.counting import Counted
from casedesk.detection.duck_joints import Recent, parties_in
from casedesk.detection.joints import MOST, Joint, Parties, joins
from casedesk.detection.keying import CHOSEN
from casedesk.detection.lately import Lately
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
    #: The transfers of the last weeks, as far as they were asked for.
    _recent: Recent
    #: How long before what is new they are asked for, once the rules that will ask are known.
    _reach = 0
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
            self._joining[rule] = self._joins(rule.joint, since)
        return self._joining[rule]

    def _joins(self, joint: Joint, since: int) -> bool:
        lately = self._lately(since, joint.reach)
        if lately is None:
            return True
        late = lately.late(self._everybody, since)
        return len(late.at) > MOST or joins(joint, late, lately.around(self._everybody))

    def _lately(self, since: int, reach: int) -> Lately | None:
        """Return the transfers from so long before a moment on; None where they are too many."""
        reach = max(self._reach, reach)
        return self._bring_up(since - reach, reach)

    def _bring_up(self, first: int, reach: int) -> Lately | None:
        """Bring the transfers up that were booked from a moment on."""
        return self._recent.brought_up(self._connection, self._everybody, first, reach)

    def _will_ask(self, rules: Sequence[Rule]) -> None:
        """Say which rules will ask whether a path may end, so that transfers are read once for all of them."""
        self._reach = max((rule.joint.reach for rule in rules if rule.joint is not None), default=0)

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
