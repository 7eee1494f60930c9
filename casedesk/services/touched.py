"""Whom something new touches, since when, and how far what was found of them reaches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.peers import Figures
from casedesk.detection.rule import Reach, Rule
from casedesk.detection.subjects import NEVER, Stood, Subject, Subjects, microseconds
from casedesk.store.run_data import Reached, Since
from casedesk.store.run_store import Finding
from casedesk.store.unit_of_work import Reading


@dataclass(frozen=True, slots=True)
class Known:
    """What a warm process knows: all accounts, with their customers, of those on a side of a new transaction, and what the last run
    found of some accounts by any rule and of any account by some rules, None where it does not know that.
    """

    customers: dict[str, str]
    stood: Callable[[Collection[str], Collection[str]], Iterable[Stood]] | None


_SIDES: Final = ("from_account", "to_account")


def touched(
    look: Reading,
    since: Since,
    upto: int,
    new: pa.Table,
    rules: Sequence[Rule],
    figures: Mapping[str, Figures],
    known: Known | None = None,
) -> Subjects:
    """Return the desk's own accounts that were touched since an earlier run, all of each customer's, by id.

    What the desk holds or hides of them counts among what stood: an alert may hold more than a rule finds now, and a run
    compares with the whole of it.

    :param new: the transactions that came since.
    :param figures: those of peer groups that the earlier run left.
    :param known: what a process that stays warm need not read.
    """
    turned = look.run_data.turned(since, upto)
    customers = (
        look.run_data.touched(since, upto) if known is None else dict(sorted((known.customers | turned).items()))
    )
    whole = set(turned.values())
    moments = _moments(new, customers)
    chosen = tuple(
        Subject(account_id, customer_id, None if customer_id in whole else moments.get(customer_id))
        for account_id, customer_id in customers.items()
    )
    along_paths = {rule.name for rule in rules if rule.span is not None and rule.reach is Reach.GRAPH}
    reached = [*map(stood, look.run_data.held_otherwise(customers, along_paths))]
    if known is None or known.stood is None:
        reached += map(stood, look.runs.standing_about(customers, along_paths))
    else:
        reached += known.stood(customers, along_paths)
    return Subjects(chosen, tuple(reached), figures=figures)


def sides(new: pa.Table) -> list[str]:
    """Return the accounts on either side of transactions."""
    either = pa.chunked_array([*new["from_account"].chunks, *new["to_account"].chunks], pa.string())
    named: list[str] = pc.unique(either).to_pylist()
    return named


def beyond(subjects: Subjects, new: pa.Table, beginning: int, *, stirred: bool) -> Subjects:
    """Add what rules that look beyond the touched accounts ask: when the earliest of all that is new was booked.

    :param beginning: when the earliest of all transactions was, the new ones among them.
    :param stirred: something else than transactions is new of somebody who was there before.
    """
    first = earliest(new)
    return replace(subjects, everywhere=None if stirred else first, sooner=first <= beginning < NEVER)


def earliest(transactions: pa.Table) -> int:
    """Return when the earliest was booked, in microseconds since 1970 UTC; ``NEVER`` where there is none."""
    moment = pc.min(transactions["booked_at"]).as_py()
    return NEVER if moment is None else microseconds(moment.replace(tzinfo=UTC))


def _moments(new: pa.Table, customers: Mapping[str, str]) -> dict[str, int]:
    """Return for each customer the earliest booking among its new transactions, in microseconds since 1970 UTC."""
    found: dict[str, int] = {}
    at = new["booked_at"].cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
    for side in _SIDES:
        for account_id, moment in zip(new[side].to_pylist(), at, strict=True):
            customer_id = customers.get(account_id)
            if customer_id is not None and moment < found.get(customer_id, NEVER):
                found[customer_id] = moment
    return found


def stood(one: Finding | Reached) -> Stood:
    """Return what the last run found, or the desk holds, as the engine asks for it."""
    return Stood(one.rule, one.account_id, _at(one.first_at), _at(one.last_at))


@lru_cache(maxsize=1 << 18)  # a process that stays meets the same findings in each run
def _at(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)
