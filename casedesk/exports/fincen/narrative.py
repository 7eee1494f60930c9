"""The narrative and its attachment.

Sources: EFL_SARXBatchSchema.xsd, version 1.2 (five blocks of 4,000 characters, numbered 1 to 5, the fifth up to 17,000); FinCEN,
“Guidance on Preparing a Complete & Sufficient SAR Narrative” (2003): “see attached” is no narrative; user guide,
OriginalAttachmentFileName: one comma-separated file of at most 1 MB.
"""

from __future__ import annotations

import re
from typing import Final

from casedesk.exports.fincen.document import Document, Element, child, children, text
from casedesk.exports.fincen.findings import quoted

#: FinCEN's limit of an attachment, in bytes.
LARGEST_ATTACHMENT: Final = 1_048_576

#: What five full blocks hold; no setting may allow more.
HARD_CAP: Final = 20_000

#: How many blocks there are at most; a sixth has its own finding.
_BLOCKS: Final = 5

#: A narrative that points elsewhere and is no longer than this holds nothing else.
_POINTER_LENGTH: Final = 150
_POINTER: Final = re.compile(
    r"\b(see|refer to|please see|per)\b.{0,40}\battach(ed|ment|ments)\b|^attached\b", re.IGNORECASE
)


def check_narrative(document: Document, activity: Element) -> None:
    """Check the blocks of a report's narrative in the order they stand in."""
    blocks = list(children(activity, "ActivityNarrativeInformation"))
    if not blocks:
        return
    numbers = [text(block, "ActivityNarrativeSequenceNumber") for block in blocks]
    wanted = [str(number + 1) for number in range(len(blocks))]
    malformed = any(not document.value(block, "ActivityNarrativeSequenceNumber") for block in blocks)
    if numbers != wanted and not malformed and len(blocks) <= _BLOCKS:
        document.say("SAR-1501", blocks[0], got=", ".join(numbers), expected=", ".join(wanted))
    whole = [text(block, "ActivityNarrativeText") for block in blocks]
    size = sum(len(block) for block in whole)
    if size > document.narrative_cap and not any(_is_bad(document, block) for block in blocks):
        document.say("SAR-1502", blocks[-1], got=f"{size:,}", expected=f"{document.narrative_cap:,}")
    told = "".join(whole).strip()
    if len(told) <= _POINTER_LENGTH and _POINTER.search(told):
        document.say("SAR-1503", blocks[0], got=quoted(told))


def _is_bad(document: Document, block: Element) -> bool:
    narrative = child(block, "ActivityNarrativeText")
    return narrative is not None and document.is_bad(narrative)


def check_attachment(document: Document, activity: Element) -> None:
    """Check the name of the attached file."""
    support = child(activity, "ActivitySupportDocument")
    name = document.value(support, "OriginalAttachmentFileName")
    at = child(support, "OriginalAttachmentFileName")
    if not name or at is None:
        return
    if re.search(r'[\\/:*?"<>|]', name) or name.startswith("."):
        document.spoil("SAR-1602", at, got=quoted(name))
    elif not re.fullmatch(r".+\.csv", name, re.IGNORECASE):
        document.spoil("SAR-1601", at, got=quoted(name))
