"""What a packet says of reports on their way: each report as it stands, and the batches that carried them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from casedesk.domain.filings import Filing, columns
from casedesk.store.unit_of_work import Writing

__all__ = ["batches", "filings", "of_cases"]


def of_cases(uow: Writing, ids: Sequence[str]) -> tuple[Filing, ...]:
    """Return the reports of some cases. Call it inside an open unit of work."""
    return tuple(filing for case_id in ids for filing in uow.filings.of_case(case_id))


def filings(uow: Writing, found: Sequence[Filing]) -> Iterator[dict[str, Any]]:
    """Yield each report with its content, of which the ledger has the digest; nothing where it was removed after retention."""
    for one in found:
        values = columns(one)
        content = uow.filings.content(one.filing_id)
        yield {
            **values,
            "decision": one.decision,
            "place": one.place,
            "remarks": json.loads(values["remarks"]),
            "report": json.loads(content) if content else None,
            "state_event": one.state_event,
        }


def batches(uow: Writing, found: Sequence[Filing]) -> Iterator[dict[str, Any]]:
    """Yield each batch that carried one of the reports.

    Its file and its answer are left out where they speak of reports that the packet is not about; their hashes stay. Of a file from
    which reports were removed after retention, the others and the frame are left.
    """
    mine = {one.filing_id for one in found}
    for batch_id in sorted({one.batch_id for one in found if one.batch_id}):
        batch = uow.filings.batch(batch_id)
        alone = {one.filing_id for one in uow.filings.of_batch(batch_id)} <= mine
        answer = uow.filings.answer_content(batch_id).decode() if alone else ""
        yield {
            "answer": answer or None,
            "answer_sha256": batch.answer_sha256,
            "batch_id": batch_id,
            "content": uow.filings.batch_content(batch_id).decode() if alone else None,
            "reports": batch.reports,
            "sha256": batch.sha256,
            "test": batch.test,
            "tracking_id": batch.tracking_id,
        }
