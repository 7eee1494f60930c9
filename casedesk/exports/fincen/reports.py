"""One report (Activity): its kind, the report it goes on from, its dates and its amounts.

Sources: FinCEN SAR XML Schema User Guide, ActivityAssociation (items 1a to 1d), EFilingPriorDocumentNumber (item 1e),
SuspiciousActivity (items 29 to 31). The amounts are whole dollars, rounded up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from casedesk.exports.fincen.document import Document, Element, child, local, text
from casedesk.exports.fincen.findings import quoted

WHOLE_DOLLARS: Final = re.compile(r"0|[1-9][0-9]*")

#: What says that there is no amount.
NO_AMOUNT: Final = ("AmountUnknownIndicator", "NoAmountInvolvedIndicator")

_INITIAL: Final = "InitialReportIndicator"
_LATER: Final = {
    "CorrectsAmendsPriorReportIndicator": "corrects or amends",
    "ContinuingActivityReportIndicator": "continues",
}
_AMOUNTS: Final = ("LossToFinancialAmountText", "CumulativeTotalViolationAmountText", "TotalSuspiciousAmountText")
#: Dates of what had happened when the report was filed.
_PAST: Final = (
    "ActionTakenDateText",
    "ActivityIPAddressDateText",
    "ContactDateText",
    "CyberEventDateText",
    "IndividualBirthDateText",
    "SuspiciousActivityFromDateText",
    "SuspiciousActivityToDateText",
)


def check_report(document: Document, activity: Element) -> None:
    """Check a report's own fields."""
    _check_kind(document, activity)
    _check_prior(document, activity)
    _check_dates(document, activity)
    for amount in _named(activity, _AMOUNTS):
        _check_whole_dollars(document, amount)
    _check_amount(document, activity)
    _check_cumulative(document, activity)


def _later(document: Document, activity: Element) -> list[str]:
    association = child(activity, "ActivityAssociation")
    return [words for flag, words in _LATER.items() if document.flag(association, flag)]


def _is_initial(document: Document, activity: Element) -> bool:
    return document.flag(child(activity, "ActivityAssociation"), _INITIAL)


def _check_kind(document: Document, activity: Element) -> None:
    association = child(activity, "ActivityAssociation")
    if association is None:
        return
    later = _later(document, activity)
    malformed = any(document.is_bad(flag) for flag in association if local(flag) in (_INITIAL, *_LATER))
    if not later and not _is_initial(document, activity) and not malformed:
        document.say("SAR-0501", association)
    elif later and _is_initial(document, activity):
        named = " and ".join(flag for flag in _LATER if document.flag(association, flag))
        document.say("SAR-0502", association, got=named)


def _check_prior(document: Document, activity: Element) -> None:
    number = child(activity, "EFilingPriorDocumentNumber")
    later = _later(document, activity)
    if number is None:
        if later and not _is_initial(document, activity):  # which kind it is, is asked first
            document.say("SAR-0503", activity, got=" and ".join(later))
    elif document.is_bad(number):
        return
    elif not re.fullmatch(r"[0-9]{14}", number.text or ""):
        document.spoil("SAR-0504", number, got=quoted(number.text or ""))
    elif not later and child(activity, "ActivityAssociation") is not None:
        document.say("SAR-0505", number, got=quoted(number.text or ""))


def _check_dates(document: Document, activity: Element) -> None:
    suspicious = child(activity, "SuspiciousActivity")
    begin = document.day(suspicious, "SuspiciousActivityFromDateText")
    end = document.day(suspicious, "SuspiciousActivityToDateText")
    if begin and end and begin > end and suspicious is not None:
        document.say("SAR-0403", suspicious, from_=f"{begin:%Y%m%d}", to=f"{end:%Y%m%d}")
    filed = document.day(activity, "FilingDateText")
    if filed is None:
        return
    if filed > document.today:
        at = child(activity, "FilingDateText")
        document.say(
            "SAR-0405", activity if at is None else at, got=f"{filed:%Y%m%d}", expected=f"{document.today:%Y%m%d}"
        )
    for element in _named(activity, _PAST):
        parent = element.getparent()
        day = document.day(parent, local(element))
        if day is not None and day > filed:
            document.say("SAR-0404", element, name=local(element), got=f"{day:%Y%m%d}", expected=f"{filed:%Y%m%d}")


def _check_whole_dollars(document: Document, amount: Element) -> None:
    value = amount.text or ""
    if value and not document.is_bad(amount) and not WHOLE_DOLLARS.fullmatch(value):
        document.spoil("SAR-0601", amount, name=local(amount), got=quoted(value))


def _check_amount(document: Document, activity: Element) -> None:
    suspicious = child(activity, "SuspiciousActivity")
    if suspicious is None:
        return
    for flag in NO_AMOUNT:
        found = child(suspicious, flag)
        if (
            found is not None
            and document.flag(suspicious, flag)
            and document.holds(suspicious, "TotalSuspiciousAmountText")
        ):
            document.say("SAR-0603", found, flag=flag, got=quoted(text(suspicious, "TotalSuspiciousAmountText")))
    said = [flag for flag in NO_AMOUNT if document.flag(suspicious, flag)]
    if len(said) == 2:  # both
        document.say("SAR-0604", suspicious)
    elif not said and not document.holds(suspicious, "TotalSuspiciousAmountText"):
        document.say("SAR-0602", suspicious)


def _check_cumulative(document: Document, activity: Element) -> None:
    suspicious = child(activity, "SuspiciousActivity")
    cumulative = child(suspicious, "CumulativeTotalViolationAmountText")
    continues = document.flag(child(activity, "ActivityAssociation"), "ContinuingActivityReportIndicator")
    if cumulative is None or not cumulative.text:
        if continues and suspicious is not None:
            document.say("SAR-0508", suspicious)
        return
    if _is_initial(document, activity) and not _later(document, activity):
        document.say("SAR-0506", cumulative, got=quoted(cumulative.text))
        return
    whole = document.value(suspicious, "CumulativeTotalViolationAmountText")
    amount = document.value(suspicious, "TotalSuspiciousAmountText")
    if whole and amount and int(whole) < int(amount):
        document.say("SAR-0507", cumulative, got=whole, expected=amount)


def _named(activity: Element, names: tuple[str, ...]) -> Iterator[Element]:
    return (element for element in activity.iter() if local(element) in names)
