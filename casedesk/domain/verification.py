"""Check a ledger: every body, every chain, the tree, and the state the events add up to. Pure functions.

Three verdicts: VERIFIED, TAMPERED with the first bad event, and NOT_EVALUATED where there was nothing that could be
checked. Nothing to check is never VERIFIED.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple

from casedesk.domain.counts import counted
from casedesk.domain.differences import differing_column, written
from casedesk.domain.events import DESK, KINDS
from casedesk.domain.history import Folding, columns
from casedesk.domain.ledger import FORMAT, REMOVABLE, ZERO_HASH, Recorded, decoded, is_body_of
from casedesk.domain.merkle import Frontier
from casedesk.domain.policy import SHIPPED, Policy
from casedesk.errors import CasedeskError


class Verdict(StrEnum):
    """The outcome; the exit codes of ``casedesk audit verify`` are 0, 1 and 2 in this order."""

    VERIFIED = "VERIFIED"
    TAMPERED = "TAMPERED"
    NOT_EVALUATED = "NOT_EVALUATED"

    @property
    def exit_code(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not agree. ``column`` names what differs, empty if that is not told; ``event_id`` is 0 where no event is at fault."""

    event_id: int
    case_id: str
    case_seq: int
    problem: str  # a sentence
    column: str
    expected: str
    got: str
    ts: str = ""
    user: str = ""

    def sentence(self) -> str:
        """Say where, what, expected and got."""
        where = (
            f"Event {self.event_id} ({self.case_id}, number {self.case_seq} there)" if self.event_id else self.case_id
        )
        if not self.column:
            return f"{where}: {self.problem}"
        return f"{where}: {self.problem} Column {self.column}: expected {_cut(self.expected)}, got {_cut(self.got)}."


def _cut(text: str) -> str:
    shown = text if len(text) <= 80 else text[:77] + "…"
    return f"“{shown}”"


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict and what it rests on. ``findings`` holds the first hundred in the order of the ledger."""

    verdict: Verdict
    events: int
    cases: int
    root: str
    findings: tuple[Finding, ...]
    broken_events: frozenset[int]
    reason: str = ""  # why nothing could be evaluated
    anchored: int = 0  # how many events, from the first on, a signed checkpoint covers
    purged: int = 0  # of how many events the text was removed after retention
    stamped: tuple[int, str] = (0, "")  # how many an authority's time-stamp covers, and since when at the latest

    @property
    def first(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    def sentence(self) -> str:
        """Say the verdict in one sentence."""
        if self.verdict is Verdict.NOT_EVALUATED:
            return f"Cannot tell: {self.reason}"
        if self.first is not None:
            return f"Broken. {self.first.sentence()}"
        return (
            f"Intact: {counted(self.events, 'event')} of {counted(self.cases, 'case agrees', 'cases agree')} with their hashes, their chains and the state "
            f"of the cases; root {self.root[:16]}…; {self.reach()}{self._removed()}."
        )

    def _removed(self) -> str:
        return f"; the texts of {counted(self.purged, 'event')} were purged" if self.purged else ""

    def reach(self) -> str:
        """Say how far a signed checkpoint reaches, and what lies beyond."""
        if not self.anchored:
            return "no signed checkpoint covers them yet"
        size, at = self.stamped
        since = (
            f"; a time-stamp shows that events 1 to {size:,} existed on {at[:16].replace('T', ' ')} UTC" if size else ""
        )
        if self.anchored == self.events:
            return f"a signed checkpoint covers all of them{since}"
        left = self.events - self.anchored
        return f"a signed checkpoint covers events 1 to {self.anchored:,}, the {left:,} after it none{since}"


def not_evaluated(reason: str) -> Report:
    """Report that there was nothing that could be checked, and why."""
    return Report(Verdict.NOT_EVALUATED, 0, 0, "", (), frozenset(), reason)


class Anchor(NamedTuple):
    """What a signed checkpoint says: the root, in hex, of the first ``size`` events."""

    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Anchors:
    """The checkpoints that a known key signed, the smallest first; and of each file that is none, its name and why."""

    valid: tuple[Anchor, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    stamped: tuple[tuple[int, str], ...] = ()  # the size of a checkpoint, and since when at the latest it existed


@dataclass(slots=True)
class _Stream:
    last_hash: str
    last_seq: int
    folding: Folding | None  # None for the desk's own stream, and after the history stopped making sense


_KEEP: Final = 100


class Verifier:
    """Takes rows in the order of the ledger, one by one, and reports at the end.

    :param whole: True for a whole ledger, whose ``event_id`` has no gaps; False for the events of single cases.
    :param anchors: what the ledger was when it was signed; for a whole ledger only.
    """

    def __init__(self, *, whole: bool = True, anchors: Anchors | None = None) -> None:
        self.whole = whole
        anchors = anchors or Anchors()
        self.anchored = 0
        self._anchors = list(reversed(anchors.valid))  # the next one is the last
        self._problems = anchors.problems
        self._stamped = anchors.stamped
        self._next_anchor = self._anchors[-1].size if self._anchors else 0
        self.frontier = Frontier()
        self.streams: dict[str, _Stream] = {}
        self.findings: list[Finding] = []
        self.broken: set[int] = set()
        self.events = 0
        self.policy: Policy = SHIPPED  # from which the due dates of :meth:`check_case` follow
        self.unknown_format = ""  # of the first event whose content and column agree on one this desk does not read
        self.purged: list[Recorded] = []  # events whose text was removed
        self._last_id = 0
        self._rows_seen: set[str] = set()

    def check(self, row: Recorded) -> None:
        """Check one row against its own body, its stream and the rows before."""
        self.check_all((row,))

    def check_all(self, rows: Iterable[Recorded]) -> int:
        """Check row after row and return how many there were.

        This runs once for every event there is: what is in order passes with few calls, and what is not is told in the
        methods below.
        """
        streams, frontier, before = self.streams, self.frontier, self.events
        for row in rows:
            (
                event_id, case_id, case_seq, ts, user, action, notes, meta, prev_hash, event_hash, nonce, format, salt, body,
            ) = row  # fmt: skip
            self.events += 1
            if event_id != self._last_id + 1:
                self._find_misplaced(row)
            self._last_id = event_id
            try:
                if sha256(body).hexdigest() != event_hash or not (
                    is_body_of(
                        body, event_id, case_id, case_seq, ts, user, action, notes, meta, prev_hash, nonce, format
                    )
                    if format == FORMAT and not salt
                    else self._is_removable(row)
                ):
                    self._find_in_body(row)
                stream = streams.get(case_id) or self._open(case_id)
                if case_seq != stream.last_seq + 1 or prev_hash != stream.last_hash:
                    self._find_in_chain(row, stream)
                frontier.append(body)
                if frontier.size == self._next_anchor:
                    self._check_anchor()
            except TypeError:
                self._find_wrong_kind(row)
                continue
            stream.last_seq = case_seq
            stream.last_hash = event_hash
            try:
                fields = decoded(meta)
                if stream.folding is not None:
                    stream.folding.add(row, fields)
                elif case_id == DESK and action not in KINDS:
                    self._find(row, "No such thing happens on the desk.", "action", "a known action", action)
            except (CasedeskError, ValueError, KeyError, TypeError, AttributeError) as error:
                reason = str(error) if isinstance(error, CasedeskError) else "Its content cannot be understood."
                self._find(row, reason, "meta", "a legal step", action)
                stream.folding = None
        return self.events - before

    def _is_removable(self, row: Recorded) -> bool:
        """Say whether an event is in order whose text can be removed, or was; :meth:`check_purged` judges the latter."""
        if row.format != REMOVABLE:
            return False
        try:
            body = written(row)
        except ValueError:
            return False
        if body == row.body and row.purged:
            self.purged.append(row)
        return body == row.body

    def check_purged(self, purges: Mapping[str, int]) -> None:
        """Note every event whose text is gone although no purge took it; ``purges`` has the last one of each case."""
        for row in self.purged:
            if row.event_id > purges.get(row.case_id, 0):
                self._find(
                    row, "Its text is gone, and no purge took it.", "notes", "a text, or an event that purged it", ""
                )

    def _check_anchor(self) -> None:
        """Compare the first events, as many as a checkpoint covers, with what was signed."""
        anchor = self._anchors.pop()
        self._next_anchor = self._anchors[-1].size if self._anchors else 0
        root = self.frontier.root()
        if root == anchor.root:
            self.anchored = anchor.size
            return
        since = (
            f"Events {self.anchored + 1:,} to {anchor.size:,}"
            if self.anchored
            else f"The first {counted(anchor.size, 'event')}"
        )
        self.find_state(f"Checkpoint {anchor.size:,}", f"{since} are not those that were signed.", "root",
                        anchor.root, root)  # fmt: skip

    def check_anchors(self) -> None:
        """Note what the checkpoints say beyond the last event, and the files that are none. Call it after all events."""
        size = self.frontier.size
        for anchor in reversed(self._anchors):
            problem = "A signed checkpoint covers more events than there are: the end was cut off, or an older backup restored."
            self.find_state(f"Checkpoint {anchor.size:,}", problem, "size", str(anchor.size), str(size))
        self._anchors.clear()
        for name, problem in self._problems:
            self.find_state(f"Checkpoint file {name}", problem, "checkpoint", "signed by a known key", "not so")

    def _open(self, case_id: str) -> _Stream:
        folding = None if case_id == DESK else Folding(case_id)
        stream = self.streams[case_id] = _Stream(ZERO_HASH, 0, folding)
        return stream

    def _find_misplaced(self, row: Recorded) -> None:
        expected = self._last_id + 1
        if row.event_id < expected:
            self._find(row, "It stands out of order, or twice.", "event_id", str(expected), str(row.event_id))
        elif self.whole:
            problem = f"{counted(row.event_id - expected, 'event is', 'events are')} missing before it."
            self._find(row, problem, "event_id", str(expected), str(row.event_id))

    def _find_wrong_kind(self, row: Recorded) -> None:
        """SQLite keeps bytes or nothing in a text column when somebody puts it there past the desk."""
        for column, value in zip(row._fields, row, strict=True):
            wanted = int if column in ("event_id", "case_seq") else bytes if column == "body" else str
            if not isinstance(value, wanted):
                self._find(row, "A column holds another kind of value.", column, wanted.__name__, repr(value))

    def _find_in_body(self, row: Recorded) -> None:
        computed = sha256(row.body).hexdigest()
        if computed != row.event_hash:
            self._find(row, "The stored content does not give the stored hash.", "event_hash",
                       row.event_hash, computed)  # fmt: skip
        column, expected, got = differing_column(row)
        if column:
            self._find(row, "A column says something else than the hashed content.", column, expected, got)
        elif row.format not in (FORMAT, REMOVABLE) and not self.unknown_format:
            known = f"{FORMAT} and {REMOVABLE}"
            self.unknown_format = f"event {row.event_id} is of the format “{row.format}”; this desk reads {known}."

    def _find_in_chain(self, row: Recorded, stream: _Stream) -> None:
        if row.case_seq != stream.last_seq + 1:
            self._find(row, "The events of its case have a gap or a repeat here.", "case_seq",
                       str(stream.last_seq + 1), str(row.case_seq))  # fmt: skip
        if row.prev_hash != stream.last_hash:
            self._find(row, "It does not continue the chain of its case.", "prev_hash",
                       stream.last_hash, row.prev_hash)  # fmt: skip

    def _find(self, row: Recorded, problem: str, column: str, expected: str, got: str) -> None:
        self.broken.add(row.event_id)
        if len(self.findings) < _KEEP:
            self.findings.append(
                Finding(row.event_id, row.case_id, row.case_seq, problem, column, expected, got, row.ts, row.user)
            )

    def find_state(self, case_id: str, problem: str, column: str, expected: str, got: str) -> None:
        """Note a disagreement that no single event is at fault for."""
        if len(self.findings) < _KEEP:
            self.findings.append(Finding(0, case_id, 0, problem, column, expected, got))

    def check_head(self, size: int, root: str, frontier: str) -> None:
        """Compare the ledger's head row with what the events gave."""
        if size != self.events:
            self.find_state("Ledger head", "The head counts other events than there are.", "size",
                            str(size), str(self.events))  # fmt: skip
        if root != self.frontier.root():
            self.find_state("Ledger head", "The head's root is not the root of the events.", "root",
                            root, self.frontier.root())  # fmt: skip
        if frontier != self.frontier.dump():
            self.find_state("Ledger head", "The head's frontier is not that of the events.", "frontier",
                            frontier, self.frontier.dump())  # fmt: skip

    def check_case(self, case_id: str, row: Mapping[str, Any]) -> None:
        """Compare a row of ``cases`` with what its events add up to.

        :param row: the row's columns; times as canonical text, absent values as the empty string, flags as booleans or, as
            SQLite keeps them, 0 and 1.
        """
        self._rows_seen.add(case_id)
        stream = self.streams.get(case_id)
        if stream is None:
            self.find_state(case_id, "The case has a row but not one event.", "case_id", "no row", case_id)
            return
        folding = stream.folding
        if folding is None:
            return  # its history is broken, which has been said already
        should = columns(folding, self.policy)
        if should == row:
            return
        for column, got in row.items():
            expected = should[column]
            if expected != got:  # a flag equals its 0 or 1
                self.find_state(case_id, "The row says something else than its events.", column,
                                str(expected), str(got))  # fmt: skip

    def check_alert(self, case_id: str, alert_id: str, digest: str) -> None:
        """Compare an alert, by the digest of what is stored, with what the ledger last recorded of it."""
        stream = self.streams.get(case_id)
        if stream is None or stream.folding is None:
            return
        expected = stream.folding.digests.pop(alert_id, "no such alert")
        if expected != digest:
            self.find_state(case_id, f"Alert {alert_id} is not what the ledger recorded.", "alert", expected, digest)

    def check_complete(self) -> None:
        """Note every case and every alert that has events but no row. Call it after all rows were checked."""
        for case_id in sorted(self.cases()):
            folding = self.streams[case_id].folding
            if case_id not in self._rows_seen:
                self.find_state(case_id, "The case has events but no row.", "case_id", case_id, "no row")
            elif folding is not None and folding.digests:
                alert = min(folding.digests)
                self.find_state(case_id, "An alert in the ledger has no row.", "alert", alert, "no row")

    def cases(self) -> Iterator[str]:
        """Yield the streams that belong to cases."""
        return (name for name in self.streams if name != DESK)

    def report(self) -> Report:
        """Sum up."""
        if not self.events and not self.findings:
            return not_evaluated("there is not one event to check.")
        if self.unknown_format and not self.findings:
            return not_evaluated(self.unknown_format)
        verdict = Verdict.TAMPERED if self.findings else Verdict.VERIFIED
        cases = sum(1 for _ in self.cases())
        root = self.frontier.root()
        broken = frozenset(self.broken)
        stamped = max((one for one in self._stamped if one[0] <= self.anchored), default=(0, ""))
        return Report(
            verdict,
            self.events,
            cases,
            root,
            tuple(self.findings),
            broken,
            anchored=self.anchored,
            stamped=stamped,
            purged=len(self.purged),
        )
