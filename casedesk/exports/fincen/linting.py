"""All rules over one batch, in one order."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from casedesk.exports.fincen.across import check_across
from casedesk.exports.fincen.addresses import check_addresses
from casedesk.exports.fincen.batch import check_numbering, check_totals
from casedesk.exports.fincen.classification import (
    check_activity_types,
    check_assets,
    check_cyber_events,
    check_institution_types,
)
from casedesk.exports.fincen.document import Document, Element, local, text
from casedesk.exports.fincen.findings import Finding
from casedesk.exports.fincen.identification import check_identifications
from casedesk.exports.fincen.names import check_names, check_unavailable
from casedesk.exports.fincen.narrative import check_attachment, check_narrative
from casedesk.exports.fincen.parties import check_parties, check_party
from casedesk.exports.fincen.reports import check_report
from casedesk.exports.fincen.structure import check_structure
from casedesk.exports.fincen.subjects import check_subject
from casedesk.exports.fincen.values import check_lengths
from casedesk.exports.fincen.words import check_words
from casedesk.exports.fincen.xsd import check_schema


def lint(root: Element, *, today: date, narrative_cap: int, schema: Path | None = None) -> list[Finding]:
    """Return everything that is wrong with a batch, by line, then code.

    :param today: the day after which no report can have been filed.
    :param narrative_cap: how many characters a narrative may have.
    :param schema: FinCEN's XSD; without it the desk's own table of the schema stands alone.
    """
    document = Document(root, today, narrative_cap)
    check_structure(document)
    for activity in document.activities():
        _check_activity(document, activity)
    check_lengths(document)
    check_across(document)
    check_numbering(document)
    check_totals(document)
    found = document.findings + (check_schema(root, schema) if schema else [])
    return sorted(set(found), key=lambda f: (f.line, f.code, f.path, f.sentence))


def _check_activity(document: Document, activity: Element) -> None:
    # The barred words come first: what only stands for a value is asked nothing else.
    check_words(document, activity)
    check_report(document, activity)
    check_parties(document, activity)
    for party in (element for element in activity.iter() if local(element) == "Party"):
        _check_party(document, party)
    check_activity_types(document, activity)
    check_assets(document, activity)
    check_cyber_events(document, activity)
    check_narrative(document, activity)
    check_attachment(document, activity)


def _check_party(document: Document, party: Element) -> None:
    if not check_party(document, party):
        return
    check_names(document, party)
    check_addresses(document, party)
    check_identifications(document, party)
    check_institution_types(document, party)
    if text(party, "ActivityPartyTypeCode") == "33":
        check_unavailable(document, party)
        check_subject(document, party)
