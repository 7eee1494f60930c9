"""Two parts of a case's summary: what the figures of the narrative rest on, and how far each report has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from casedesk.domain.filings import Filing
from casedesk.domain.narrative import FIGURES
from casedesk.exports.documents.blocks import Block, Column, Heading, Items, Table


def bindings(text: str, bound: Mapping[str, Any]) -> list[Block]:
    """List each bound figure as it is told, with the transactions it rests on.

    :param bound: of the narrative ``text``, as the ledger keeps it.
    """
    figures = bound.get("figures", ())
    if not text or not figures:
        return []
    columns = (Column("Figure"), Column("As told"), Column("Selection"), Column("Transactions", figures=True))
    selections = bound["selections"]
    rows = tuple(
        (FIGURES[name][0], text[start : start + length], selection, f"{len(selections[selection]):,}")
        for name, selection, start, length in figures
    )
    used = sorted({selection for _, selection, _, _ in figures})
    listed = tuple(f"{name}: {', '.join(selections[name])}" for name in used)
    return [Heading("What its figures rest on", level=3), Table(columns, rows), Items(listed)]


def filings(found: Sequence[Filing]) -> list[Block]:
    """Say how far each report has come. What was only produced or transmitted is not called filed."""
    if not found:
        return []
    columns = tuple(map(Column, ("Report", "Kind", "State", "Batch", "Tracking ID", "BSA ID")))
    rows = tuple((one.filing_id, one.kind, one.state.value, _batch(one), one.tracking_id, one.bsa_id) for one in found)
    said = tuple(
        f"{one.filing_id}, {remark.level} {remark.code}: {remark.text}" for one in found for remark in one.remarks
    )
    return [Heading("Filing"), Table(columns, rows), *([Items(said)] if said else [])]


def _batch(one: Filing) -> str:
    return f"{one.batch_id}, number {one.place}" if one.batch_id else ""
