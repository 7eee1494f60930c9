"""The figures of peer groups that a run leaves to the next one: kept beside the copy in columns, and named by the run's record.

A run's record says which rules' figures it left, and the digest of the rows in which they are kept. A run built upon it has the same
rules with the same parameters, and data that is that of the record and what came since; so the figures of no other rules or
data can take their place. Where what is kept is not what the record names, there are none, and the rules look at everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.peers import SCHEMA, Figures
from casedesk.store.run_copies import FIGURES, Piece, pieces_of
from casedesk.store.unit_of_work import Reading, Writing

_ROWS: Final = pa.schema([("rule", pa.string()), *SCHEMA])


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a run leaves: each rule's figures, and all of them as pieces."""

    figures: Mapping[str, Figures]
    pieces: Sequence[Piece]

    @classmethod
    def of(cls, figures: Mapping[str, Figures], last: Leaving | None = None) -> Leaving:
        """Write figures down; no rule's are no piece.

        :param last: what was written down before, which will do where the figures are the very same.
        """
        if last is not None and {n: id(one) for n, one in last.figures.items()} == {
            n: id(one) for n, one in figures.items()
        }:
            return last
        tables = [
            one.table.add_column(0, "rule", pa.repeat(pa.scalar(rule), one.table.num_rows))
            for rule, one in sorted(figures.items())
        ]
        pieces = pieces_of(pa.concat_tables(tables).cast(_ROWS)) if tables else ()
        return cls(figures, pieces)

    def noted(self) -> dict[str, Any]:
        """Return what the run's record says of them."""
        before = {rule: one.before for rule, one in self.figures.items()}
        return {"before": before, "sha256": _digest([piece.sha256 for piece in self.pieces])}

    def store(self, uow: Writing, upto: int) -> None:
        """Keep them, in the run's own transaction, in the place of others."""
        digests = [piece.sha256 for piece in self.pieces]
        if uow.run_copies.digests(FIGURES) != digests:
            uow.run_copies.replace(FIGURES, self.pieces, upto=upto)


def left_by(look: Reading, noted: Mapping[str, Any], last: Leaving | None = None) -> Mapping[str, Figures]:
    """Return the figures that a run left, by rule, by what its record says; none where these are not kept.

    :param last: what this process knows to have been left by some run; its digest tells whether it was that one.
    """
    if last is not None and last.noted() == noted:
        return last.figures
    before = noted.get("before", {})
    if not before or _digest(look.run_copies.digests(FIGURES)) != noted["sha256"]:
        return {}
    rows = look.run_copies.read(FIGURES)
    if rows is None:
        return {}
    return {
        rule: Figures(until, rows.filter(pc.equal(rows["rule"], rule)).select(SCHEMA.names))
        for rule, until in before.items()
    }


def _digest(pieces: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(pieces).encode()).hexdigest()
