"""Customers and accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.errors import NotFound
from casedesk.store.absent_rows import insert_absent, present_ids
from casedesk.store.arrivals import next_arrival
from casedesk.store.dialects import contains, id_starts_with
from casedesk.store.known_accounts import known_accounts
from casedesk.store.tables import accounts, customers

CHUNK = 500


class NoSuchCustomer(NotFound):
    """No customer has this id."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"There is no customer “{customer_id}”.")


@dataclass(frozen=True, slots=True)
class Match:
    """A customer in one line."""

    customer_id: str
    name: str
    country: str


class PartyReader:
    """Reads customers and accounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def customer(self, customer_id: str) -> Customer:
        """Return a customer.

        :raises NoSuchCustomer: if there is none.
        """
        row = self._connection.execute(sa.select(customers).where(customers.c.customer_id == customer_id)).one_or_none()
        if row is None:
            raise NoSuchCustomer(customer_id)
        return Customer(
            row.customer_id, row.name, CustomerKind(row.kind), row.country, row.segment, row.occupation, row.since
        )

    def search(self, text: str, limit: int = 20) -> tuple[Match, ...]:
        """Return customers with the text in their name, at the start of an account's id, or as their id; by name."""
        of_account = sa.select(accounts.c.customer_id).where(
            accounts.c.customer_id.is_not(None), id_starts_with(accounts.c.account_id, text)
        )
        query = (
            sa.select(customers.c.customer_id, customers.c.name, customers.c.country)
            .where(
                sa.or_(
                    contains(customers.c.name, text),
                    id_starts_with(customers.c.customer_id, text),
                    customers.c.customer_id.in_(of_account),
                )
            )
            .order_by(customers.c.name, customers.c.customer_id)
            .limit(limit)
        )
        return tuple(Match(*row) for row in self._connection.execute(query))

    def accounts_of(self, customer_id: str) -> tuple[Account, ...]:
        """Return a customer's accounts, by id."""
        query = sa.select(accounts).where(accounts.c.customer_id == customer_id).order_by(accounts.c.account_id)
        return tuple(_account(row) for row in self._connection.execute(query))

    def accounts(self, account_ids: Sequence[str]) -> dict[str, Account]:
        """Return those of the accounts that exist, by id."""
        found: dict[str, Account] = {}
        ids = sorted(set(account_ids))
        for start in range(0, len(ids), CHUNK):
            query = sa.select(accounts).where(accounts.c.account_id.in_(ids[start : start + CHUNK]))
            found |= {row.account_id: _account(row) for row in self._connection.execute(query)}
        return found

    def known_accounts(self, account_ids: Iterable[str]) -> set[str]:
        """Return which of the ids exist."""
        return present_ids(self._connection, accounts.c.account_id, account_ids)

    def known_customers(self, customer_ids: Iterable[str]) -> set[str]:
        """Return which of the ids exist."""
        return present_ids(self._connection, customers.c.customer_id, customer_ids)


class PartyStore(PartyReader):
    """Writes customers and accounts."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._known = known_accounts(connection.engine)
        self._named: set[str] = set()  # accounts that are there when this transaction is committed

    def committed(self) -> None:
        """Keep the accounts that this transaction met or made for the next one."""
        self._known.remember(self._named)

    def put_customers(self, batch: Sequence[Customer]) -> int:
        """Add new customers and fill in those known only as unknown holders. Return how many changed or came."""
        known = self.known_customers(c.customer_id for c in batch)
        new = {c.customer_id: c for c in batch if c.customer_id not in known}
        if new:
            self._connection.execute(sa.insert(customers), [_customer_values(c) for c in new.values()])
        changed = []
        for customer in batch:
            if customer.customer_id in known:
                update = sa.update(customers).where(
                    customers.c.customer_id == customer.customer_id, customers.c.kind == CustomerKind.UNKNOWN.value
                )
                if self._connection.execute(update.values(_customer_values(customer))).rowcount:
                    changed.append(customer.customer_id)
        self._mark_accounts_of(changed)
        return len(new) + len(changed)

    def _mark_accounts_of(self, customer_ids: Sequence[str]) -> None:
        """A rule that compares a customer with its peers reads its accounts anew."""
        if not customer_ids:
            return
        arrival = next_arrival(self._connection)
        for start in range(0, len(customer_ids), CHUNK):
            own = accounts.c.customer_id.in_(customer_ids[start : start + CHUNK])
            self._connection.execute(sa.update(accounts).where(own).values(changed=arrival))

    def put_accounts(self, batch: Sequence[Account]) -> int:
        """Add new accounts; an account made up for an unknown holder is given to the customer named. Return the count."""
        known = self.accounts([a.account_id for a in batch])
        new = {a.account_id: a for a in batch if a.account_id not in known}
        changed = [a for a in batch if _was_unknown(known.get(a.account_id), a)]
        if not new and not changed:
            return 0
        arrival = next_arrival(self._connection)
        if new:
            values = [{**_account_values(a), "arrival": arrival, "changed": arrival} for a in new.values()]
            self._connection.execute(sa.insert(accounts), values)
        for account in changed:
            self._connection.execute(
                sa.update(accounts)
                .where(accounts.c.account_id == account.account_id)
                .values(**_account_values(account), changed=arrival)
            )
        return len(new) + len(changed)

    def add_unknown_holders(self, keys: Iterable[tuple[str, str, str]]) -> int:
        """Make an account and its unknown holder for every key (account_id, bank, currency) not yet known."""
        wanted = {key[0]: key for key in keys}
        unsure = self._known.unsure(wanted)
        self._named |= unsure
        missing = sorted(unsure - self.known_accounts(unsure))
        if not missing:
            return 0
        holders = {name: f"Holder of {name}" for name in missing}
        made = [Customer(unknown_holder(name), holders[name], CustomerKind.UNKNOWN, "") for name in missing]
        insert_absent(self._connection, customers, list(map(_customer_values, made)))
        arrival = next_arrival(self._connection)
        named = (
            Account(name, unknown_holder(name), holders[name], wanted[name][1], wanted[name][2]) for name in missing
        )
        values = [{**_account_values(a), "arrival": arrival, "changed": arrival} for a in named]
        insert_absent(self._connection, accounts, values)
        return len(missing)


def unknown_holder(account_id: str) -> str:
    """Return the customer id of an account's holder whom no file has named."""
    return f"H-{account_id}"


def _was_unknown(stored: Account | None, named: Account) -> bool:
    """Say whether an account was made up for an unknown holder, and now somebody is named."""
    return stored is not None and stored.customer_id == unknown_holder(stored.account_id) != named.customer_id


def _customer_values(customer: Customer) -> dict[str, Any]:
    return {
        "customer_id": customer.customer_id,
        "name": customer.name,
        "kind": customer.kind.value,
        "country": customer.country,
        "segment": customer.segment,
        "occupation": customer.occupation,
        "since": customer.since,
    }


def _account(row: sa.Row[*tuple[Any, ...]]) -> Account:
    return Account(
        row.account_id, row.customer_id or "", row.holder, row.bank, row.currency, row.country, row.opened_on
    )


def _account_values(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "customer_id": account.customer_id or None,
        "holder": account.holder,
        "bank": account.bank,
        "currency": account.currency,
        "country": account.country,
        "opened_on": account.opened_on,
    }
