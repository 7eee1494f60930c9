"""Read FinCEN's acknowledgement of a batch: whether it was taken, the number of each report, and what is said of it.

The acknowledgement names no batch and no report: its activities follow in the order of the batch. Errors name elements by the
SeqNum that the batch gave them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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

    ``remarks`` are about the batch, ``sha256`` is the file's.
    """

    accepted: bool
    answers: tuple[Answer, ...]
    remarks: tuple[Remark, ...]
    sha256: str


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
    remarks = (*_remarks(root), *_remarks(submission))
    return Acknowledgement(status == _ACCEPTED, answers, remarks, sha256(content).hexdigest())


def _submission(root: Element, name: str) -> Element:
    found = next(children(root, _SUBMISSION), None)
    if local(root) != ROOT or found is None:
        said = "a batch of reports" if next(children(root, "Activity"), None) is not None else local(root)
        raise Unreadable(f"{name} is XML, but no acknowledgement: it is {said}, expected {ROOT} with {_SUBMISSION}.")
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
