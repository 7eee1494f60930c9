"""Read FinCEN's acknowledgement of a batch: whether it was taken, the number of each report, and what is said of it.

The acknowledgement names no batch and no report: its activities follow in the order of the batch. Errors name elements by the
SeqNum that the batch gave them. :mod:`casedesk.exports.fincen.binding` says whether it is a batch's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from casedesk.domain.filings import Remark
from casedesk.exports.fincen.document import Element, children, local, text
from casedesk.exports.fincen.findings import quoted
from casedesk.exports.fincen.reading import Unreadable, content_of, parse
from casedesk.exports.fincen.schema import ROOT

_SUBMISSION: Final = "EFilingSubmissionXML"
_ACTIVITY: Final = "EFilingActivityXML"
_ERRORS: Final = re.compile(r"EFiling\w*ErrorXML")
_ACCEPTED: Final = "A"
_REJECTED: Final = "R"
_BSA_ID: Final = re.compile(r"[0-9]{14}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one report. ``bsa_id`` is empty where FinCEN gave none."""

    bsa_id: str
    remarks: tuple[Remark, ...]

    @property
    def taken(self) -> bool:
        """Whether the report was filed: it has a number, and nothing that is said of it is fatal."""
        return bool(self.bsa_id) and not any(remark.fatal for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The answer to a batch. ``answers`` follow the batch's order; a batch that was refused as a whole may have none.

    ``remarks`` are about the batch, ``sha256`` is the file's. ``named`` holds what else the file says of the batch, by name.
    """

    accepted: bool
    answers: tuple[Answer, ...]
    remarks: tuple[Remark, ...]
    sha256: str
    named: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Acknowledgement:
    """Read an acknowledgement file.

    :raises Unreadable: if the file is missing, too large, not XML, not safe, or no acknowledgement.
    """
    return read_content(content_of(path, "an acknowledgement in XML"), path.name)


def read_content(content: bytes, name: str) -> Acknowledgement:
    """Read an acknowledgement.

    :raises Unreadable: as above.
    """
    root = parse(content, name, "an acknowledgement in XML")
    try:
        content.decode()
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is not written in UTF-8, as FinCEN's acknowledgements are. Fetch it again.") from None
    submission = _submission(root, name)
    status = submission.get("StatusCode") or root.get("StatusCode") or ""
    if status not in (_ACCEPTED, _REJECTED):
        raise Unreadable(
            f"{name} has the status {quoted(status)}: expected {_ACCEPTED} (accepted) or {_REJECTED} (rejected)."
        )
    answers = tuple(_answer(each, name) for each in children(submission, _ACTIVITY))
    numbers = [answer.bsa_id for answer in answers if answer.bsa_id]
    twice = next((one for one in numbers if numbers.count(one) > 1), "")
    if twice:
        raise Unreadable(f"{name} gives the BSA ID {twice} to two reports; nothing was recorded. Fetch it again.")
    if status == _ACCEPTED and not answers:
        raise Unreadable(f"{name} says that the batch was accepted, and names no report of it. Fetch it again.")
    _require_order(root, name)
    remarks = (*_remarks(root), *_remarks(submission))
    return Acknowledgement(
        status == _ACCEPTED, answers, remarks, sha256(content).hexdigest(), {**_named(root), **_named(submission)}
    )


def _named(parent: Element) -> dict[str, str]:
    """Return the attributes of an element and the texts of its children that hold nothing else."""
    inside = {local(each): (each.text or "").strip() for each in parent if not len(each)}
    found = {**{str(name): str(said) for name, said in parent.items()}, **inside}
    return {name: said for name, said in found.items() if said and name not in ("SeqNum", "StatusCode")}


def _require_order(root: Element, name: str) -> None:
    """Refuse elements that were put into another order: only by their order do the answers belong to their reports.

    :raises Unreadable: naming the first number that does not follow.
    """
    last = 0
    for element in root.iter():
        said = element.get("SeqNum")
        if said is None:
            continue
        if not re.fullmatch("[0-9]{1,18}", said) or int(said) <= last:
            raise Unreadable(
                f"{name}: {local(element)} has the SeqNum {quoted(said)} after {last}: expected a larger one, because answers belong "
                "to reports by their order. Fetch the acknowledgement again."
            )
        last = int(said)


def _submission(root: Element, name: str) -> Element:
    several = list(children(root, _SUBMISSION))
    found = several[0] if several else None
    if local(root) != ROOT or found is None:
        said = "a batch of reports" if next(children(root, "Activity"), None) is not None else local(root)
        raise Unreadable(f"{name} is XML, but no acknowledgement: it is {said}, expected {ROOT} with {_SUBMISSION}.")
    if len(several) > 1:
        raise Unreadable(
            f"{name} answers {len(several):,} submissions: expected one. Fetch the acknowledgement of one batch."
        )
    both = {one.get("StatusCode") for one in (root, found)} - {None}
    if len(both) > 1:
        raise Unreadable(f"{name} says both accepted and rejected: {ROOT} and {_SUBMISSION} differ. Fetch it again.")
    return found


def _answer(activity: Element, name: str) -> Answer:
    bsa_id = text(activity, "BSAID").strip()
    if bsa_id and not _BSA_ID.fullmatch(bsa_id):
        raise Unreadable(f"{name} gives the BSA ID {quoted(bsa_id)}: expected 14 digits. Fetch it again.")
    if bsa_id.strip("0") == "":
        bsa_id = ""  # fourteen zeros say that there is none
    return Answer(bsa_id, tuple(_remarks(activity)))


def _remarks(parent: Element) -> Iterator[Remark]:
    for each in parent:
        if not _ERRORS.fullmatch(local(each)) or not len(each):
            continue  # FinCEN writes an empty one where there is nothing to say
        yield Remark(
            level=text(each, "ErrorLevelText").strip(),
            code=text(each, "ErrorTypeCode").strip(),
            element=text(each, "ErrorElementNameText").strip(),
            path=text(each, "ErrorContextText").strip(),
            text=text(each, "ErrorText").strip(),
        )
