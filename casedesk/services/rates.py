"""The dated rate table: the shipped one until the bank loads its own."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path

from casedesk.domain.events import DESK, RatesLoaded
from casedesk.domain.people import SYSTEM, Action, Person, require
from casedesk.domain.rates import Rate, RateTable
from casedesk.formats.rate_files import default_rates, read_rates
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing


def ensure_rates(*, uow: Writing, actor: Person, at: datetime) -> None:
    """Put the shipped rates in force if the desk has none; it is an event like any other change of rates."""
    with uow:
        if uow.rates.all():
            return
        _put(uow, default_rates().rates, default_rates().sha256, SYSTEM, at)
        uow.commit()


def load(*, uow: Writing, actor: Person, at: datetime, path: Path) -> int:
    """Load a rates file over what is stored, and return how many rates it held.

    :raises Invalid: naming row, field and fix; nothing is stored then.
    """
    require(actor, Action.ADMINISTER)
    rates = read_rates(path)
    with uow:
        actor = present(uow, actor)
        _put(uow, rates, sha256(path.read_bytes()).hexdigest(), actor, at)
        uow.commit()
    return len(rates)


def table(*, uow: Reading) -> RateTable:
    """Return the rates in force."""
    with uow:
        return uow.rates.table()


def _put(uow: Writing, rates: tuple[Rate, ...] | list[Rate], digest: str, actor: Person, at: datetime) -> None:
    uow.rates.put(rates)
    uow.ledger.append(RatesLoaded(sha256=digest, rows=len(rates)), stream=DESK, user=actor.user_id, at=at)
