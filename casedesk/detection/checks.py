"""What every engine refuses, in the same words, and what it hands over in the same shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from casedesk.detection.fingerprint import Digest
from casedesk.detection.keying import GIVEN, HOLDERS, TOLD, lost, lowest, negative
from casedesk.detection.sources import UnfitSource
from casedesk.domain.alerts import Alert

#: Makes an expression; its name stands for the expression where texts are kept.
Expression: TypeAlias = Callable[[], Table]
#: Runs an expression and returns its first row, None where it has none.
First: TypeAlias = Callable[[Expression, str], "tuple[Any, ...] | None"]

#: What stands once in each table.
UNIQUE: Final[Mapping[str, tuple[Table, str]]] = {
    "transactions": (GIVEN, "transaction_id"),
    "accounts": (HOLDERS, "account_id"),
}

#: What no text stands for: a blank is no answer there.
NEEDED: Final = ("transaction_id", "account_id", "booked_at", "base_minor", "amount_minor")


def complete_digest(name: str, row: Sequence[Any], hole: Callable[[], Sequence[Any]]) -> Digest:
    """Read the row that ``fingerprint.digest_queries`` asks for; ``hole`` runs ``fingerprint.hole_query``.

    :raises UnfitSource: if a row of the table has a null, naming the first.
    """
    rows, complete, first, second, third, fourth = map(int, row)
    if complete < rows:
        key, column = hole()
        way_out = "give every row one" if column in NEEDED else "write '' where it is unknown"
        which = f" “{key}”" if key is not None else ""
        raise UnfitSource(f"Column “{column}” of the {name} is empty (null) in row{which}; {way_out}.")
    return Digest(rows, (first, second, third, fourth))


def refuse_twice(name: str, key: str, row: Sequence[Any] | None) -> None:
    """Refuse what ``keying.twice`` found.

    :raises UnfitSource: if it found something.
    """
    if row:
        raise UnfitSource(f"Two rows of the {name} have the {key} “{row[0]}”; give each one its own.")


def refuse_unfit(first: First) -> None:
    """Refuse accounts that nobody knows, and amounts below 0.

    :raises UnfitSource: naming the first of them, by transaction id.
    """
    if ((first(lowest, lowest.__name__) or (None,))[0] or 0) >= 0:
        return
    stray = first(lost, lost.__name__)
    if stray:
        raise UnfitSource(
            f"Account “{stray[1]}” of transaction “{stray[0]}” is not among the accounts; add it, with a blank "
            "customer_id if it belongs to no customer."
        )
    name, amount = first(negative, negative.__name__) or ("", "")
    raise UnfitSource(
        f"Transaction “{name}” has a negative base_minor ({amount}); give the amount from 0 up, from the account "
        "that pays to the account that receives."
    )


def of_subjects(evidence: pa.Table, subjects: pa.Array) -> pa.Table:
    """Keep the evidence on the chosen subjects, by account id: their customers' other accounts were read with them."""
    return evidence.filter(pc.is_in(evidence["account_id"], subjects))


def hit_from(evidence: pa.Table, moments: Mapping[str, int]) -> set[str]:
    """Return the accounts with evidence booked at their moment or later; the last of it is a hit."""
    if not evidence.num_rows:  # as mostly
        return set()
    last = evidence.group_by("account_id").aggregate([("at", "max")])
    pairs = zip(last["account_id"].to_pylist(), last["at_max"].to_pylist(), strict=True)
    return {account_id for account_id, at in pairs if at >= moments[account_id]}


def first_of(evidence: pa.Table) -> dict[str, int]:
    """Return for each account in the evidence when the first of it was booked."""
    if not evidence.num_rows:
        return {}
    first = evidence.group_by("account_id").aggregate([("at", "min")])
    return dict(zip(first["account_id"].to_pylist(), first["at_min"].to_pylist(), strict=True))


def told(alerts: Sequence[Alert]) -> pa.Table:
    """Write which customer's alert rests on which transaction: the columns of ``keying.TOLD``."""
    links = [(a.alert_id, a.customer_id, one) for a in alerts for one in a.transaction_ids]
    columns = zip(*links, strict=True) if links else ([], [], [])
    return pa.table([pa.array(list(column), pa.string()) for column in columns], names=list(TOLD.columns))


def accounts_by_alert(alerts: Sequence[Alert], found: Iterable[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the accounts that ``keying.own_accounts`` found for each alert id, its subject always, by id."""
    accounts = {alert.alert_id: {alert.account_id} for alert in alerts}
    for alert_id, account_id in found:
        accounts[alert_id].add(account_id)
    return {alert_id: tuple(sorted(names)) for alert_id, names in accounts.items()}
