"""What the desk issues with a secret: made once, the secret shown once, known by its hash from then on, and ended once.

Keys of the API and webhooks are such. Each kind says in a row what its events and its fields are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.errors import Conflict, Invalid

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LONGEST_LABEL: Final = 100

One = TypeVar("One", bound="DataclassInstance")


class Ended(Conflict):
    """It was ended already."""


class BrokenEvents(Invalid):
    """The events do not make sense: something ends that never began, or begins twice."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[One]):
    """One kind of what is issued.

    ``past`` is how its end is called: the fields ``{past}_by`` and ``{past}_at`` are empty until then.
    """

    title: str  # how a finding calls all of them
    what: str
    key: str  # the field that holds its id, in rows and events alike
    past: str
    ending: str
    begins: str
    ends: str
    created: Callable[[Recorded], One]
    columns: Callable[[One], dict[str, Any]]

    @property
    def steps(self) -> tuple[str, str]:
        """The actions of its events."""
        return self.begins, self.ends

    def ended(self, one: One, row: Recorded) -> One:
        """Return it as it is after the event that ended it."""
        return replace(one, **{f"{self.past}_by": row.user, f"{self.past}_at": parse(row.ts)})

    def require_running(self, one: One) -> None:
        """Refuse what was ended.

        :raises Ended: saying by whom.
        """
        if self._over(one):
            name, by = getattr(one, self.key), getattr(one, f"{self.past}_by")
            raise Ended(f"The {self.what} {name} was {self.past} already, by {by}.")

    def reason(self, text: str) -> str:
        """Return the reason of an end as it is stored.

        :raises Invalid: if it is empty, or longer than 1,000 characters.
        """
        text = text.strip()
        if not 1 <= len(text) <= 1000:
            raise Invalid(f"{self.ending} needs a reason of 1 to 1,000 characters.")
        return text

    def label(self, text: str, example: str) -> str:
        """Return a label as it is stored.

        :raises Invalid: if it is empty or too long.
        """
        text = text.strip()
        if not 1 <= len(text) <= LONGEST_LABEL:
            raise Invalid(f"A {self.what} needs a label of 1 to {LONGEST_LABEL} characters, such as “{example}”.")
        return text

    def fold(self, history: Iterable[Recorded]) -> dict[str, One]:
        """Return every one by its id, as the events make it; ``history`` is in the order of the ledger.

        :raises BrokenEvents: if one begins twice, or ends without having begun.
        :raises KeyError: if an event lacks a field, as only one that was tampered with can.
        """
        found: dict[str, One] = {}
        for event in history:
            name = event.data[self.key]
            known = found.get(name)
            if event.action == self.begins and known is None:
                found[name] = self.created(event)
            elif event.action == self.ends and known is not None and not self._over(known):
                found[name] = self.ended(known, event)
            else:
                raise BrokenEvents(f"Event {event.event_id} is about a {self.what} of which that cannot be.")
        return found

    def _over(self, one: One) -> bool:
        return getattr(one, f"{self.past}_at") is not None


def hashed(secret: bytes) -> str:
    """Hash a secret as it is stored."""
    return sha256(secret).hexdigest()
