"""A first draft of a report from what the desk knows: the customer, the accounts and the totals of the evidence.

What the desk does not know stays empty, and the analyst fills it in or says that it is unknown. Nothing is guessed: a date of
birth, a number or a street is no fact because a form has room for it.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from casedesk.domain.reports.activity import Activity, Classification, Involved, Product
from casedesk.domain.reports.parties import Address, HeldAccount, Name, Relationship, RelationshipKind, Role, Subject
from casedesk.domain.reports.report import Report
from casedesk.domain.transactions import Channel, Customer, CustomerKind, Transaction


def _subtypes() -> dict[str, tuple[str, ...]]:
    text = files(__package__).joinpath("typologies.csv").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        found[row["rule"]] = (*found.get(row["rule"], ()), row["subtype"])
    return found


#: Rule to the subtypes of suspicious activity that its alerts suggest. The file beside this one is the table.
SUBTYPES: Final[Mapping[str, tuple[str, ...]]] = _subtypes()

#: Channel to the product or payment mechanism of the form; what is not here suggests none.
_PRODUCTS: Final[Mapping[Channel, str]] = {
    Channel.CASH: "39",
    Channel.ACH: "33",
    Channel.WIRE: "33",
    Channel.CARD: "6",
    Channel.CHEQUE: "37",
    Channel.INTERNAL: "33",
}
_DEPOSIT_ACCOUNT: Final = "46"

#: (money left the customer, money reached the customer) to the customer's role.
_ROLES: Final = {
    (True, True): Role.BOTH,
    (True, False): Role.SENDER,
    (False, True): Role.RECEIVER,
    (False, False): Role.EMPTY,
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """A report on the same customer that came before. ``bsa_id`` is empty as long as FinCEN has given none."""

    case_id: str
    bsa_id: str
    amount: int  # whole dollars, over all reports of this line


def first_draft(
    customer: Customer,
    own_accounts: Sequence[str],
    evidence: Sequence[Transaction],
    rules: Sequence[str],
    base_currency: str,
    earlier: Earlier | None = None,
    branches: Collection[str] = (),
) -> Report:
    """Compose a draft.

    :param own_accounts: the customer's.
    :param evidence: the transactions of all alerts, each once.
    :param rules: the alerts' rules, the gravest alert's first.
    :param earlier: the newest report on this customer in another case, which this one then continues.
    :param branches: the codes of the institution's branches. Transactions also name terminals, which are no branches.
    """
    amount = _amount(evidence, base_currency)
    days = sorted(t.booked_at.date() for t in evidence)
    cumulative = amount + earlier.amount if earlier and amount is not None else None
    return Report(
        continuing=earlier is not None,
        prior_bsa_id=earlier.bsa_id if earlier else "",
        subjects=(_subject(customer, set(own_accounts), evidence),),
        activity=Activity(
            involved=Involved.KNOWN if evidence else Involved.UNKNOWN,
            amount=amount if evidence else None,
            cumulative=cumulative,
            first_on=days[0] if days else None,
            last_on=days[-1] if days else None,
            classifications=tuple(Classification(subtype=one) for one in _classified(rules)),
            products=tuple(Product(code=code) for code in _products(evidence)),
        ),
        branches=tuple(sorted({t.branch for t in evidence} & set(branches))),
    )


def _amount(evidence: Sequence[Transaction], currency: str) -> int | None:
    """Return the total in whole dollars, rounded up as the form wants it; None where the desk counts in another currency."""
    if currency != "USD":
        return None
    return -(-sum(t.base_minor for t in evidence) // 100)


def _classified(rules: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(subtype for rule in rules for subtype in SUBTYPES.get(rule, ())))


def _products(evidence: Sequence[Transaction]) -> list[str]:
    """Name the deposit account and how money moved, in the order of the form's codes."""
    moved = {_PRODUCTS[t.channel] for t in evidence if t.channel in _PRODUCTS}
    return sorted(moved | {_DEPOSIT_ACCOUNT} if evidence else moved, key=int)


def _subject(customer: Customer, own: set[str], evidence: Sequence[Transaction]) -> Subject:
    entity = customer.kind is CustomerKind.BUSINESS
    used = sorted({side for t in evidence for side in (t.from_account, t.to_account) if side in own})
    left = any(t.from_account in own for t in evidence)
    reached = any(t.to_account in own for t in evidence)
    return Subject(
        entity=entity,
        names=(_name(customer.name, entity=entity),),
        addresses=(Address(country=customer.country),) if customer.country else (),
        occupation=(customer.occupation or (customer.segment if entity else ""))[:50],
        relationships=(Relationship(kinds=(RelationshipKind.CUSTOMER,)),),
        accounts=tuple(HeldAccount(number=one) for one in used),
        role=_ROLES[left, reached],
    )


def _name(name: str, *, entity: bool) -> Name:
    """Split a person's name: at a comma (“Silva, Ana Maria”), else at the last blank. The analyst sees it, and mends it."""
    last, comma, given = name.partition(",")
    words = given.split() if comma else name.split()[:-1]
    if entity or not words:
        return Name(last=name)
    return Name(first=words[0], middle=" ".join(words[1:]), last=last if comma else name.split()[-1])


def corrected(report: Report, bsa_id: str) -> Report:
    """Return a draft that goes on from a report that was sent.

    With a BSA ID it corrects that report. Without one FinCEN never took it, so it is sent again as what it was.
    """
    if not bsa_id:
        return report
    return report.model_copy(update={"corrects": True, "prior_bsa_id": bsa_id})
