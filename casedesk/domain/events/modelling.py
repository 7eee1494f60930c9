"""Which model scores, and when it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProposed(Event):
    """A manager proposed a version of the model; the reason stands in the notes. Desk event.

    ``model_id`` is the SHA-256 of the model's manifest, which holds that of every file; ``base_id`` names the version in force
    then, empty for the one that ships with the desk.
    """

    action: ClassVar[str] = "model_proposed"
    title: ClassVar[str] = "Model proposed"
    touches: ClassVar[bool] = False
    version_id: str
    base_id: str
    name: str
    model_id: str
    card_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPutInForce(Event):
    """Another manager put a proposed version in force; ``base_id`` is superseded. Desk event."""

    action: ClassVar[str] = "model_put_in_force"
    title: ClassVar[str] = "Model put in force"
    touches: ClassVar[bool] = False
    version_id: str
    base_id: str
    model_id: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRejected(Event):
    """Another manager rejected a proposed version; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "model_rejected"
    title: ClassVar[str] = "Model rejected"
    touches: ClassVar[bool] = False
    version_id: str
    model_id: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWithdrawn(Event):
    """The maker took a proposed version back; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "model_withdrawn"
    title: ClassVar[str] = "Model withdrawn"
    touches: ClassVar[bool] = False
    version_id: str
    model_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScored(Event):
    """A version scored all transactions of the desk; ``scores_sha256`` is of the stored scores. Desk event.

    ``trust_millionths`` is the factor by which the probabilities were held back (``domain.model_trust``). Version 1 had no such
    field, and held nothing back.
    """

    action: ClassVar[str] = "model_scored"
    title: ClassVar[str] = "Model scored"
    version: ClassVar[int] = 2
    touches: ClassVar[bool] = False
    model_run_id: str
    version_id: str
    model_id: str
    transactions: int
    accounts: int
    scores_sha256: str
    trust_millionths: int
