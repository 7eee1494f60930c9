"""Which values the bank puts in the place of those shipped, and who agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProposed(Event):
    """A manager proposed a value of a policy parameter, in force from a day on. Desk event.

    ``source`` says who demands it, such as a law or a decision of the board; the reason stands in the notes.
    """

    action: ClassVar[str] = "policy_proposed"
    title: ClassVar[str] = "Policy value proposed"
    touches: ClassVar[bool] = False
    name: str
    value: int
    valid_from: str
    source: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPutInForce(Event):
    """Another manager put a proposed value in force. Desk event.

    It repeats what was proposed, so that due dates follow from these events alone. ``proposal`` is the proposal's event.
    """

    action: ClassVar[str] = "policy_put_in_force"
    title: ClassVar[str] = "Policy value put in force"
    touches: ClassVar[bool] = False
    proposal: int
    maker: str
    name: str
    value: int
    unit: str
    valid_from: str
    number: int
    source: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRejected(Event):
    """Another manager refused a proposed value, or its maker took it back; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "policy_rejected"
    title: ClassVar[str] = "Policy value rejected"
    touches: ClassVar[bool] = False
    proposal: int
    maker: str
    name: str
    via: str
