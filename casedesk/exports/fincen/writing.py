"""Write a batch: reports, narratives and the institution's profile become one FinCEN SAR (Report 111) XML file.

Source: FinCEN SAR XML Schema User Guide. Elements stand in the order of the schema's table and are numbered as they follow; every
one is written with the prefix ``fc2``, whose text FinCEN compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, Final

from lxml import etree

from casedesk.domain.reports.activity import Activity, Involved
from casedesk.domain.reports.codes import MECHANISMS, type_of
from casedesk.domain.reports.institution import Institution
from casedesk.domain.reports.report import Report
from casedesk.exports.fincen.document import Element
from casedesk.exports.fincen.schema import FORM, MODELS, NAMESPACE, PREFIX, ROOT
from casedesk.exports.fincen.writing_parties import agency, filers, location
from casedesk.exports.fincen.writing_subjects import subject
from casedesk.exports.fincen.writing_values import blocks, day, flags, one_line

#: The number of a report whose number nobody knows.
_UNKNOWN_NUMBER: Final = "0" * 14

#: Whether an amount can be told, to the indicator that says it cannot.
_NO_AMOUNT: Final = {Involved.UNKNOWN: "AmountUnknownIndicator", Involved.NONE: "NoAmountInvolvedIndicator"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One report of a batch, with the narrative it was approved with. ``filing_id`` is its number at the institution."""

    filing_id: str
    report: Report
    narrative: str


def write(entries: Sequence[Entry], institution: Institution, filed_on: date) -> bytes:
    """Return the batch file.

    :raises UnknownBranch: if a report names a branch that the profile does not have.
    """
    root = etree.Element(f"{{{NAMESPACE}}}{ROOT}", nsmap={PREFIX: NAMESPACE})
    for name, value in _totals(entries).items():
        root.set(name, str(value))
    body = {"FormTypeCode": FORM, "Activity": [_activity(entry, institution, filed_on) for entry in entries]}
    _fill(root, ROOT, body, count(1))
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content


def attachment_name(entry: Entry) -> str:
    """Return the name of an entry's attachment within the batch: no two reports attach files of one name."""
    attached = entry.report.attachment
    return f"{entry.filing_id}-{one_line(attached.name)}" if attached else ""


def attachments(entries: Sequence[Entry]) -> dict[str, bytes]:
    """Return the files that go beside a batch, by name."""
    return {
        attachment_name(entry): entry.report.attachment.content.encode() for entry in entries if entry.report.attachment
    }


def _totals(entries: Sequence[Entry]) -> dict[str, int]:
    attached = sum(entry.report.attachment is not None for entry in entries)
    return {
        "TotalAmount": sum(_amount(entry.report.activity) or 0 for entry in entries),
        "PartyCount": sum(len(entry.report.subjects) for entry in entries),
        "ActivityCount": len(entries),
        "ActivityAttachmentCount": attached,
        "AttachmentCount": attached,
    }


def _fill(parent: Element, model: str, values: Mapping[str, Any], numbers: Iterator[int]) -> None:
    """Append the elements of a model in the schema's order; what is empty is left out."""
    for name, place in MODELS[model].items():
        value = values.get(name)
        if value is None or value == "" or value is False:
            continue
        tag = f"{{{NAMESPACE}}}{name}"
        if place.is_leaf:
            etree.SubElement(parent, tag).text = "Y" if value is True else str(value)
            continue
        for each in value if isinstance(value, list) else [value]:
            element = etree.SubElement(parent, tag)
            element.set("SeqNum", str(next(numbers)))
            _fill(element, place.kind, each, numbers)


def _activity(entry: Entry, institution: Institution, filed_on: date) -> dict[str, Any]:
    report, activity = entry.report, entry.report.activity
    name = attachment_name(entry)
    return {
        "EFilingPriorDocumentNumber": "" if report.initial else report.prior_bsa_id or _UNKNOWN_NUMBER,
        "FilingDateText": day(filed_on),
        "FilingInstitutionNotetoFinCEN": one_line(report.note),
        "ActivityAssociation": {
            "ContinuingActivityReportIndicator": report.continuing,
            "CorrectsAmendsPriorReportIndicator": report.corrects,
            "InitialReportIndicator": report.initial,
            "JointReportIndicator": report.joint,
        },
        "ActivitySupportDocument": {"OriginalAttachmentFileName": name} if name else None,
        "Party": [
            *filers(institution, entry.filing_id),
            *agency(report.agency),
            location(institution, report),
            *(subject(one, institution) for one in report.subjects),
        ],
        "SuspiciousActivity": _suspicious(activity, cumulative=not report.initial),
        "ActivityIPAddress": [
            {
                "ActivityIPAddressDateText": day(one.on),
                "ActivityIPAddressTimeStampText": one.at,
                "IPAddressText": one_line(one.address),
            }
            for one in activity.ip_addresses
        ],
        "CyberEventIndicators": [
            {
                "CyberEventDateText": day(one.on),
                "CyberEventIndicatorsTypeCode": one.code,
                "CyberEventTimeStampText": one.at,
                "CyberEventTypeOtherText": one_line(one.other),
                "EventValueText": one_line(one.value),
            }
            for one in activity.cyber
        ],
        "Assets": [
            {
                "AssetSubtypeID": one.code,
                "AssetTypeID": "6" if one.code in MECHANISMS else "5",
                "OtherAssetSubtypeText": one_line(one.other),
            }
            for one in activity.products
        ],
        "AssetsAttribute": [
            {"AssetAttributeDescriptionText": one_line(one.text), "AssetAttributeTypeID": one.code}
            for one in activity.attributes
        ],
        "ActivityNarrativeInformation": [
            {"ActivityNarrativeSequenceNumber": number, "ActivityNarrativeText": block}
            for number, block in enumerate(blocks(entry.narrative), start=1)
        ],
    }


def _suspicious(activity: Activity, *, cumulative: bool) -> dict[str, Any]:
    return {
        **flags(_NO_AMOUNT.get(activity.involved, "")),
        "CumulativeTotalViolationAmountText": activity.cumulative if cumulative else None,
        "SuspiciousActivityFromDateText": day(activity.first_on),
        "SuspiciousActivityToDateText": day(activity.last_on),
        "TotalSuspiciousAmountText": _amount(activity),
        "SuspiciousActivityClassification": [
            {
                "OtherSuspiciousActivityTypeText": one_line(one.other),
                "SuspiciousActivitySubtypeID": one.subtype,
                "SuspiciousActivityTypeID": type_of(one.subtype),
            }
            for one in activity.classifications
        ],
    }


def _amount(activity: Activity) -> int | None:
    return activity.amount if activity.involved is Involved.KNOWN else None
