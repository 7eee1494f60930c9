"""Look at a FinCEN SAR batch that somebody has: no database, no permission, nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from casedesk.domain.policy import in_force
from casedesk.errors import Invalid
from casedesk.exports.fincen import findings, linting, reading
from casedesk.exports.fincen.document import Document, child
from casedesk.exports.fincen.findings import Finding
from casedesk.exports.fincen.narrative import HARD_CAP, LARGEST_ATTACHMENT

ERROR: Final = findings.ERROR


class CapTooHigh(Invalid):
    """More characters than the form has room for."""

    def __init__(self, cap: int) -> None:
        super().__init__(f"A narrative of {cap:,} characters has no room: FinCEN takes at most {HARD_CAP:,}.")


def lint(*, path: Path, today: date, schema: Path | None = None, narrative_cap: int | None = None) -> Sequence[Finding]:
    """Return what is wrong with a batch file, in the order of its lines; empty if nothing is.

    :param narrative_cap: without one, the value of the policy in force.
    :raises Unreadable: if the file is no SAR batch.
    :raises BadSchema: if ``schema`` is no XSD.
    :raises CapTooHigh: if the cap exceeds what five blocks hold.
    """
    cap = in_force("narrative_max", today).value if narrative_cap is None else narrative_cap
    if cap > HARD_CAP:
        raise CapTooHigh(cap)
    root = reading.read(path)
    found = linting.lint(root, today=today, narrative_cap=cap, schema=schema)
    attachments = _attachments(Document(root, today, cap), path.parent)
    return sorted([*found, *attachments], key=lambda f: (f.line, f.code, f.path, f.sentence))


def _attachments(document: Document, folder: Path) -> list[Finding]:
    """Look at the attachments that lie beside the batch; a name with a folder in it is never followed."""
    for activity in document.activities():
        at = child(child(activity, "ActivitySupportDocument"), "OriginalAttachmentFileName")
        name = "" if at is None else (at.text or "")
        if at is None or not name or name != Path(name).name or "\\" in name:
            continue
        try:
            size = (folder / name).stat().st_size
        except (OSError, ValueError):
            continue
        if size > LARGEST_ATTACHMENT:
            words = {"got": f"{size:,}", "expected": f"{LARGEST_ATTACHMENT:,}"}
            document.say("SAR-1603", at, name=findings.quoted(name), **words)
    return document.findings
