"""What the rules find by now: what the last run found and this one leaves standing, and what this one finds.

Few of many findings are near something new. Only those are read, but for one column: the digest over a run is over all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from casedesk.detection.rule import Rule
from casedesk.detection.subjects import NEVER
from casedesk.services.run_records import RunData
from casedesk.services.warm import Warm
from casedesk.store.run_store import Finding, Run
from casedesk.store.unit_of_work import Writing


def to_be_found(uow: Writing, data: RunData, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """Return those findings of the last run that this one finds again, or that are gone."""
    if data.subjects is None:
        return tuple(uow.runs.standing())
    judged = {rule.name: data.subjects.judged(rule) for rule in rules}
    anywhere = {name for name, moments in judged.items() if moments is None or moments.others != NEVER}
    found = []
    for one in uow.runs.standing_about(data.subjects.account_ids, anywhere):
        moments = judged.get(one.rule)
        if moments is None or not moments.stands(one.account_id, one.last_at):
            found.append(one)
    return tuple(found)


def recorded(
    uow: Writing,
    ordinal: int,
    found: Iterable[Finding],
    before: Collection[Finding],
    last: Run | None,
    warm: Warm | None,
) -> list[str]:
    """Store what differs from the last run's findings; return the digests of all that the rules find by now, in order.

    :param before: what :func:`to_be_found` returned.
    """
    fresh, standing = set(found), set(before)
    gone, new = standing - fresh, fresh - standing
    known = None if warm is None or last is None else warm.standing_digests(last.run_id)
    if known is None:
        known = uow.runs.standing_digests()
    uow.runs.record_findings(ordinal, gone=gone, found=new)
    left = {one.digest for one in gone}
    kept = [digest for digest in known if digest not in left] if left else known
    return sorted([*kept, *(one.digest for one in new)])
