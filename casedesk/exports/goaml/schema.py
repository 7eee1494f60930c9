"""The institution's own goAML schema: which codes it has, and what it says of a document. It is not shipped with the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

from casedesk.errors import Invalid
from casedesk.exports.goaml.profile import Profile

_XS: Final = {"xs": "http://www.w3.org/2001/XMLSchema"}
#: Findings of the schema that are told.
_MOST: Final = 5


class BadSchema(Invalid):
    """The file given as the schema is none."""


class UnknownCodes(Invalid):
    """The profile has codes that the schema does not know."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__(f"The profile does not fit the schema. {' '.join(wrong[:_MOST])}")


class NotValid(Invalid):
    """The schema refuses the document."""

    def __init__(self, said: list[str]) -> None:
        more = f" And {len(said) - _MOST} more." if len(said) > _MOST else ""
        super().__init__(f"The schema refuses the document. {' '.join(said[:_MOST])}{more}")


class Schema:
    """A goAML schema.

    :raises BadSchema: if the file cannot be read as one.
    """

    def __init__(self, path: Path) -> None:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            self._tree = etree.fromstring(path.read_bytes(), parser)
            self._schema = etree.XMLSchema(self._tree)
        except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError):
            raise BadSchema(f"{path} cannot be read as an XML schema; give the goAML schema of your unit.") from None
        if self._tree.find("xs:element[@name='report']", _XS) is None:
            raise BadSchema(f"{path} is an XML schema, but not of goAML reports.")

    def require_codes(self, profile: Profile) -> None:
        """Refuse a profile with a code that the schema does not list. A list that the schema leaves open takes any.

        :raises UnknownCodes: naming each, and what there is.
        """
        lists: dict[str, list[str]] = {}
        wrong = []
        for kind, where, code in _codes(profile):
            known = lists.setdefault(kind, self._listed(kind))
            if known and code not in known:
                shown = ", ".join(known[:30]) + ("…" if len(known) > 30 else "")
                wrong.append(f"{where}: “{code}” is none of {kind} ({shown}).")
        if wrong:
            raise UnknownCodes(wrong)

    def _listed(self, kind: str) -> list[str]:
        found: Any = self._tree.xpath(f"xs:simpleType[@name='{kind}']//xs:enumeration/@value", namespaces=_XS)
        return [str(value) for value in found]

    def require_valid(self, document: bytes) -> None:
        """Refuse a document that the schema refuses.

        :raises NotValid: with what it says, and where.
        """
        root = etree.fromstring(document)
        if self._schema.validate(root):
            return
        log: Any = self._schema.error_log
        raise NotValid([f"Line {one.line}: {one.message}" for one in log])


def _codes(p: Profile) -> Iterator[tuple[str, str, str]]:
    """Yield each code of a profile with the schema's list it belongs to and where it stands."""
    yield "submission_type", "report.submission_code", p.report.submission_code
    yield "currency_type", "report.currency", p.report.currency
    yield "report_type", "kinds.STR", p.kinds.STR
    yield "report_type", "kinds.SAR", p.kinds.SAR
    for channel, one in p.channels.items():
        yield "conduction_type", f"channels.{channel.value}.conducted", one.conducted
        yield "funds_type", f"channels.{channel.value}.funds", one.funds
    yield "party_role_type", "codes.sender", p.codes.sender
    yield "party_role_type", "codes.receiver", p.codes.receiver
    yield "country_type", "codes.country_unknown", p.codes.country_unknown
    yield "contact_type", "codes.address", p.codes.address
    yield "account_person_role_type", "codes.signatory", p.codes.signatory
    for gender, code in p.codes.gender.items():
        yield "gender_type", f"codes.gender.{gender.value}", code
    phones = [(f"codes.phones.{kind.value}", pair) for kind, pair in p.codes.phones.items()]
    for where, (contact, communication) in [*phones, ("codes.phone", p.codes.phone)]:
        yield "contact_type", where, contact
        yield "communication_type", where, communication
    for code in p.indicators.always:
        yield "report_indicator_type", "indicators.always", code
    for subtype, codes in p.indicators.by_subtype.items():
        for code in codes:
            yield "report_indicator_type", f"indicators.by_subtype.{subtype}", code
