"""Propose a version of the model, and put it in force: a maker, a checker, and the card between them.

The files are stored with the proposal, and the events hold the SHA-256 of the manifest that holds theirs: the checker decides on
what the maker saw, and nothing else can score later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from casedesk.domain import events
from casedesk.domain.alerts import Risk
from casedesk.domain.ledger import Recorded
from casedesk.domain.model_versions import SHIPPED, ModelVersion
from casedesk.domain.people import Action, Person, require
from casedesk.domain.proposals import ProposalState, require_reason
from casedesk.errors import Conflict, Unavailable
from casedesk.modelling import model_files
from casedesk.modelling.features import VERSION
from casedesk.modelling.model_files import CARD_JSON, ModelFiles
from casedesk.services import proposals
from casedesk.services.default_model import FOLDER, folder_of
from casedesk.services.proposal_kinds import MODELS
from casedesk.store.model_store import ModelRun
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "MOST_MEGABYTES", "SHIPPED", "ModelFiles", "ModelVersion", "Overview", "ProposalState", "Shown", "approve", "files_of", "in_folder",
    "overview", "propose", "reject", "show", "shown", "uploaded", "withdraw",
]  # fmt: skip

#: The largest file of a model that can be sent.
MOST_MEGABYTES: Final = 64


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
            f"The files of model {version_id} are not in this database, so it can neither score, show its card nor come in force; "
            "propose the model again from where it was trained."
        )


@dataclass(frozen=True, slots=True)
class Overview:
    """The champion, None for the shipped model, the challenger that waits, and all versions, the newest proposal first."""

    champion: ModelVersion | None
    challenger: ModelVersion | None
    versions: tuple[ModelVersion, ...]
    names: dict[str, str]


def overview(*, look: Reading, actor: Person) -> Overview:
    """Return which model scores, which waits, and which there were.

    :raises RoleForbids: for a role that may not tune detection.
    """
    require(actor, Action.TUNE)
    with look:
        return Overview(look.models.in_force(), look.models.waiting(), look.models.versions(), look.people.names())


@dataclass(frozen=True, slots=True)
class Shown:
    """A model as the desk shows it: its card as data and as Markdown.

    ``run`` is the last time it scored this desk, ``high`` how many accounts it called High then; None where it never did.
    """

    card: dict[str, Any]
    words: str
    run: ModelRun | None = None
    high: int | None = None


def show(*, look: Reading, actor: Person, version_id: str = SHIPPED) -> Shown:
    """Return the card of a version, or of the shipped model, and what it made of this desk.

    :raises NoSuchModel: if there is none.
    :raises NoModelFiles, ModelAltered: if its files are missing or others.
    """
    require(actor, Action.TUNE)
    with look:
        files = files_of(look, look.models.get(version_id) if version_id else None)
        run = look.models.last_run(version_id)
        high = look.models.count(run.model_run_id, Risk.HIGH) if run else None
    return replace(shown(files), run=run, high=high)


def shown(files: ModelFiles) -> Shown:
    """Return the card of files that no version holds yet."""
    return Shown(files.card, files.text(model_files.CARD))


def in_folder(folder: Path) -> ModelFiles:
    """Read a trained model, every file checked; ``default`` names the shipped one.

    :raises Altered, OtherVersion, NoModel, UnusableModel: if the folder holds no whole model of this version.
    """
    return model_files.read(folder_of(folder), VERSION)


def uploaded(contents: Mapping[str, bytes]) -> ModelFiles:
    """Check a trained model whose files somebody sent, by name.

    :raises Altered, OtherVersion, NoModel, UnusableModel: if they are no whole model of this version.
    """
    return model_files.checked(contents, VERSION, Path("that was sent"))


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
    if model_files.id_of(contents) != version.model_id:
        raise ModelAltered(version.version_id)
    return model_files.of_contents(contents, VERSION, version.version_id)


def propose(*, uow: Writing, actor: Person, at: datetime, files: ModelFiles, reason: str) -> Recorded:
    """Store a trained model as a proposal.

    :raises AnotherWaits: if a proposal waits already.
    :raises BadReason: if the reason is too short or too long.
    :raises UnusableModel: if its files are whole, and are no model that the desk could use.
    :raises NoModelExtra: if the libraries to try it with are not installed.
    """
    from casedesk.modelling.trial import hold_together  # half a second to load, and most commands have no use for it

    require(actor, Action.PROPOSE_MODEL)
    reason = require_reason(reason, "A proposal")
    hold_together(files)

    def stored(uow: Writing, maker: Person) -> events.Event:
        base = uow.models.in_force()
        version = ModelVersion(
            version_id=uow.models.next_id(), state=ProposalState.PROPOSED, base_id=base.version_id if base else SHIPPED,
            name=files.card["name"][:100], model_id=files.model_id,
            card_sha256=model_files.sha256(files.contents[CARD_JSON]), reason=reason, proposed_by=maker.user_id,
            proposed_at=at, decided_by="", decided_at=None, decision="",
        )  # fmt: skip
        uow.models.insert(version)
        uow.models.insert_files(version.version_id, files.contents)
        return events.ModelProposed(
            version_id=version.version_id, base_id=version.base_id, name=version.name, model_id=version.model_id,
            card_sha256=version.card_sha256, notes=reason,
        )  # fmt: skip

    return proposals.propose(MODELS, uow=uow, actor=actor, at=at, stored=stored)


def approve(*, uow: Writing, actor: Person, at: datetime, version_id: str, remark: str = "") -> Recorded:
    """Put a proposed version in force; the one before it is superseded.

    :raises MakerIsChecker: if the actor proposed it.
    :raises NotWaiting: if it was decided already.
    :raises ModelMoved: if another version came into force in the meantime.
    :raises Edited, ModelAltered: if what is stored is not what was proposed.
    :raises NoModelFiles: if its files are not here.
    """

    def event(uow: Writing, version: ModelVersion) -> events.Event:
        files_of(uow, version)
        now = uow.models.in_force()
        if (now.version_id if now else SHIPPED) != version.base_id:
            raise ModelMoved(version_id, now.version_id if now else SHIPPED)
        return events.ModelPutInForce(
            version_id=version_id, base_id=version.base_id, model_id=version.model_id, proposed_by=version.proposed_by,
            notes=remark.strip(),
        )  # fmt: skip

    return proposals.put_in_force(MODELS, uow=uow, actor=actor, at=at, proposal_id=version_id, event=event)


def reject(*, uow: Writing, actor: Person, at: datetime, version_id: str, reason: str) -> Recorded:
    """Reject a proposed version, with a reason; what is in force stays. Refuses as :func:`proposals.reject` does."""
    return proposals.reject(MODELS, uow=uow, actor=actor, at=at, proposal_id=version_id, reason=reason)


def withdraw(*, uow: Writing, actor: Person, at: datetime, version_id: str, reason: str) -> Recorded:
    """Take one's own proposal back, with a reason. Refuses as :func:`proposals.withdraw` does."""
    return proposals.withdraw(MODELS, uow=uow, actor=actor, at=at, proposal_id=version_id, reason=reason)
