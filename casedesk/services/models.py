"""Propose a version of the model, and put it in force: a maker, a checker, and the card between them.

The files are stored with the proposal, and the events hold the SHA-256 of the manifest that holds theirs: the checker decides on
what the maker saw, and nothing else can score later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from casedesk.domain import events
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.model_versions import (
    SHIPPED,
    ModelState,
    ModelVersion,
    require_model_checker,
    require_model_maker,
)
from casedesk.domain.people import Action, Person, require
from casedesk.domain.rule_sets import require_reason
from casedesk.errors import Conflict, Unavailable
from casedesk.modelling import model_files
from casedesk.modelling.features import VERSION
from casedesk.modelling.model_files import CARD_JSON, ModelFiles
from casedesk.services.default_model import FOLDER, folder_of
from casedesk.services.steps import present
from casedesk.store.model_store import ModelRun
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "ModelState",
    "ModelVersion",
    "Overview",
    "Shown",
    "approve",
    "files_of",
    "overview",
    "propose",
    "reject",
    "show",
    "withdraw",
]


class AnotherModelWaits(Conflict):
    """One proposal at a time."""

    def __init__(self, waiting: ModelVersion) -> None:
        super().__init__(
            f"{waiting.version_id}, proposed by {waiting.proposed_by}, waits to be decided; only one model can be proposed at a "
            "time. Have it decided or withdrawn first."
        )


class ModelMoved(Conflict):
    """Another version came into force since this one was proposed."""

    def __init__(self, version_id: str, now: str) -> None:
        super().__init__(
            f"{version_id} was proposed against a model that is in force no more; now {now or 'the shipped model'} is. Propose it anew."
        )


class ModelAltered(Conflict):
    """What is stored of a version is not what was proposed."""

    def __init__(self, version_id: str) -> None:
        super().__init__(
            f"Model {version_id} was changed outside the desk; it neither scores nor can be decided. Have the ledger verified, and "
            "restore a backup."
        )


class NoModelFiles(Unavailable):
    """The files of a version are not in this database."""

    def __init__(self, version_id: str) -> None:
        super().__init__(
            f"The files of model {version_id} are not in this database, as after a desk was loaded from files; propose the model again."
        )


@dataclass(frozen=True, slots=True)
class Overview:
    """The champion, the challenger, all versions, and the last run of each of the two; None for the shipped model."""

    champion: ModelVersion | None
    challenger: ModelVersion | None
    versions: tuple[ModelVersion, ...]
    champion_run: ModelRun | None
    challenger_run: ModelRun | None
    names: dict[str, str]


_NOBODY: Final = ""


def overview(*, look: Reading, actor: Person) -> Overview:
    """Return which model scores, which waits, and which there were.

    :raises RoleForbids: for a role that may not tune detection.
    """
    require(actor, Action.TUNE)
    with look:
        champion, challenger = look.models.in_force(), look.models.waiting()
        return Overview(
            champion,
            challenger,
            look.models.versions(),
            look.models.last_run(champion.version_id if champion else SHIPPED),
            look.models.last_run(challenger.version_id) if challenger else None,
            look.people.names(),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A model as the desk shows it: its card as data and as Markdown."""

    card: dict[str, Any]
    words: str


def show(*, look: Reading, actor: Person, version_id: str = SHIPPED) -> Shown:
    """Return the card of a version, or of the shipped model.

    :raises NoSuchModel: if there is none.
    :raises NoModelFiles, ModelAltered: if its files are missing or others.
    """
    require(actor, Action.TUNE)
    with look:
        files = files_of(look, look.models.get(version_id) if version_id else None)
    return Shown(files.card, files.text(model_files.CARD))


def files_of(uow: Reading | Writing, version: ModelVersion | None) -> ModelFiles:
    """Return the checked files of a version; those that ship with the desk for None.

    :raises NoModelFiles: if they did not come with the database.
    :raises ModelAltered: if they are not those that the events tell of.
    """
    if version is None:
        return model_files.read(FOLDER, VERSION)
    contents = uow.models.files(version.version_id)
    if not contents:
        raise NoModelFiles(version.version_id)
    if set(contents) != set(model_files.FILES):
        raise ModelAltered(version.version_id)
    found = model_files.of_contents(contents, VERSION, version.version_id)
    if found.model_id != version.model_id:
        raise ModelAltered(version.version_id)
    return found


def propose(*, uow: Writing, actor: Person, at: datetime, folder: Path, reason: str) -> Recorded:
    """Store a trained model as a proposal.

    :raises AnotherModelWaits: if a proposal waits already.
    :raises Altered, OtherVersion, NoModel: if the folder holds no whole model of this version.
    :raises BadReason: if the reason is too short or too long.
    """
    require(actor, Action.PROPOSE_MODEL)
    reason = require_reason(reason, "A proposal")
    files = model_files.read(folder_of(folder), VERSION)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PROPOSE_MODEL)
        waiting, base = uow.models.waiting(), uow.models.in_force()
        if waiting is not None:
            raise AnotherModelWaits(waiting)
        version = ModelVersion(
            uow.models.next_id(), ModelState.PROPOSED, base.version_id if base else SHIPPED, files.card["name"][:100],
            files.model_id, model_files.sha256(files.contents[CARD_JSON]), reason, actor.user_id, at, _NOBODY, None, "",
        )  # fmt: skip
        uow.models.insert(version, files.contents)
        event = events.ModelProposed(
            version_id=version.version_id,
            base_id=version.base_id,
            name=version.name,
            model_id=version.model_id,
            card_sha256=version.card_sha256,
            notes=reason,
        )
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return row


def approve(*, uow: Writing, actor: Person, at: datetime, version_id: str, remark: str = "") -> Recorded:
    """Put a proposed version in force; the one before it is superseded.

    :raises OwnModel: if the actor proposed it.
    :raises ModelDecided: if it was decided already.
    :raises ModelMoved: if another version came into force in the meantime.
    :raises ModelAltered: if what is stored is not what was proposed.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PUT_MODEL_IN_FORCE)
        version = uow.models.get(version_id)
        require_model_checker(version, actor)
        files_of(uow, version)
        now = uow.models.in_force()
        if (now.version_id if now else SHIPPED) != version.base_id:
            raise ModelMoved(version_id, now.version_id if now else SHIPPED)
        if now is not None:
            uow.models.supersede(now.version_id)
        event = events.ModelPutInForce(
            version_id=version_id,
            base_id=version.base_id,
            model_id=version.model_id,
            proposed_by=version.proposed_by,
            notes=remark.strip(),
        )
        return _closed(uow, event, ModelState.IN_FORCE, actor, at, version_id)


def reject(*, uow: Writing, actor: Person, at: datetime, version_id: str, reason: str) -> Recorded:
    """Reject a proposed version, with a reason; what is in force stays.

    :raises OwnModel: if the actor proposed it.
    :raises ModelDecided: if it was decided already.
    :raises BadReason: if the reason is too short or too long.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PUT_MODEL_IN_FORCE)
        version = uow.models.get(version_id)
        require_model_checker(version, actor)
        event = events.ModelRejected(
            version_id=version_id,
            model_id=version.model_id,
            proposed_by=version.proposed_by,
            notes=require_reason(reason, "A rejection"),
        )
        return _closed(uow, event, ModelState.REJECTED, actor, at, version_id)


def withdraw(*, uow: Writing, actor: Person, at: datetime, version_id: str, reason: str) -> Recorded:
    """Take one's own proposal back, with a reason.

    :raises NotYourModel: if somebody else proposed it.
    :raises ModelDecided: if it was decided already.
    :raises BadReason: if the reason is too short or too long.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PROPOSE_MODEL)
        version = uow.models.get(version_id)
        require_model_maker(version, actor)
        event = events.ModelWithdrawn(
            version_id=version_id, model_id=version.model_id, notes=require_reason(reason, "A withdrawal")
        )
        return _closed(uow, event, ModelState.WITHDRAWN, actor, at, version_id)


def _closed(
    uow: Writing, event: events.Event, state: ModelState, actor: Person, at: datetime, version_id: str
) -> Recorded:
    row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
    uow.models.decide(version_id, state, actor.user_id, at, row.notes)
    uow.commit()
    return row
