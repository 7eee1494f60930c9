"""What the rules find by now: what the last run found and this one leaves standing, and what this one finds.

Few of many findings are near something new. Only those are read, but for one column: the digest over a run is over all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from casedesk.detection.findings import findings_sha256
from casedesk.detection.rule import Rule
from casedesk.detection.subjects import NEVER
from casedesk.services.known_findings import KnownFindings
from casedesk.services.run_records import Record, RunData
from casedesk.services.warm import Warm
from casedesk.store.run_store import Finding
from casedesk.store.unit_of_work import Writing


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many findings there are by now and the digest over them, and what of them is gone since the last run, and new.

    ``known`` are all of the last run, or of this one where a process did not know those; None where none is to know them.
    """

    number: int
    sha256: str
    gone: Collection[Finding] = ()
    new: Collection[Finding] = ()
    known: KnownFindings | None = None


def to_be_found(uow: Writing, data: RunData, rules: Sequence[Rule], warm: Warm | None) -> tuple[Finding, ...]:
    """Return those findings of the last run that this one finds again, or that are gone."""
    if data.subjects is None:
        return tuple(uow.runs.standing())
    judged = {rule.name: data.subjects.judged(rule) for rule in rules}
    anywhere = {name for name, moments in judged.items() if moments is None or moments.others != NEVER}
    known = _known(warm, data.base)
    ids = data.subjects.account_ids
    near = uow.runs.standing_about(ids, anywhere) if known is None else known.about(ids, anywhere)
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
        digests = uow.runs.standing_digests()
        return Recorded(len(digests), findings_sha256(digests))
    known = _known(warm, base)
    if known is None:
        now = KnownFindings(uow.runs.standing())
        return Recorded(len(now), now.sha256(), known=now)
    return Recorded(len(known) + len(new) - len(gone), known.sha256(gone, new), gone, new, known)


def _known(warm: Warm | None, base: Record | None) -> KnownFindings | None:
    return None if warm is None or base is None else warm.found_by(base.run_id)
