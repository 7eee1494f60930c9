"""From what is handed in to what the rules read: accounts get keys, transactions too, and evidence gets its names back.

One definition for all engines. An engine only has to show the two tables below, in these types; what follows is Ibis.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import ibis
from ibis.expr.types import Table

from casedesk.detection.episodes import COLUMNS
from casedesk.detection.legs import ACCOUNTS, ENDED_FROM, EVER_KEYED, IDLE, KEYED, LEGS, MOMENTS, PAST, Views, legs_of
from casedesk.detection.peers import FIGURES
from casedesk.detection.rule import FAULTS, BrokenRule, Evidence, Rule, completed

#: The transactions as an engine shows them.
GIVEN: Final[Table] = ibis.table(
    {
        "row": "!int64",  # a number of its own for each transaction; it only leads back to the id
        "transaction_id": "!string",
        "at": "!int64",  # microseconds since 1970-01-01 UTC
        "from_account": "!string",
        "to_account": "!string",
        "base_minor": "!int64",
        "paid_minor": "!int64",
        "channel": "!string",
        "from_country": "!string",
        "to_country": "!string",
    },
    name="given",
)

#: The accounts as an engine shows them.
HOLDERS: Final[Table] = ibis.table(
    {"account_id": "!string", "customer_id": "!string", "opened_at": "int64", "peer_group": "!string"},
    name="holders",
)

#: The keyed accounts with the names that the rules do not read.
NAMED: Final[Table] = ibis.table(
    {"account_id": "!string", "customer_id": "!string", **ACCOUNTS.schema()}, name=ACCOUNTS.get_name()
)

#: The chosen subjects, by id and by key.
SUBJECT_IDS: Final[Table] = ibis.table({"account_id": "!string"}, name="subject_ids")
SUBJECTS: Final[Table] = ibis.table({"account": "!int32"}, name="subjects")

#: The legs of the chosen subjects.
CHOSEN: Final[Table] = ibis.table(LEGS.schema(), name="chosen_legs")

#: Which customer's alert rests on which transaction.
TOLD: Final[Table] = ibis.table(
    {"alert_id": "!string", "customer_id": "!string", "transaction_id": "!string"}, name="told"
)

#: The order of evidence.
ORDER: Final = ("account_id", "episode", "at", "transaction_id")

#: The key of an account that the accounts do not have; such data is refused.
UNKNOWN: Final = -1


@cache
def named_accounts() -> Table:
    """Number the accounts in the order of their ids, from 1 on: the columns of ``NAMED``."""
    by_id = ibis.window(order_by="account_id")
    numbered = HOLDERS.mutate(own=HOLDERS.customer_id != "", account=(ibis.row_number().over(by_id) + 1).cast("int32"))
    first = numbered.account.min().over(ibis.window(group_by="customer_id"))
    return numbered.mutate(lead=ibis.ifelse(numbered.own, first, numbered.account)).select(*NAMED.columns)


@cache
def keyed_transactions() -> Table:
    """Replace account ids by keys: the columns of ``KEYED``."""
    sides = GIVEN.left_join(_side("from"), GIVEN.from_account == _side("from").from_id)
    sides = sides.left_join(_side("to"), sides.to_account == _side("to").to_id)
    return sides.select(
        "row",
        "at",
        from_key=_key(sides.from_account, sides.from_number),
        to_key=_key(sides.to_account, sides.to_number),
        from_own=sides.from_own.coalesce(False),
        to_own=sides.to_own.coalesce(False),
        base_minor=sides.base_minor,
        paid_minor=sides.paid_minor,
        channel=sides.channel,
        from_country=sides.from_country,
        to_country=sides.to_country,
    )


def _side(side: str) -> Table:
    return NAMED.select(**{f"{side}_id": NAMED.account_id, f"{side}_number": NAMED.account, f"{side}_own": NAMED.own})


def _key(account_id: ibis.Value, number: ibis.Value) -> ibis.Value:
    return ibis.ifelse(account_id == "", ibis.literal(0, "int32"), number.coalesce(ibis.literal(UNKNOWN, "int32")))


def twice(table: Table, key: str) -> Table:
    """Return the first key that stands on two rows, if there is one."""
    counted = table.group_by(key).aggregate(rows=ibis._.count())
    return counted.filter(counted.rows > 1).select(key).order_by(key).limit(1)


@cache
def lowest() -> Table:
    """Return the lowest key or amount: below 0 something is to be refused; null without a transaction."""
    return KEYED.aggregate(lowest=ibis.least(KEYED.from_key, KEYED.to_key, KEYED.base_minor).min())


@cache
def lost() -> Table:
    """Return the first transaction with an account that nobody knows, and that account."""
    found = KEYED.filter((KEYED.from_key == UNKNOWN) | (KEYED.to_key == UNKNOWN)).select("row", "from_key")
    full = found.join(GIVEN.select("row", "transaction_id", "from_account", "to_account"), "row")
    account = ibis.ifelse(full.from_key == UNKNOWN, full.from_account, full.to_account)
    return full.select("transaction_id", account=account).order_by("transaction_id").limit(1)


@cache
def negative() -> Table:
    """Return the first transaction with an amount below 0."""
    found = GIVEN.filter(GIVEN.base_minor < 0)
    return found.select("transaction_id", "base_minor").order_by("transaction_id").limit(1)


@cache
def all_legs() -> Table:
    """Return the legs of the desk's own accounts: the columns of ``LEGS``."""
    return legs_of(KEYED, ACCOUNTS)


@cache
def chosen_subjects() -> Table:
    """Return the keys of the chosen subjects."""
    return NAMED.semi_join(SUBJECT_IDS, "account_id").select("account")


@cache
def narrow_legs() -> Table:
    """Return the legs of the chosen subjects: the columns of ``CHOSEN``."""
    return all_legs().semi_join(SUBJECTS, "account")


@cache
def chosen_legs() -> Table:
    """Return the legs of the chosen subjects for a rule that reads the whole history."""
    return CHOSEN


def _require_types(evidence: Table) -> None:
    """Refuse what would be read otherwise by each engine: a fraction, or a 1 for a yes."""
    for name in ("episode", *Evidence._fields[Evidence._fields.index("fired") :]):
        kind = evidence[name].type()
        if not (kind.is_boolean() if name == "fired" else kind.is_integer()):
            raise TypeError(f"“{name}” is {kind}, not {'boolean' if name == 'fired' else 'a whole number'}")


#: What a rule is shown by an engine that may show it a part: everything; what is near something new, and the earlier legs in
#: ``legs.PAST``; the transfers along which paths come to what is new, for those paths alone. With the figures of the peer groups, where
#: a rule asks others for no more, and with the hops, where they are kept.
SHOWN: Final[Mapping[str, Views]] = {
    "all": Views(ever_transfers=EVER_KEYED),
    "near": Views(past=PAST, ever=CHOSEN, moments=MOMENTS),
    "along": Views(ever_transfers=EVER_KEYED, ended_from=ENDED_FROM),
    "along kept hops": Views(ever_transfers=EVER_KEYED, ended_from=ENDED_FROM, idle=IDLE),
    "near among peers": Views(past=PAST, ever=CHOSEN, moments=MOMENTS, figures=FIGURES),
}


def found_by(rule: Rule, views: Views) -> Table:
    """Return a rule's evidence under the names of its accounts, each transaction as its ``row``.

    :raises BrokenRule: if the rule's expression does not type-check.
    """
    try:
        known = completed(rule.evidence(views)).join(NAMED.select("account", "account_id", "customer_id"), "account")
        found = known.select("row", *(name for name in COLUMNS if name != "transaction_id"))
        _require_types(found)
    except FAULTS as error:  # Ibis says in many ways that an expression does not fit
        raise BrokenRule(rule, "its expression does not type-check", error) from error
    return found


def evidence_of(rule: Rule) -> Table:
    """Return a rule's evidence under its names: the columns of ``episodes.COLUMNS``, in their order of rows.

    :raises BrokenRule: if the rule's expression does not type-check.
    """
    named = found_by(rule, Views()).join(GIVEN.select("row", "transaction_id"), "row").select(*COLUMNS)
    return named.order_by(*ORDER)


@cache
def own_accounts() -> Table:
    """Return which accounts of its customer stand in the evidence of each alert that was told."""
    told = TOLD.join(GIVEN.select("transaction_id", "from_account", "to_account"), "transaction_id")
    sides = ibis.union(
        *(told.select("alert_id", "customer_id", account_id=told[f"{side}_account"]) for side in ("from", "to"))
    )
    return sides.semi_join(NAMED, ["account_id", "customer_id"]).select("alert_id", "account_id").distinct()
