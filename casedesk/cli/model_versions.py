"""`casedesk model list|propose|promote|reject|withdraw`: which model scores on the desk, by maker and checker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import As, Json, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.moments import canonical

if TYPE_CHECKING:
    from casedesk.domain.ledger import Recorded
    from casedesk.domain.model_versions import ModelVersion

Model = Annotated[
    Path,
    typer.Option("--model", metavar="DIR", help="The model's folder; “default” for the one that ships with the desk."),
]
_Version = Annotated[str, typer.Argument(metavar="MODEL", help="A version's id, such as MV-000001.")]


def list_versions(json: Json = False, user: As = "") -> None:
    """List the versions of the desk's model: the champion in force, the challenger that waits, and all before them."""
    with opened(user) as s:
        from casedesk.services import models

        found = models.overview(look=s.desk.reading(), actor=s.actor)
    if json:
        emit([_row(one) for one in found.versions])
        return
    champion = found.champion
    say(
        f"In force: {champion.version_id}, {champion.name}."
        if champion
        else "In force: the shipped model; retrain it on your own data."
    )
    if found.versions:
        table(
            ("Model", "State", "Name", "Proposed", "By", "Decided by", "Id", "Reason"),
            ((one.version_id, one.state.value, one.name, canonical(one.proposed_at)[:16], one.proposed_by, one.decided_by,
              one.model_id[:12], one.reason[:60]) for one in found.versions),
        )  # fmt: skip


def propose(model: Model, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Propose a trained model for the desk, with a reason (managers)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.propose(uow=s.desk.writing(), actor=s.actor, at=s.at, files=models.in_folder(model), reason=reason)
    _done(row, json)
    if not json:
        say(f"Another manager decides it: casedesk model promote {row.data['version_id']} --as USER.")


def promote(version: _Version, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Put a proposed model in force (managers, never its maker)."""
    words = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.approve(uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version.strip(), remark=words)
    _done(row, json)


def reject(version: _Version, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Reject a proposed model, with a reason (managers, never its maker)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.reject(uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version.strip(), reason=reason)
    _done(row, json)


def withdraw(version: _Version, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Take your own proposal back, with a reason."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import models

        row = models.withdraw(uow=s.desk.writing(), actor=s.actor, at=s.at, version_id=version.strip(), reason=reason)
    _done(row, json)


def _done(row: Recorded, json: bool) -> None:
    from casedesk.domain.events import KINDS

    if json:
        emit({"event_id": row.event_id, "event_hash": row.event_hash, "action": row.action, "ts": row.ts, "user": row.user,
              **row.data})  # fmt: skip
    else:
        say(f"{row.data['version_id']}: {KINDS[row.action].title.lower()} (event {row.event_id}).")


def _row(one: ModelVersion) -> dict[str, Any]:
    names = ("version_id", "state", "base_id", "name", "model_id", "card_sha256", "reason", "proposed_by", "proposed_at",
             "decided_by", "decided_at", "decision")  # fmt: skip
    return {name: getattr(one, name) for name in names}
