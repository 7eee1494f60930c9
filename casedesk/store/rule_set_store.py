"""Rule sets: proposed, in force, superseded, rejected, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.moments import canonical
from casedesk.domain.rule_sets import Headline, RuleSet, RuleSetState, sha256
from casedesk.errors import NotFound
from casedesk.store.tables import rule_sets


class NoSuchRuleSet(NotFound):
    """No rule set has this id."""

    def __init__(self, rule_set_id: str) -> None:
        super().__init__(f"There is no rule set “{rule_set_id}”; “casedesk rules history” lists them.")


class RuleSetReader:
    """Reads rule sets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, rule_set_id: str) -> RuleSet:
        """Return a rule set.

        :raises NoSuchRuleSet: if there is none.
        """
        found = self._one(rule_sets.c.rule_set_id == rule_set_id)
        if found is None:
            raise NoSuchRuleSet(rule_set_id)
        return found

    def in_force(self) -> RuleSet | None:
        """Return the rule set in force; None while that is the rules as shipped."""
        return self._one(rule_sets.c.state == RuleSetState.IN_FORCE.value)

    def waiting(self) -> RuleSet | None:
        """Return the proposal that waits for its checker."""
        return self._one(rule_sets.c.state == RuleSetState.PROPOSED.value)

    def headlines(self) -> tuple[Headline, ...]:
        """Return all rule sets, the newest proposal first."""
        query = sa.select(*(rule_sets.c[name] for name in Headline.__slots__)).order_by(
            rule_sets.c.proposed_at.desc(), rule_sets.c.rule_set_id.desc()
        )
        return tuple(Headline(**_read(row)) for row in self._connection.execute(query).mappings())

    def projections(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield the id and, as text, what the ledger says of a rule set; content and sheet by their SHA-256."""
        query = sa.select(rule_sets).order_by(rule_sets.c.rule_set_id)
        for row in self._connection.execute(query).mappings():
            yield row["rule_set_id"], _said(row)

    def _one(self, condition: sa.ColumnElement[bool]) -> RuleSet | None:
        query = sa.select(rule_sets).where(condition).order_by(rule_sets.c.rule_set_id).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _rule_set(row)


class RuleSetStore(RuleSetReader):
    """Writes rule sets."""

    def next_id(self) -> str:
        """Return the id of the next proposal. None is ever deleted."""
        count = self._connection.execute(sa.select(sa.func.count()).select_from(rule_sets)).scalar_one()
        return f"RS-{count + 1:06}"

    def insert(self, rule_set: RuleSet) -> None:
        """Store a proposal."""
        values = {name: getattr(rule_set, name) for name in RuleSet.__slots__}
        self._connection.execute(sa.insert(rule_sets).values(**values | {"decided_by": rule_set.decided_by or None}))

    def decide(self, rule_set_id: str, state: RuleSetState, by: str, at: datetime, decision: str) -> None:
        """Note how a proposal was decided."""
        self._update(rule_set_id, state=state, decided_by=by, decided_at=at, decision=decision)

    def supersede(self, rule_set_id: str) -> None:
        """Note that a rule set is in force no more. First: only one may be in force at a time."""
        self._update(rule_set_id, state=RuleSetState.SUPERSEDED)

    def _update(self, rule_set_id: str, **values: Any) -> None:
        self._connection.execute(sa.update(rule_sets).where(rule_sets.c.rule_set_id == rule_set_id).values(**values))


def _rule_set(row: sa.RowMapping) -> RuleSet:
    return RuleSet(**_read(row))


def _read(row: sa.RowMapping) -> dict[str, Any]:
    return dict(row) | {"state": RuleSetState(row["state"]), "decided_by": row["decided_by"] or ""}


def _said(row: sa.RowMapping) -> dict[str, str]:
    said = {}
    for name, value in row.items():
        if name in ("content", "sheet"):
            said[name] = sha256(str(value))
        else:
            said[name] = canonical(value) if isinstance(value, datetime) else str(value or "")
    return said
