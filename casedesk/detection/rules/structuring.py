"""Structuring: many cash or electronic deposits within an hour, most of them just under a reporting line.

Why "in" is the default direction: money placed in pieces arrives. Salary runs, supplier batches and marketplace payouts
also send five transfers within an hour and would fill the queue from the paying side.

What keeps the benign look-alikes out: a retailer who banks 9,000 each day makes one deposit, not five; a payroll or a
payout run goes out; a marketplace is paid by card, which is neither cash nor a transfer. A business that collects by
transfer all day does fire, as it did under the original definition: give it a ``smallest_minor``.

``windows`` "tumbling" reads clock hours, as the original definition did: five deposits from 9:40 to 10:20 are then two
and three, and nothing is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

import ibis
from ibis.expr.types import Table
from pydantic import model_validator

from casedesk.detection.least import Least, Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, ORIGINAL, RuleParameters, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.sentences import counted, instant, money, when
from casedesk.detection.severity import excess, severity
from casedesk.detection.windows import MINUTE, Windows, around, crowds, framed, judged
from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.transactions import EFT, Channel

#: Directions of the parameter and the noun each gives the sentence.
NOUNS = {"in": "deposit", "out": "payment", "any": "transaction"}


class StructuringParameters(RuleParameters):
    """Thresholds of the structuring rule."""

    window_minutes: int = parameter(
        60, ge=1, le=10_080, unit="minutes", source=ORIGINAL, reason="Pieces of one sum are placed on one errand."
    )
    windows: Windows = parameter(
        "sliding",
        unit="sliding or tumbling",
        source=DESK,
        reason="Tumbling windows, of the original definition, lose a burst that straddles an edge of the clock.",
    )
    count: int = parameter(
        5, ge=2, le=1_000, unit="transactions", source=ORIGINAL, reason="Fewer pieces are everyday business."
    )
    below_count: int = parameter(
        4,
        ge=0,
        le=1_000,
        unit="transactions",
        source=ORIGINAL,
        reason="Of the pieces, as many as these stay under the line; one above it does not hide the rest.",
    )
    below_minor: int = parameter(
        10_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source="31 CFR 1010.311: cash over $10,000 is reported; the original definition uses the same line",
        reason="What stays strictly under the line is not reported; 10,000.00 itself does not count as under.",
    )
    total_minor: int = parameter(
        30_000_00,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=ORIGINAL,
        reason="Together they are worth splitting: three times the line.",
    )
    smallest_minor: int = parameter(
        0,
        ge=0,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Smaller amounts are not counted; 0 counts all, as the original definition does.",
    )
    channels: frozenset[Channel] = parameter(
        frozenset({Channel.CASH, *EFT}),
        min_length=1,
        unit="channels",
        source=ORIGINAL,
        reason="Cash and electronic transfers; card sales and cheques are not placed in pieces.",
    )
    direction: Literal["in", "out", "any"] = parameter(
        "in",
        unit="in, out or any",
        source=DESK,
        reason="Deposits: payroll and payout runs look the same from the paying side.",
    )
    severity_at_threshold: int = parameter(
        50,
        ge=0,
        le=100,
        unit="severity",
        source=DESK,
        reason="Evading a report is itself an offence (31 USC 5324), so the least hit is already Medium.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.below_count > self.count:
            raise ValueError(
                f"Parameter “below_count” ({self.below_count}) cannot exceed “count” ({self.count}), "
                "of which it is a part"
            )
        return self


@dataclass(frozen=True)
class Structuring(Rule):
    """Finds deposits that were split."""

    name: ClassVar[str] = "structuring"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Structuring"
    reach = Reach.ACCOUNT
    parameters: StructuringParameters = field(default_factory=StructuringParameters)

    @property
    def span(self) -> Span:
        """A hit reads its window, or its piece of the clock, which is as long."""
        window = self.parameters.window_minutes * MINUTE
        return Span(window=window, before=window)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        p = self.parameters
        direction = None if p.direction == "any" else {p.direction}
        pieces = Least(p.count, p.total_minor, p.smallest_minor, direction, p.channels)
        below = pieces._replace(legs=p.below_count, total_minor=0, below_minor=p.below_minor)
        return ((pieces, below) if p.below_count else (pieces,),)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of split deposits."""
        p = self.parameters
        window = p.window_minutes * MINUTE
        pieces = views.legs.filter(views.legs.channel.isin(sorted(p.channels)))
        if p.direction != "any":
            pieces = pieces.filter(pieces.direction == p.direction)
        if p.smallest_minor:
            pieces = pieces.filter(pieces.base_minor >= p.smallest_minor)
        pieces = around(pieces, crowds(pieces, p.count, window), window)
        pieces, frame = framed(pieces, p.windows, window)
        read = pieces.mutate(
            observed=ibis._.count().over(frame),
            below=(pieces.base_minor < p.below_minor).cast("int64").sum().over(frame),
            total=pieces.base_minor.sum().over(frame),
            needed=ibis.literal(p.count, "int64"),
        )
        read = read.mutate(
            fired=(read.observed >= p.count) & (read.below >= p.below_count) & (read.total >= p.total_minor)
        ).drop("below", "total")
        return judged(read, p.windows, window)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Count and add up the whole episode; severity rises with its count and its total alike."""
        p = self.parameters
        total = sum(piece.base_minor for piece in episode)
        below = sum(piece.base_minor < p.below_minor for piece in episode)
        above = (excess(len(episode), p.count) + excess(total, p.total_minor)) // 2
        kinds = {"cash" if piece.channel == Channel.CASH else "electronic" for piece in episode}
        what = counted(len(episode), f"{' or '.join(sorted(kinds))} {NOUNS[p.direction]}")
        return Explanation(
            severity=severity(p.severity_at_threshold, above),
            sentence=f"{what} {when(instant(episode[0].at), instant(episode[-1].at))}, "
            f"{below:,} of them below {money(p.below_minor, currency)}, total {money(total, currency)}.",
        )
