"""Closed cases that are like another: by what rules fired, who was on the other side, and how exposed the customer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Action, Person, require
from casedesk.domain.scores import WHOLE
from casedesk.store.unit_of_work import Reading

__all__ = ["WEIGHTS", "Similar", "similar"]

#: How much each kind of likeness counts. Rules say what happened, counterparties with whom; exposure is only a figure.
WEIGHTS: Final = {"rules": 2, "counterparties": 2, "exposure": 1}
#: Closed cases that are looked at: those opened last, with a rule and with a counterparty in common.
_LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True)
class Similar:
    """A closed case, how like it is in [0, 1], and in what. ``outcome`` is empty where it is not disclosed.

    :ivar rules: those that both have, of ``all_rules`` that either has; counterparties alike.
    :ivar exposure: the highest score of its customer's accounts in the newest run, None where there is no run.
    """

    case_id: str
    customer: str
    opened_at: datetime
    outcome: Disposition
    likeness: float
    rules: frozenset[str]
    all_rules: int
    counterparties: frozenset[str]
    all_counterparties: int
    exposure: float | None


def similar(*, uow: Reading, actor: Person, case_id: str, limit: int = 5) -> tuple[Similar, ...]:
    """Return the closed cases most like a case, the most alike first; those alike in nothing are left out.

    How a case ended is told as the case itself would tell it (31 CFR 1020.320(e)), and counts for nothing in who is listed.

    :raises NoSuchCase: if there is no such case.
    """
    require(actor, Action.VIEW_CASE)
    with uow:
        case = uow.cases.get(case_id)
        rules, others = (found.get(case_id, frozenset()) for found in _seen(uow, [case_id]))
        ids = {*uow.likeness.with_rules(sorted(rules), _LOOKED_AT)}
        ids |= {*uow.likeness.with_counterparties(sorted(others), _LOOKED_AT)}
        closed = uow.likeness.closed(sorted(ids - {case_id}))
        its_rules, its_others = _seen(uow, [one.case_id for one in closed])
        exposed = _exposures(uow, {case.customer_id, *(one.customer_id for one in closed)})
        mine = exposed.get(case.customer_id)
        found = []
        for one in closed:
            theirs, sides = its_rules.get(one.case_id, frozenset()), its_others.get(one.case_id, frozenset())
            its = exposed.get(one.customer_id)
            alike = {
                "rules": _shared(rules, theirs),
                "counterparties": _shared(others, sides),
                "exposure": 1 - abs(mine - its) if mine and its else 0.0,
            }
            likeness = sum(WEIGHTS[name] * share for name, share in alike.items()) / sum(WEIGHTS.values())
            found.append(
                Similar(
                    one.case_id,
                    one.customer,
                    one.opened_at,
                    Disposition(one.disposition),
                    likeness,
                    rules & theirs,
                    len(rules | theirs),
                    others & sides,
                    len(others | sides),
                    its,
                )
            )
        found.sort(key=lambda one: (-one.likeness, one.case_id))
        return tuple(_told(uow, actor, one) for one in found[:limit] if one.likeness > 0)


def _seen(uow: Reading, ids: list[str]) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    return uow.likeness.rules(ids), uow.likeness.counterparties(ids)


def _exposures(uow: Reading, customers: set[str]) -> Mapping[str, float]:
    """Return the highest score of each customer's accounts in the newest run; empty where there is none."""
    run = uow.scores.last()
    if run is None:
        return {}
    held = uow.likeness.accounts(sorted(customers))
    scores = uow.scores.of(run.run_id, [account for accounts in held.values() for account in accounts])
    return {
        customer: max((scores[name].score for name in accounts if name in scores), default=0) / WHOLE
        for customer, accounts in held.items()
    }


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def _told(uow: Reading, actor: Person, one: Similar) -> Similar:
    if uow.cases.dossier(one.case_id).disclosed_to(actor):
        return one
    return replace(one, outcome=Disposition.NONE)
