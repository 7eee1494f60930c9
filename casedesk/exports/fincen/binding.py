"""Whether an acknowledgement answers a batch, by all that it says of one.

FinCEN's acknowledgement has no number of the batch. What there is: as many activities as the batch has, in its order; totals, a form
type, a tracking ID, a file name or a transmitter's code where a system adds them; and of every remark the path of an element, by the
SeqNum that the batch gave it. Source: FinCEN SAR XML Schema User Guide, acknowledgement; sample of an acknowledgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from casedesk.domain.counts import counted
from casedesk.domain.filings import Remark
from casedesk.exports.fincen.acknowledgement import Acknowledgement
from casedesk.exports.fincen.document import Element, children, local, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.identification import TRANSMITTER_CODE
from casedesk.exports.fincen.schema import TOTALS

#: A step of a path with a number, such as ``Party[25]``.
_STEP: Final = re.compile(r"(\w+)\[([0-9]+)\]")
_TRANSMITTER: Final = "35"


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch as it was sent: its file's root element and name, and the tracking ID it was sent under."""

    batch_id: str
    root: Element
    file_name: str
    tracking_id: str

    def activities(self) -> list[Element]:
        return list(children(self.root, "Activity"))


def difference(read: Acknowledgement, sent: Sent) -> str:
    """Say what in an acknowledgement is not of the batch, or return the empty string."""
    return next(_differences(read, sent), "")


def _differences(read: Acknowledgement, sent: Sent) -> Iterator[str]:
    yield from _named(read.named, sent)
    activities = sent.activities()
    if len(read.answers) != len(activities) and (read.accepted or read.answers):
        yield f"it answers {counted(len(read.answers), 'report')}, and {sent.batch_id} has {len(activities):,}"
        return
    for remark in read.remarks:
        found = [_unlike(remark, one, place) for place, one in enumerate(activities, start=1)]
        if all(found):
            yield f"it speaks of {quoted(remark.path)}, but in {sent.batch_id} {found[0]}"
    for place, (answer, activity) in enumerate(zip(read.answers, activities, strict=False), start=1):
        for remark in answer.remarks:
            wrong = _unlike(remark, activity, place)
            if wrong:
                yield f"of report {place:,} it speaks of {quoted(remark.path)}, but in {sent.batch_id} {wrong}"


def _named(named: Mapping[str, str], sent: Sent) -> Iterator[str]:
    for name, said in named.items():
        for words, tell in _NAMED.items():
            expected = tell(sent, name) if re.fullmatch(words, name, re.IGNORECASE) else ""
            if expected and not _equal(said, expected):
                yield f"its {name} is {quoted(said)}, and that of {sent.batch_id} is {quoted(expected)}"


def _equal(said: str, expected: str) -> bool:
    """Compare two values; a total may be written with cents."""
    return said == expected or (expected.isdecimal() and said == f"{expected}.00")


def _control_code(sent: Sent, name: str) -> str:
    """Return the transmitter's control code in the batch."""
    for activity in sent.activities()[:1]:
        for party in children(activity, "Party"):
            if text(party, "ActivityPartyTypeCode") == _TRANSMITTER:
                for number in children(party, "PartyIdentification"):
                    if text(number, "PartyIdentificationTypeCode") == TRANSMITTER_CODE:
                        return text(number, "PartyIdentificationNumberText")
    return ""


#: What a system may add to the root, to the submission or to both, by the shape of its name; and what the batch has for it.
_NAMED: Final[dict[str, Callable[[Sent, str], str]]] = {
    "|".join(TOTALS): lambda sent, name: sent.root.get(name) or "",
    "FormTypeCode": lambda sent, name: text(sent.root, "FormTypeCode"),
    ".*Tracking.*": lambda sent, name: sent.tracking_id,
    ".*FileName.*": lambda sent, name: sent.file_name,
    ".*(ControlCode|TCC).*": _control_code,
}


def _unlike(remark: Remark, activity: Element, place: int) -> str:
    """Say which numbered element of a remark's path is not there in a report, or return the empty string.

    A report may be named by its place, too. What has no number binds nothing: all batches have elements of these names.
    """
    at = activity
    for depth, (name, number) in enumerate(_STEP.findall(remark.path)):
        if depth == 0 and name == "Activity":
            if number not in (activity.get("SeqNum"), str(place)):
                return f"that report is not {name}[{number}]"
            continue
        inside = [one for one in at if local(one) == name and one.get("SeqNum") == number]
        if not inside:
            return f"it has no {name}[{number}]"
        at = inside[0]
    return ""
