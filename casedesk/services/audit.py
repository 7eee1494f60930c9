"""Verify the ledger in the database, the chain of one case, or an exported file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import Final

from casedesk.domain.alerts import Alert, alert_digest, lapsed_digest
from casedesk.domain.api_keys import KEYS
from casedesk.domain.cases import Case
from casedesk.domain.events import CasesPurged
from casedesk.domain.history import Folding, freeze
from casedesk.domain.ledger import Recorded
from casedesk.domain.verification import Anchors, Report, Verifier, not_evaluated
from casedesk.domain.webhooks import WEBHOOKS
from casedesk.errors import CasedeskError
from casedesk.exports import audit_csv
from casedesk.exports.audit_csv import BrokenRow, NotAnAuditFile, Row
from casedesk.services.advice_checks import check_advice
from casedesk.services.clock_checks import check_clocks
from casedesk.services.filing_checks import check_filings
from casedesk.services.issued_checks import check_issued
from casedesk.services.line_test_checks import check_line_tests
from casedesk.services.model_checks import check_model_files, check_model_scores
from casedesk.services.policy_checks import check_holds, check_policy
from casedesk.services.proposal_checks import check_proposals
from casedesk.services.proposal_kinds import MODELS, RULE_SETS
from casedesk.services.purge_checks import check_purges
from casedesk.services.score_checks import check_scores
from casedesk.services.suppression_checks import check_suppressions
from casedesk.store.unit_of_work import Reading, Writing

Progress = Callable[[int, int], None]  # (events checked, events in all)
#: Events from one call of it to the next.
_STRETCH: Final = 5000


def verify_database(*, uow: Reading, progress: Progress | None = None, anchors: Anchors | None = None) -> Report:
    """Check every event, the head, the state of every case and every alert that is in a case.

    :param anchors: the signed checkpoints that the events must add up to.
    """
    with uow:
        return verify_within(uow, progress, anchors)


def verify_within(uow: Reading | Writing, progress: Progress | None = None, anchors: Anchors | None = None) -> Report:
    """Do what :func:`verify_database` does inside a transaction that is open already."""
    verifier = Verifier(anchors=anchors)
    size = 0
    problem = ""
    try:
        head = uow.ledger.head()
        size = head.size
    except CasedeskError as error:
        head, problem = None, str(error)
    rows = uow.ledger.everything()
    while verifier.check_all(islice(rows, _STRETCH)) == _STRETCH:
        if progress is not None:
            progress(verifier.events, size)
    verifier.check_anchors()
    verifier.policy = check_policy(uow, verifier)
    if head is not None and (verifier.events or head.size):
        verifier.check_head(head.size, head.root, head.frontier)
    elif head is None:
        verifier.find_state("Ledger head", problem, "head_id", "1", "no row")
    for case_id, columns in uow.cases.projections():
        verifier.check_case(case_id, columns)
    for case_id, alert_id, digest in uow.alerts.projections():
        verifier.check_alert(case_id, alert_id, digest)
    verifier.check_complete()
    check_filings(uow, verifier)
    check_clocks(uow, verifier, verifier.policy)
    check_line_tests(uow, verifier)
    check_proposals(RULE_SETS, uow, verifier)
    check_proposals(MODELS, uow, verifier)
    check_model_files(uow, verifier)
    check_model_scores(uow, verifier)
    check_suppressions(uow, verifier)
    check_issued(KEYS, uow, uow.api_keys.projections(), verifier)
    check_scores(uow, verifier)
    check_advice(uow, verifier)
    check_issued(WEBHOOKS, uow, uow.webhooks.projections(), verifier)
    check_holds(uow, verifier)
    check_purges(uow, verifier, verifier.policy)
    if progress is not None:
        progress(verifier.events, size)
    return verifier.report()


def verify_case(
    case: Case, events: Iterable[Recorded], alerts: Iterable[Alert], purges: Mapping[str, int] | None = None
) -> Report:
    """Check the chain of one case, and the case against what its events add up to.

    :param purges: of each purged case the event of the desk that says so.
    Its tail and the other cases are vouched for only by the whole ledger.
    """
    verifier = Verifier(whole=False)
    for event in events:
        verifier.check(event)
    verifier.check_purged(purges or {})
    for alert in alerts:
        verifier.check_alert(alert.case_id, alert.alert_id, lapsed_digest(alert_digest(alert), alert.lapsed_in))
    folding = _fold_of(verifier, case.case_id)
    if folding is not None and folding.status:
        should = freeze(folding)
        for field in fields(Case):
            expected, got = getattr(should, field.name), getattr(case, field.name)
            if field.compare and field.name != "alerts" and expected != got:
                problem = "The row says something else than its events."
                verifier.find_state(case.case_id, problem, field.name, str(expected), str(got))
    return verifier.report()


def _fold_of(verifier: Verifier, case_id: str) -> Folding | None:
    """Return what the checked events of a case add up to, if they make sense."""
    stream = verifier.streams.get(case_id)
    return stream.folding if stream is not None else None


@dataclass(frozen=True, slots=True)
class FileReport:
    """The verdict on a file. ``row`` is the row of the first finding, the header being row 1; 0 where there is none."""

    report: Report
    rows: int
    row: int


def verify_file(content: bytes) -> FileReport:
    """Check an audit CSV. A file of several streams from event 1 on is a whole ledger, without gaps."""
    try:
        rows = list(_until_broken(content))
    except NotAnAuditFile as error:
        return FileReport(not_evaluated(str(error)), 0, 0)
    events = [row for row in rows if isinstance(row, Row)]
    broken = [row for row in rows if isinstance(row, BrokenRow)]
    several = len({row.event.case_id for row in events}) > 1
    verifier = Verifier(whole=several and events[0].event.event_id == 1)
    place = 0
    for row in events:
        verifier.check(row.event)
        if not place and verifier.findings:
            place = row.number
    if verifier.whole:
        found = (row.event for row in events if row.event.action == CasesPurged.action)
        verifier.check_purged({case_id: event.event_id for event in found for case_id, _ in event.data["cases"]})
    for damage in broken:
        verifier.find_state(f"Row {damage.row}", "The row is damaged.", damage.column, damage.expected, damage.got)
        place = place or damage.row
    return FileReport(verifier.report(), len(events), place)


def _until_broken(content: bytes) -> Iterator[Row | BrokenRow]:
    try:
        yield from audit_csv.read(content)
    except BrokenRow as damage:
        yield damage
