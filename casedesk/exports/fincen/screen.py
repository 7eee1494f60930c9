"""Where on screen something of a batch is mended: which report of it, and which part of its form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from casedesk.exports.fincen.document import Element, local, text
from casedesk.exports.fincen.findings import Finding

_PROFILE: Final = "Institution's profile (CASEDESK_INSTITUTION)"
_SUBJECTS: Final = "Subjects"

#: Element of a report to the part of the form that it comes from.
_PARTS: Final = {
    "EFilingPriorDocumentNumber": "Kind of report",
    "FilingDateText": "Kind of report",
    "FilingInstitutionNotetoFinCEN": "Kind of report",
    "ActivityAssociation": "Kind of report",
    "ActivitySupportDocument": "Attachment",
    "SuspiciousActivity": "Activity",
    "ActivityIPAddress": "Traces",
    "CyberEventIndicators": "Traces",
    "Assets": "Products",
    "AssetsAttribute": "Products",
    "ActivityNarrativeInformation": "Narrative of the decision",
}
#: Code of a party to the same; all others are of the profile.
_PARTIES: Final = {"33": _SUBJECTS, "18": "Agency", "19": "Agency", "34": "Where it happened, or institution's profile"}

#: A step of a path, such as ``fc2:Party[7]``.
_STEP: Final = re.compile(r"(?:fc2:)?(\w+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Spot:
    """The ``place``-th report of a batch, from 1, and the part of its form; place 0 is the batch itself."""

    place: int
    part: str


def spot(root: Element, finding: Finding) -> Spot:
    """Return where a finding of a batch is mended."""
    steps = [(name, int(number)) for name, number in _STEP.findall(finding.path)]
    if not steps or steps[0][0] != "Activity":
        return Spot(0, finding.part)
    place = steps[0][1]
    if len(steps) == 1:
        return Spot(place, finding.part)
    name, number = steps[1]
    if name != "Party":
        return Spot(place, _PARTS.get(name, finding.part))
    activity = [each for each in root if local(each) == "Activity"][place - 1]
    party = [each for each in activity if local(each) == "Party"][number - 1]
    return Spot(place, _part_of(party))


def _part_of(party: Element) -> str:
    code = text(party, "ActivityPartyTypeCode")
    return _PARTIES.get(code, _PROFILE)


def part_of_path(root: Element, place: int, path: str) -> str:
    """Return the part of the form that a path of an acknowledgement leads to; empty where it leads nowhere.

    Its numbers are the SeqNums of the batch: ``EFilingBatchXML/Activity[1]/Party[25]/PartyName[27]/RawPartyFullName``.
    """
    numbered = [(name, int(number)) for name, number in _STEP.findall(path) if name != "Activity"]
    return _part_of_number(root, place, *numbered[-1]) if numbered else ""


def _part_of_number(root: Element, place: int, name: str, number: int) -> str:
    activities = [each for each in root if local(each) == "Activity"]
    if not 0 < place <= len(activities):
        return ""
    for part in activities[place - 1]:
        for element in part.iter():
            # the name as well, so that a number of another batch leads nowhere
            if element.get("SeqNum") == str(number) and local(element) == name:
                return _part_of(part) if local(part) == "Party" else _PARTS.get(local(part), "")
    return ""
