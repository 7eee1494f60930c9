"""Packets: what an outsider needs to derive a case, or a period's cases, again. Each one that leaves is an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Final

from casedesk.domain.cases import Case, CaseStatus, Disposition
from casedesk.domain.checkpoints import PublicKey
from casedesk.domain.clocks import Kind
from casedesk.domain.events import DESK, CaseExported, PacketExported
from casedesk.domain.ledger import Recorded
from casedesk.domain.merkle import Tree
from casedesk.domain.moments import canonical
from casedesk.domain.people import SYSTEM, Action, Person, require
from casedesk.domain.purging import STEPS as PURGES
from casedesk.domain.sampling import require_period
from casedesk.domain.verification import Verdict
from casedesk.errors import Conflict, NotFound
from casedesk.exports import packet as packets
from casedesk.exports.packet import Contents, PlacedEvent, Profile, Signature
from casedesk.exports.verifier import verify
from casedesk.services import packet_advice, packet_filings, packet_rows
from casedesk.services.clocks import clocks_of
from casedesk.services.exporting import ExportedFile
from casedesk.services.steps import present, record
from casedesk.store.draw_store import StoredDraw
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Writing

__all__ = [
    "Judged", "JudgedClaim", "LedgerMoved", "NoActivity", "Profile", "Sealed", "judge", "of_case", "of_period",
]  # fmt: skip

_RULE_SETS: Final = frozenset({"rule_set_proposed", "rule_set_put_in_force", "rule_set_rejected", "rule_set_withdrawn"})
#: Events of the desk that say how it is governed; they go into every packet.
_GOVERNANCE: Final = _RULE_SETS | {"rates_loaded", "policy_proposed", "policy_put_in_force"}
_DRAWS: Final = frozenset({"qa_population_frozen", "qa_sample_drawn"})
#: Events of a case from which nobody can tell what was decided. Notes are not among them: they may say it.
_PLAIN: Final = frozenset(
    {
        "case_opened", "alert_attached", "alert_grown", "alert_revised", "alert_lapsed", "case_taken", "case_handed_over",
        "case_released",
    }
)  # fmt: skip
#: The same of the desk's own. A value put in force cites who demands it; the reason stands in the proposal.
_PLAIN_OF_DESK: Final = frozenset({"detection_ran", "rates_loaded", "policy_put_in_force", "cases_purged"})


class LedgerMoved(Conflict):
    """Something happened between signing and exporting; the packet's proofs would not reach it."""

    def __init__(self) -> None:
        super().__init__("Somebody else wrote to the ledger meanwhile; nothing was exported. Try again.")


class NoActivity(NotFound):
    """Nothing happened to any case in the period."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The signed checkpoint that a packet carries, the keys to check it with, and how many events it covers.

    ``sign`` signs a text with the same key: the packet's seal.
    """

    size: int
    checkpoint: str
    keys: str
    sign: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """One thing that a packet claims."""

    name: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the verifier says of a packet. ``reason`` says why it could not be judged at all; then there are no claims."""

    verdict: Verdict
    claims: tuple[JudgedClaim, ...]
    reason: str = ""


def judge(content: bytes, keys: Sequence[PublicKey] = ()) -> Judged:
    """Verify a packet by the same file that an outsider uses.

    :param keys: those to trust; without any, the key in the packet, which shows only that the packet agrees with itself.
    """
    try:
        claims = verify.verify(content, [(key.name, key.key_id, key.raw) for key in keys])
    except verify.Unreadable as error:
        return Judged(Verdict.NOT_EVALUATED, (), f"The packet cannot be judged: {error}.")
    judged = tuple(JudgedClaim(claim.name, Verdict(claim.verdict), claim.sentence) for claim in claims)
    return Judged(Verdict(verify.overall(claims)), judged)


def of_case(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    profile: Profile = Profile.FULL,
    sealed: Sealed | None = None,
    via: str = "app",
) -> ExportedFile:
    """Export the packet of a case; the export's own event is the next one and so not in it.

    :param sealed: a checkpoint of the ledger as it is now; None leaves the packet unsigned.
    :raises LedgerMoved: if the ledger is longer than the checkpoint.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.EXPORT)
        case = uow.cases.get(case_id)
        content = _content(uow, actor, at, [case], profile, sealed)
        digest = sha256(content).hexdigest()
        _, row = record(uow, case, CaseExported(what="packet", sha256=digest, via=via), actor, at)
        uow.commit()
    return ExportedFile(f"{case_id}-packet.zip", content, digest, row)


def of_period(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    period_from: date,
    period_to: date,
    profile: Profile = Profile.FULL,
    sealed: Sealed | None = None,
    via: str = "app",
) -> ExportedFile:
    """Export the packet of all cases to which something happened in a period, both days included.

    :raises BadDraw: if the period ends before it starts.
    :raises NoActivity: if nothing happened to any case.
    :raises LedgerMoved: if the ledger is longer than the checkpoint.
    """
    require_period(period_from, period_to)
    start = datetime.combine(period_from, time(), UTC)
    end = datetime.combine(period_to + timedelta(days=1), time(), UTC)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.EXPORT)
        found = [uow.cases.get(case_id) for case_id in uow.cases.active(start, end)]
        if not found:
            raise NoActivity(f"Nothing happened to any case from {period_from} to {period_to}; choose another period.")
        period = (period_from.isoformat(), period_to.isoformat())
        content = _content(uow, actor, at, found, profile, sealed, period)
        digest = sha256(content).hexdigest()
        event = PacketExported(
            period_from=period[0], period_to=period[1], cases=len(found), profile=profile.value, sha256=digest, via=via
        )
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return ExportedFile(f"packet-{period[0]}-{period[1]}.zip", content, digest, row)


def _content(
    uow: Writing,
    actor: Person,
    at: datetime,
    cases: Sequence[Case],
    profile: Profile,
    sealed: Sealed | None,
    period: tuple[str, str] = ("", ""),
) -> bytes:
    head = uow.ledger.head()
    if sealed is not None and sealed.size != head.size:
        raise LedgerMoved
    ids = [case.case_id for case in cases]
    alerts = [alert for case_id in ids for alert in sorted(uow.alerts.of_case(case_id), key=lambda a: a.alert_id)]
    runs = [uow.runs.get(run_id) for run_id in sorted({alert.run_id for alert in alerts if alert.run_id})]
    draws = [draw for draw in reversed(uow.draws.all()) if _members(draw) & set(ids)]
    rows = sorted(
        [event for case_id in ids for event in uow.ledger.of(case_id)]
        + [event for event in uow.ledger.of(DESK) if _concerns(event, runs, draws, cases)],
        key=lambda event: event.event_id,
    )
    tree = Tree(uow.ledger.bodies(after=0))
    placed = [_placed(event, tree, profile) for event in rows]
    whole = {case_id for case_id in ids if all(one.shown for one in placed if one.row.case_id == case_id)}
    ran = {one.row.data["run_id"] for one in placed if one.shown and one.row.action == "detection_ran"}
    open_ = profile is Profile.FULL
    told = profile is not Profile.NO_PERSONAL
    sent = packet_filings.of_cases(uow, ids) if open_ else ()
    transactions = uow.transactions.get_many(sorted({one for alert in alerts for one in alert.transaction_ids}))
    return packets.write(
        Contents(
            kind="period" if period[0] else "case",
            profile=profile,
            made_at=canonical(at),
            made_by=actor.user_id if told else "withheld",
            size=head.size,
            root=head.root,
            cases=ids,
            events=placed,
            signature=Signature(sealed.checkpoint, sealed.keys, sealed.sign) if sealed else None,
            withheld=[*(["alerts"] if not told else []), *(["decisions"] if not open_ else [])],
            period=period,
            rows={
                "transactions": map(packet_rows.transaction, transactions if told else ()),
                "alerts": map(packet_rows.alert, alerts if told else ()),
                "cases": _columns(uow, ids, whole),
                **(packet_advice.of_events(uow, rows) if open_ else {}),
                "clocks": [row for case in cases for row in _clocks(uow, case, case.case_id in whole, told)],
                "filings": packet_filings.filings(uow, sent),
                "batches": packet_filings.batches(uow, sent),
                "register": map(packet_rows.unreported, filter(_closed_without, cases) if open_ else ()),
                "draws": [draw.record for draw in draws] if open_ else [],
                "policy": map(packet_rows.policy, uow.cases.policy.values),
                "rule_sets": _rule_sets(uow) if open_ else [],
                "runs": [packet_rows.run(run) for run in runs if run.run_id in ran],
            },
        )
    )


def _members(draw: StoredDraw) -> set[str]:
    return {row[0] for row in draw.record.get("population", ())}


def _concerns(event: Recorded, runs: Iterable[Run], draws: Iterable[StoredDraw], cases: Iterable[Case]) -> bool:
    """Say whether an event of the desk itself belongs to what a packet is about."""
    if event.action in _GOVERNANCE:
        return True
    if event.action == "detection_ran":
        return event.data["run_id"] in {run.run_id for run in runs}
    if event.action in _DRAWS:
        return event.data["draw_id"] in {draw.draw_id for draw in draws}
    if event.action in PURGES:
        return bool({case_id for case_id, _ in event.data["cases"]} & {case.case_id for case in cases})
    return event.action == "suppression_proposed" and event.data["customer_id"] in {case.customer_id for case in cases}


def _placed(event: Recorded, tree: Tree, profile: Profile) -> PlacedEvent:
    leaf = event.event_id - 1
    return PlacedEvent(event, tree.leaf(leaf), tree.inclusion(leaf, tree.size), _shown(event, profile))


def _shown(event: Recorded, profile: Profile) -> bool:
    if profile is Profile.FULL:
        return True
    if profile is Profile.NO_DECISIONS:
        # an evidence sheet counts past reports, and a reason may speak of them
        return event.action in (_PLAIN if event.case_id != DESK else _PLAIN_OF_DESK)
    return event.action == "detection_ran" and event.user == SYSTEM.user_id


def _columns(uow: Writing, ids: Sequence[str], whole: set[str]) -> Iterator[dict[str, Any]]:
    """Yield what the desk shows of each case: all columns, or the id alone where events are withheld."""
    wanted = set(ids)
    for case_id, columns in uow.cases.projections():
        if case_id not in wanted:
            continue
        flags = {name: bool(columns[name]) for name in ("is_open", "suspect_identified", "suspicion_moved")}
        yield {**columns, **flags} if case_id in whole else {"case_id": case_id}


def _clocks(uow: Writing, case: Case, whole: bool, alerts: bool) -> Iterator[dict[str, Any]]:
    """Yield the case's due dates: that of the report, and what else follows from events that are shown.

    :param whole: whether every event of the case is shown; if not, what is kept until when would tell a decision.
    """
    closed = case.closed_at if whole else None
    yield {
        **packet_rows.clock(case, case.clock),
        "closed_at": canonical(closed) if closed else "",
        "closed_in_time": closed < case.clock.due_at if closed else None,
        "suspect_identified": case.suspect_identified,
    }
    found = clocks_of(uow, case)
    yield from (packet_rows.clock(case, clock) for clock in found if clock.kind is Kind.CTR and alerts)
    yield from (packet_rows.clock(case, clock) for clock in found if clock.kind is not Kind.CTR and whole)


def _closed_without(case: Case) -> bool:
    return case.status is CaseStatus.CLOSED and case.disposition is Disposition.NO_SAR


def _rule_sets(uow: Writing) -> Iterator[dict[str, Any]]:
    for rule_set_id in sorted(headline.rule_set_id for headline in uow.rule_sets.headlines()):
        one = uow.rule_sets.get(rule_set_id)
        yield {
            "base_id": one.base_id,
            "content": one.content,
            "decided_by": one.decided_by,
            "decision": one.decision,
            "hash_after": one.hash_after,
            "hash_before": one.hash_before,
            "proposed_by": one.proposed_by,
            "reason": one.reason,
            "rule_set_id": one.rule_set_id,
            "sheet": one.sheet,
            "state": one.state.value,
        }
