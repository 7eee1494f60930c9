"""Types and their subtypes: of activities, institutions, products and instruments, and cyber events.

Source: the code lists of EFL_SARXBatchSchema.xsd, version 1.2, whose subtypes carry their type in the leading digits (505 and 5999
are of type 5, 1001 and 10999 of type 10); user guide for what is “other”.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from casedesk.domain.reports.codes import is_other, type_of
from casedesk.exports.fincen.document import Document, Element, child, children, local, text
from casedesk.exports.fincen.findings import quoted

_OTHER: Final = 999
#: Institutions whose kinds have subtypes: casinos and card clubs, securities and futures.
_WITH_SUBTYPES: Final = ("1", "5")
#: Subtype of an asset to its type; 1, “other”, is in the list of neither and so of both.
_PAYMENT_MECHANISMS: Final = frozenset("31 32 33 34 35 36 37 38 39 41".split())
_OTHER_ASSETS: Final = ("1", "30", "41")


def check_activity_types(document: Document, activity: Element) -> None:
    """Check what the report says the activity was."""
    suspicious = child(activity, "SuspiciousActivity")
    found = [] if suspicious is None else list(children(suspicious, "SuspiciousActivityClassification"))
    for each in found:
        _check_pair(document, each, "SuspiciousActivitySubtypeID", "SuspiciousActivityTypeID")
        subtype = document.value(each, "SuspiciousActivitySubtypeID")
        if subtype:
            other = is_other(subtype)
            _check_other(document, each, "SuspiciousActivitySubtypeID", "OtherSuspiciousActivityTypeText", other=other)
    _check_once(document, found, "SuspiciousActivitySubtypeID")


def check_institution_types(document: Document, party: Element) -> None:
    """Check what kind of institution a party is."""
    found = list(children(party, "OrganizationClassificationTypeSubtype"))
    for each in found:
        kind = document.value(each, "OrganizationTypeID")
        subtype = document.value(each, "OrganizationSubtypeID")
        _check_pair(document, each, "OrganizationSubtypeID", "OrganizationTypeID")
        if kind in _WITH_SUBTYPES and not document.holds(each, "OrganizationSubtypeID"):
            document.say("SAR-1205", each, got=quoted(kind))
        if kind:
            other = kind == str(_OTHER)
            _check_other(document, each, "OrganizationTypeID", "OtherOrganizationTypeText", other=other)
        if subtype or not document.holds(each, "OrganizationSubtypeID"):
            other = is_other(subtype)
            _check_other(document, each, "OrganizationSubtypeID", "OtherOrganizationSubTypeText", other=other)
    _check_once(document, found, "OrganizationSubtypeID")


def check_assets(document: Document, activity: Element) -> None:
    """Check the products and instruments that were involved."""
    found = list(children(activity, "Assets"))
    for each in found:
        subtype, kind = document.value(each, "AssetSubtypeID"), document.value(each, "AssetTypeID")
        belongs = "6" if subtype in _PAYMENT_MECHANISMS else "5"
        if subtype and kind and subtype != "1" and kind != belongs:
            words = {"got": quoted(subtype), "expected": belongs, "type_": kind}
            document.say("SAR-1201", each, name="AssetSubtypeID", **words)
        if subtype:
            other = subtype in _OTHER_ASSETS
            _check_other(document, each, "AssetSubtypeID", "OtherAssetSubtypeText", other=other)
    _check_once(document, found, "AssetSubtypeID")
    for each in children(activity, "AssetsAttribute"):
        kind = document.value(each, "AssetAttributeTypeID")
        if kind and not document.holds(each, "AssetAttributeDescriptionText"):
            document.say("SAR-1206", each, got=quoted(kind))


def check_cyber_events(document: Document, activity: Element) -> None:
    """Check indicators of cyber events and the addresses the activity came from."""
    for each in children(activity, "CyberEventIndicators"):
        kind = document.value(each, "CyberEventIndicatorsTypeCode")
        if kind:
            other = kind == str(_OTHER)
            _check_other(document, each, "CyberEventIndicatorsTypeCode", "CyberEventTypeOtherText", other=other)
    for each in children(activity, "ActivityIPAddress"):
        address = document.value(each, "IPAddressText")
        at = child(each, "IPAddressText")
        if address and at is not None and not _is_ip_address(address):
            document.spoil("SAR-1701", at, name="IPAddressText", got=quoted(address))


def _is_ip_address(text_: str) -> bool:
    try:
        ipaddress.ip_address(text_)
    except ValueError:
        return False
    return True


def _check_pair(document: Document, parent: Element, name: str, kind_name: str) -> None:
    subtype, kind = document.value(parent, name), document.value(parent, kind_name)
    if subtype and kind and type_of(subtype) != kind:
        words = {"got": quoted(subtype), "expected": type_of(subtype), "type_": kind}
        document.say("SAR-1201", parent, name=name, **words)


def _check_other(document: Document, parent: Element, name: str, wanted: str, *, other: bool) -> None:
    said = text(parent, wanted)
    if other and not said:
        document.say("SAR-1202", parent, name=name, got=quoted(text(parent, name)), expected=wanted)
    elif said and not other:
        document.say("SAR-1203", parent, name=name, got=quoted(said), expected=wanted)


def _check_once(document: Document, found: Iterable[Element], name: str) -> None:
    """The schema's uniqueness: no subtype twice within its parent."""
    seen: set[str] = set()
    for each in found:
        value = document.value(each, name)
        above = each.getparent()
        if value and value in seen and above is not None:
            document.say("SAR-1204", each, name=name, got=quoted(value), parent=local(above))
        seen.add(value)
