"""A report as a goAML document: of transactions (STR), or of an activity without them (SAR)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from casedesk.domain.reports.report import Report
from casedesk.domain.transactions import Transaction
from casedesk.errors import Invalid
from casedesk.exports.goaml.elements import Element, add, amount, moment, root, under
from casedesk.exports.goaml.parties import Side, add_account, add_subject
from casedesk.exports.goaml.profile import Profile


class Kind(StrEnum):
    """The two shapes: the transactions, each with both sides; or whom the activity is about, and why."""

    STR = "STR"
    SAR = "SAR"


class Unwritable(Invalid):
    """The report has what the form has no room for, or lacks what it wants."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A transaction of the evidence and its sides; on the cash side there is none."""

    transaction: Transaction
    sender: Side | None
    receiver: Side | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a document is written from. ``reference`` is the institution's own number of the report."""

    reference: str
    report: Report
    narrative: str
    movements: Sequence[Movement]
    made_at: datetime
    base_currency: str


def write(entry: Entry, profile: Profile, kind: Kind) -> bytes:
    """Write the document. The same entry gives the same bytes.

    :raises Unwritable: for what the jurisdiction's form cannot say.
    :raises NoSuchLetters: for a name in letters it has no room for.
    """
    _require_writable(entry, profile, kind)
    report = root("report")
    _head(report, entry, profile, kind)
    if kind is Kind.STR:
        for movement in entry.movements:
            _transaction(under(report, "transaction"), movement, entry, profile)
    else:
        _activity(under(report, "activity"), entry, profile)
    indicators = under(report, "report_indicators")
    for code in _indicators(entry.report, profile):
        add(indicators, "indicator", code)
    etree.indent(report)
    return etree.tostring(report, encoding="UTF-8", xml_declaration=True) + b"\n"


def _require_writable(entry: Entry, profile: Profile, kind: Kind) -> None:
    local = profile.report.currency
    if entry.base_currency != local:
        raise Unwritable(f"The profile reports in {local}, and the desk counts in {entry.base_currency}; give the profile of "
                         f"a unit that takes {entry.base_currency}.")  # fmt: skip
    if len(entry.narrative) > profile.narrative_max:
        raise Unwritable(f"The narrative has {len(entry.narrative):,} characters, and the form has room for "
                         f"{profile.narrative_max:,}; shorten it.")  # fmt: skip
    if kind is Kind.STR and not entry.movements:
        raise Unwritable(
            "There is not one transaction in the evidence; write the report as SAR, of the activity alone."
        )
    if kind is Kind.SAR and not entry.report.subjects:
        raise Unwritable("The report names no subject; a report of an activity needs one.")
    if not _indicators(entry.report, profile):
        raise Unwritable("The profile has no indicator for this kind of activity; add one under indicators.")
    for movement in entry.movements if kind is Kind.STR else ():
        channel = movement.transaction.channel
        if channel not in profile.channels:
            raise Unwritable(
                f"The profile has no codes for transactions by {channel.value}; add channels.{channel.value}."
            )


def _head(report: Element, entry: Entry, profile: Profile, kind: Kind) -> None:
    head = profile.report
    add(report, "schema_version", profile.schema_version)
    add(report, "rentity_id", str(head.rentity_id))
    add(report, "rentity_branch", head.rentity_branch)
    add(report, "submission_code", head.submission_code)
    add(report, "report_code", profile.kinds.STR if kind is Kind.STR else profile.kinds.SAR)
    add(report, "entity_reference", entry.reference)
    add(report, head.date_element, moment(entry.made_at))
    add(report, "currency_code_local", head.currency)
    add(report, "reporting_user_code", head.reporting_user_code)
    add(report, "reason", entry.narrative)


def _indicators(report: Report, profile: Profile) -> list[str]:
    by_subtype = profile.indicators.by_subtype
    kinds = (code for one in report.activity.classifications for code in by_subtype.get(one.subtype, ()))
    return list(dict.fromkeys([*profile.indicators.always, *kinds]))


def _transaction(element: Element, movement: Movement, entry: Entry, profile: Profile) -> None:
    t, codes = movement.transaction, profile.channels[movement.transaction.channel]
    add(element, "transactionnumber", t.transaction_id, 100)
    add(element, "transaction_location", t.branch or profile.unknown, 255)
    add(element, "transaction_description", t.reference or t.channel.value.capitalize(), 8000)
    add(element, "date_transaction", moment(t.booked_at))
    add(element, "transmode_code", codes.conducted)
    add(element, "transmode_comment", profile.codes.remark)
    add(element, "amount_local", amount(t.base_minor, entry.base_currency))
    if movement.sender is not None and movement.receiver is not None:
        _side(under(element, "t_from"), "from", movement.sender, t.from_country, movement, profile)
        _side(under(element, "t_to"), "to", movement.receiver, t.to_country, movement, profile)
    else:
        _party(under(under(element, "involved_parties"), "party"), movement, profile)


def _side(element: Element, prefix: str, side: Side, country: str, movement: Movement, profile: Profile) -> None:
    add(element, f"{prefix}_funds_code", profile.channels[movement.transaction.channel].funds)
    _foreign(element, f"{prefix}_foreign_currency", movement, profile, sent=prefix == "from")
    add_account(under(element, f"{prefix}_account"), side, profile)
    add(element, f"{prefix}_country", side.country or country or profile.codes.country_unknown)


def _party(element: Element, movement: Movement, profile: Profile) -> None:
    """Add the one side that is known: of cash, the form need not be told who stood at the counter."""
    t, sent = movement.transaction, movement.sender is not None
    side = movement.sender or movement.receiver
    if side is None:
        raise Unwritable(f"Transaction {t.transaction_id} has an account on neither side.")
    add(element, "role", profile.codes.sender if sent else profile.codes.receiver)
    add_account(under(element, "account"), side, profile)
    add(element, "funds_code", profile.channels[t.channel].funds)
    _foreign(element, "foreign_currency", movement, profile, sent=sent)
    country = t.from_country if sent else t.to_country
    add(element, "country", side.country or country or profile.codes.country_unknown)


def _foreign(element: Element, name: str, movement: Movement, profile: Profile, *, sent: bool) -> None:
    money = movement.transaction.amount if sent else movement.transaction.received
    if money.currency == profile.report.currency:
        return
    foreign = under(element, name)
    add(foreign, "foreign_currency_code", money.currency)
    add(foreign, "foreign_amount", amount(money.minor, money.currency))


def _activity(element: Element, entry: Entry, profile: Profile) -> None:
    parties = under(element, "report_parties")
    for subject in entry.report.subjects:
        party = under(parties, "report_party")
        add_subject(party, subject, profile, entity="entity", person="person")
        add(party, "reason", _reason(entry))


def _reason(entry: Entry) -> str:
    """Say why a subject is in the report: the narrative stands at its head."""
    activity = entry.report.activity
    days = f" from {activity.first_on} to {activity.last_on}" if activity.first_on and activity.last_on else ""
    return f"Subject of the activity{days}; see the reason of the report."
