"""A version of the model: proposed by one person, put in force by another. The one in force is the champion, the other the challenger.

Until one was put in force, the desk scores with the model that ships with it, which must be retrained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from casedesk.domain.people import Person
from casedesk.errors import Conflict, NotPermitted

#: How the shipped model is named where the id of a version is asked for.
SHIPPED: Final = ""


class ModelState(StrEnum):
    """Where a version stands. From ``PROPOSED`` it goes to one of the others; what is in force is superseded."""

    PROPOSED = "proposed"
    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ModelDecided(Conflict):
    """The version was decided already."""

    def __init__(self, version_id: str, state: ModelState) -> None:
        super().__init__(f"Model {version_id} is {state.value}; only a version that waits can be decided.")


class OwnModel(NotPermitted):
    """Nobody puts their own model in force. There is no bypass."""

    def __init__(self, version_id: str) -> None:
        super().__init__(
            f"You proposed model {version_id}, so you may not decide it; only a manager who did not propose it may. You may withdraw it."
        )


class NotYourModel(NotPermitted):
    """Only the maker withdraws."""

    def __init__(self, version_id: str) -> None:
        super().__init__(f"You did not propose model {version_id}, so you may not withdraw it; you may reject it.")


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version as stored. ``model_id`` is the SHA-256 of its manifest, ``card_sha256`` that of its card's JSON."""

    version_id: str
    state: ModelState
    base_id: str  # the version in force when it was proposed; empty for the shipped model
    name: str
    model_id: str
    card_sha256: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str  # empty while it waits
    decided_at: datetime | None
    decision: str


def require_waiting(version: ModelVersion) -> None:
    """Refuse unless the version waits.

    :raises ModelDecided: if it was decided.
    """
    if version.state is not ModelState.PROPOSED:
        raise ModelDecided(version.version_id, version.state)


def require_model_checker(version: ModelVersion, actor: Person) -> None:
    """Refuse unless the version waits and somebody else proposed it.

    :raises ModelDecided: if it was decided.
    :raises OwnModel: if the actor proposed it.
    """
    require_waiting(version)
    if actor.user_id == version.proposed_by:
        raise OwnModel(version.version_id)


def require_model_maker(version: ModelVersion, actor: Person) -> None:
    """Refuse unless the version waits and the actor proposed it.

    :raises ModelDecided: if it was decided.
    :raises NotYourModel: if somebody else proposed it.
    """
    require_waiting(version)
    if actor.user_id != version.proposed_by:
        raise NotYourModel(version.version_id)


def scores_digest(scores: Iterable[tuple[str, int, str, str, str]]) -> str:
    """Return the SHA-256 of scores in the order of their accounts: account, millionths, band, transaction, parts."""
    rows = json.dumps(sorted(scores), ensure_ascii=False)
    return hashlib.sha256(rows.encode("utf-8", "surrogatepass")).hexdigest()
