"""What the rules find by now: what the last run found and this one leaves standing, and what this one finds.

Few of many findings are near something new. Only those are read, but for one column: the digest over a run is over all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from casedesk.detection.rule import Rule
from casedesk.detection.subjects import NEVER
from casedesk.services.run_records import Record, RunData
from casedesk.services.touched import about
from casedesk.services.warm import Warm
from casedesk.store.run_store import Finding
from casedesk.store.unit_of_work import Writing


@dataclass(frozen=True, slots=True)
class Recorded:
    """All that the rules find by now: the digests, in no order, and the findings where somebody keeps them."""

    digests: list[str]
    findings: list[Finding] | None = None


def to_be_found(uow: Writing, data: RunData, rules: Sequence[Rule], warm: Warm | None) -> tuple[Finding, ...]:
    """Return those findings of the last run that this one finds again, or that are gone."""
    if data.subjects is None:
        return tuple(uow.runs.standing())
    judged = {rule.name: data.subjects.judged(rule) for rule in rules}
    anywhere = {name for name, moments in judged.items() if moments is None or moments.others != NEVER}
    known = _known(warm, data.base)
    ids = data.subjects.account_ids
    near = uow.runs.standing_about(ids, anywhere) if known is None else about(known, frozenset(ids), anywhere)
    told = {name: moments for name, moments in judged.items() if moments is not None}
    return tuple(one for one in near if one.rule not in told or not told[one.rule].stands(one.account_id, one.last_at))


def recorded(
    uow: Writing,
    ordinal: int,
    found: Iterable[Finding],
    before: Collection[Finding],
    base: Record | None,
    warm: Warm | None,
) -> Recorded:
    """Store what differs from the last run's findings, and tell all that the rules find by now.

    :param before: what :func:`to_be_found` returned.
    """
    fresh, standing = set(found), set(before)
    gone, new = standing - fresh, fresh - standing
    uow.runs.record_findings(ordinal, gone=gone, found=new)
    if warm is None:
        return Recorded(uow.runs.standing_digests())
    known = _known(warm, base)
    if known is None:
        now = list(uow.runs.standing())
    else:
        now = [*(one for one in known if one not in gone), *new] if gone else [*known, *new]
    return Recorded([one.digest for one in now], now)


def _known(warm: Warm | None, base: Record | None) -> list[Finding] | None:
    return None if warm is None or base is None else warm.found_by(base.run_id)
