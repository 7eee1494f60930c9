"""What a rule about single customers asks of everybody: a figure a peer group and period, few enough to be kept.

Such a rule judges a customer by the customer's own legs and by figures of the group. A figure is made of all legs of the group
that are booked by the end of its period, and a hit asks only for periods that lie at least ``LAG`` before its own. So what is new
changes no figure of a period before its own, and the figures that an earlier run made serve as they are: of everybody's
legs only those of the periods are read again that something new may have changed, and that somebody may ask for.

A transaction that comes late may change a figure that others were judged by, whom nothing new touched. Whether it does is told by
what the rule makes of the figures: only where that differs, the rule looks at everything.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from casedesk.detection.legs import Views
from casedesk.detection.rule import Reach, Rule

#: A hit asks for no figure of its own period or the one before, in which its window may begin.
LAG: Final = 2

#: Figures as a rule is shown them. A period is numbered by how many of its length lie before it since 1970 UTC.
FIGURES: Final[Table] = ibis.table(
    {"peer_group": "!string", "period": "!int64", "figure": "!int64", "customers": "!int64"}, name="peer_figures"
)

#: For which groups and periods it is asked what lies behind them.
ASKED: Final[Table] = ibis.table({"peer_group": "!string", "period": "!int64"}, name="asked_periods")

#: Figures as they are kept. A sum may be larger than any amount.
SCHEMA: Final = pa.schema(
    [("peer_group", pa.string()), ("period", pa.int64()), ("figure", pa.decimal128(38)), ("customers", pa.int64())]
)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of all groups in all periods before ``before``, by group and period: the columns of ``SCHEMA``."""

    before: int
    table: pa.Table


class AmongPeers(Rule):
    """A rule whose hits ask of other customers for nothing but figures of their group.

    Where ``Views.figures`` is there, its evidence is that of the customers whose legs it is shown.
    """

    reach: ClassVar[Reach] = Reach.POPULATION

    @property
    @abstractmethod
    def period(self) -> int:
        """How long a period is, in microseconds."""

    @abstractmethod
    def figures(self, views: Views) -> Table:
        """Return the figures of all groups and periods: the columns of ``FIGURES``.

        To tell those of a period it needs the legs from one period before it on.
        """

    @abstractmethod
    def peers(self, figures: Table, asked: Table) -> Table:
        """Return for each row of ``asked`` what a hit has to exceed: ``peer_group``, ``period`` and ``peers``, or null."""
