"""Names, prefixes, order and number of elements, and their attributes, by the schema's facts.

Source: EFL_SARXBatchSchema.xsd, version 1.2; for the prefix, FinCEN's error F60 “the namespace prefix for the element is
invalid”, which compares the text of the prefix.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Final

from lxml import etree

from casedesk.domain.counts import counted
from casedesk.exports.fincen.document import Document, Element, local
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.schema import MODELS, NAMESPACE, PREFIX, ROOT, TOTALS, Child, Model
from casedesk.exports.fincen.values import check_value

_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
#: What a parser may be told about where the schema is; any other attribute of that namespace changes what is valid.
_LOCATIONS: Final = (f"{_INSTANCE}schemaLocation", f"{_INSTANCE}noNamespaceSchemaLocation")
#: The schema's numbers are signed 64-bit integers.
_LONG: Final = re.compile(r"[+-]?[0-9]{1,19}")


def check_structure(document: Document) -> None:
    """Check every element of the batch against its place in the schema, and every value by itself."""
    _check_names(document)
    _check_encoding(document)
    _check_element(document, document.root, MODELS[ROOT])


def _check_encoding(document: Document) -> None:
    encoding = document.root.getroottree().docinfo.encoding or "UTF-8"
    if encoding.upper() not in {"UTF-8", "US-ASCII", "ASCII"}:
        document.say("SAR-0104", document.root, got=encoding)


def _check_names(document: Document) -> None:
    """One finding for a wrong prefix and one for a wrong namespace, however many elements have it."""
    ours = f"{{{NAMESPACE}}}"
    wrong = [element for element in document.root.iter() if not str(element.tag).startswith(ours)]
    if wrong:
        first = wrong[0]
        namespace = etree.QName(first).namespace
        words = {"got": local(first), "namespace": quoted(namespace) if namespace else "none", "more": _others(wrong)}
        document.say("SAR-0102", first, **words)
    others = [e for e in document.root.iter() if str(e.tag).startswith(ours) and e.prefix != PREFIX]
    if others:
        first = others[0]
        got = f"{first.prefix}:{local(first)}" if first.prefix else local(first)
        document.say("SAR-0101", first, got=got, expected=f"{PREFIX}:{local(first)}", more=_others(others))


def _others(found: list[Element]) -> str:
    return f"; the same is wrong with {counted(len(found) - 1, 'more element')}" if len(found) > 1 else ""


def _check_element(document: Document, element: Element, model: Model) -> None:
    _check_attributes(document, element)
    _check_stray_text(document, element)
    places = {name: place for place, name in enumerate(model)}
    seen: Counter[str] = Counter()
    furthest = ""
    in_order = True
    for found in element:
        name = local(found)
        if name not in model:
            known = ", ".join(n for n in model if not seen[n])
            document.say("SAR-0105", found, parent=local(element), got=name, expected=known)
            continue
        seen[name] += 1
        most = model[name].most
        if furthest and places[name] < places[furthest]:
            # One element too early puts all behind it out of order: the first break tells it.
            if in_order:
                document.say("SAR-0106", found, got=name, before=furthest, parent=local(element))
            in_order = False
        else:
            furthest = name
        if most is not None and seen[name] == most + 1:
            document.say("SAR-0108", found, parent=local(element), expected=name, got=most + 1, most=most)
        if most is None or seen[name] <= most:  # what is to be taken away is asked nothing else
            _check_child(document, found, model[name])
    for name, place in model.items():
        # How many parties there must be follows from which there must be: see parties.py.
        if place.least and not seen[name] and (local(element), name) != ("Activity", "Party"):
            document.say("SAR-0107", element, parent=local(element), expected=name)


def _check_child(document: Document, element: Element, place: Child) -> None:
    if not place.is_leaf:
        _check_element(document, element, MODELS[place.kind])
        return
    _check_no_attributes(document, element)
    if len(element):
        document.spoil("SAR-0113", element, parent=local(element), got=local(element[0]))
        return
    check_value(document, element, place)


def _check_no_attributes(document: Document, element: Element) -> None:
    for name in element.attrib:
        if name not in _LOCATIONS:
            document.say("SAR-0110", element, parent=local(element), got=_shown(str(name)))


def _check_attributes(document: Document, element: Element) -> None:
    wanted = TOTALS if element is document.root else ("SeqNum",)
    for name in wanted:
        if name not in element.attrib:
            document.say("SAR-0109", element, parent=local(element), expected=name)
        elif not _is_number(name, str(element.get(name)).strip()):
            got = quoted(str(element.get(name)))
            document.say("SAR-0111", element, name=name, parent=local(element), got=got)
    for attribute in map(str, element.attrib):
        if attribute not in wanted and attribute not in _LOCATIONS:
            document.say("SAR-0110", element, parent=local(element), got=_shown(attribute))


def _is_number(name: str, value: str) -> bool:
    """Say whether the schema takes an attribute's value: a decimal for TotalAmount, a long for the others.

    Of TotalAmount everything is left to the rule of whole dollars that it could be a slip of (commas, cents).
    """
    if name != "TotalAmount":
        return bool(_LONG.fullmatch(value)) and -(2**63) <= int(value) < 2**63
    try:
        return Decimal(value.replace(",", "").replace("$", "")).is_finite()
    except InvalidOperation:
        return False


def _check_stray_text(document: Document, element: Element) -> None:
    stray = next((t for t in (element.text, *(e.tail for e in element)) if t and t.strip()), None)
    if stray is not None:
        document.say("SAR-0112", element, parent=local(element), got=quoted(stray.strip()))


def _shown(name: str) -> str:
    found = etree.QName(name)
    return found.localname if not found.namespace else f"{found.localname} (of {found.namespace})"
