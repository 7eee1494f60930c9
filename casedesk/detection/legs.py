"""What every rule reads: transactions as the accounts on their two sides see them, the transfers themselves, the accounts.

A transaction between two accounts of the desk makes two legs, one "out" and one "in". Cash makes one, because its other
side is nobody. An external account is a counterparty and has no legs: it is never a subject. A transaction from an
account to itself makes one leg, "self": something happened on the account, so velocity and geography count it once,
but nothing came in and nothing went out, so structuring counts it in neither direction.

A leg carries the country of the other side: ``from_country`` of money that came in (for a cash deposit, the branch),
``to_country`` of money that went out, and ``to_country`` of a self leg. It is empty when unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
from ibis.expr.types import Table

#: One row a transaction, account ids replaced by keys. ``row`` is the transaction's place in the input and only leads
#: back to its id. A key is an opaque number; 0 stands for nobody. ``own`` says that the account has a customer.
KEYED: Final[Table] = ibis.table(
    {
        "row": "!int64",
        "at": "!int64",  # microseconds since 1970-01-01 UTC: whole numbers have one order and one window edge everywhere
        "from_key": "!int32",
        "to_key": "!int32",
        "from_own": "!boolean",
        "to_own": "!boolean",
        "base_minor": "!int64",
        "paid_minor": "!int64",  # as it was paid, in its own currency: see ``paid``
        "channel": "!string",
        "from_country": "!string",
        "to_country": "!string",
    },
    name="keyed",
)

#: What a rule's expression starts from.
LEGS: Final[Table] = ibis.table(
    {
        "row": "!int64",
        "at": "!int64",
        "account": "!int32",
        "counterparty": "!int32",  # 0 for cash
        "direction": "!string",  # in, out or self
        "country": "!string",
        "base_minor": "!int64",
        "paid_minor": "!int64",  # as it was paid, in its own currency: see ``paid``
        "channel": "!string",
        "lead": "!int32",  # the first account, by id, of the account's customer: the subject of rules about a customer
        "internal": "!boolean",  # both sides belong to one customer
    },
    name="legs",
)

#: The legs before those that a rule is shown, where an incremental run shows it only what is near something new.
PAST: Final[Table] = ibis.table(LEGS.schema(), name="past_legs")

#: From when on those are shown, in microseconds since 1970 UTC.
MOMENTS: Final[Table] = ibis.table({"account": "!int32", "read_from": "!int64"}, name="read_from")

#: All transfers, where a run shows a rule only those from some moment on.
EVER_KEYED: Final[Table] = ibis.table(KEYED.schema(), name="all_keyed")

#: The moment before which no path ends that an incremental run asks for; one row.
ENDED_FROM: Final[Table] = ibis.table({"moment": "!int64"}, name="ended_from")

#: The transfers that a path may be made of (``hops``), where they are kept from run to run. As a join leaves them: Ibis puts
#: only what agrees in this under one another.
IDLE: Final[Table] = ibis.table(
    {
        "row": "int64",
        "at": "int64",
        "source": "int32",  # who leads the sender, and the receiver
        "target": "int32",
        "minor": "int64",
        "source_own": "boolean",
        "target_own": "boolean",
    },
    name="idle_hops",
)

#: The accounts of the data, those of counterparties included.
ACCOUNTS: Final[Table] = ibis.table(
    {
        "account": "!int32",
        "own": "!boolean",  # the account has a customer
        "lead": "!int32",  # as in the legs; the account itself where it has no customer
        "opened_at": "int64",  # midnight UTC of its first day, in microseconds since 1970; null when unknown
        "peer_group": "!string",  # whom its customer is compared with; empty when unknown
    },
    name="account_keys",
)


@dataclass(frozen=True, slots=True)
class Views:
    """The tables a rule's expression may start from: ``legs`` (one row for each side), ``transfers`` (one row for each
    transaction, accounts as keys, 0 for nobody) and ``accounts``.

    Where ``past`` is there, ``legs`` holds of each subject only those from some moment on, ``past`` those before it, and
    ``ever`` both; ``moments`` says for each subject (``account``) what moment that is (``read_from``).

    ``ever_transfers`` are all of them, also where ``transfers`` are only those from some moment on.

    ``figures`` are those of the peer groups, where they are known: see ``peers``; ``idle`` are the hops, likewise: see ``hops``.
    """

    legs: Table = LEGS
    transfers: Table = KEYED
    ever_transfers: Table = KEYED
    accounts: Table = ACCOUNTS
    past: Table | None = None
    ever: Table | None = None
    moments: Table | None = None
    ended_from: Table | None = None
    figures: Table | None = None
    idle: Table | None = None

    def since(self, places: Table, span: int) -> Table:
        """Keep the places (account, time) from ``span`` after the first leg that is shown on.

        The legs begin ``rule.read_before`` before the moment from which on a rule judges anew. So the places from that span on
        are those a hit that counts may have, and legs from a window less are what they are told by. Whoever has no such
        place need not be looked at more closely, which is what costs.
        """
        if self.moments is None:
            return places
        timed = places.join(self.moments, "account")
        return timed.filter(timed["at"] - span >= timed.read_from).select(*places.columns)

    def ending(self, paths: Table, slack: int = 0) -> Table:
        """Keep the paths that end, by their ``latest``, where the rule judges anew, or at most ``slack`` before it."""
        if self.ended_from is None:
            return paths
        return paths.filter(paths.latest >= self.ended_from.moment.as_scalar() - slack)

    def whole(self, subjects: Table, key: str = "account") -> Table:
        """Return all legs whose ``key`` (account or lead) is among the column ``account`` of ``subjects``."""
        legs = self.legs if self.ever is None else self.ever
        return legs.semi_join(subjects, legs[key] == subjects.account)


def legs_of(keyed: Table, accounts: Table) -> Table:
    """Turn keyed transactions into the legs of the desk's own accounts."""
    leads = accounts.filter(accounts.own).select("account", "lead")
    sides = _sides(keyed)
    own = sides.join(leads, "account")
    others = leads.rename(counterparty="account", other_lead="lead")
    both = own.left_join(others, "counterparty").drop("counterparty_right")
    return both.mutate(internal=(both.lead == both.other_lead).coalesce(False)).drop("other_lead")


def _sides(keyed: Table) -> Table:
    elsewhere = keyed.from_key != keyed.to_key
    incoming = keyed.filter(keyed.to_own & elsewhere)
    outgoing = keyed.filter(keyed.from_own)
    return ibis.union(
        incoming.select(
            incoming.row,
            at=incoming["at"],
            account=incoming.to_key,
            counterparty=incoming.from_key,
            direction=ibis.literal("in"),
            country=incoming.from_country,
            base_minor=incoming.base_minor,
            paid_minor=incoming.paid_minor,
            channel=incoming.channel,
        ),
        outgoing.select(
            outgoing.row,
            at=outgoing["at"],
            account=outgoing.from_key,
            counterparty=outgoing.to_key,
            direction=ibis.ifelse(outgoing.from_key == outgoing.to_key, "self", "out"),
            country=outgoing.to_country,
            base_minor=outgoing.base_minor,
            paid_minor=outgoing.paid_minor,
            channel=outgoing.channel,
        ),
    )
