"""Fan-in: many strangers pay into one account within days.

The account collects: for a fraud, a pyramid, a network of mules, an unlicensed money service. Counted are the different
accounts that pay in, and only those that are strangers to the account (see ``casedesk.detection.flows``). The number of
payments and their amounts do not matter, so splitting or shrinking them hides nothing.

Fewer are enough where each pays a large sum at once. Three new names in a few days are a household's week as long as they
pay for a bicycle and a birthday; three strangers who each send 10,000 or more are not, and a fourth need not be waited
for. The paying side has no such line: a firm that pays three new suppliers is everyday trade.

Why three days: whoever collects for others gathers before a bank freezes or a payer calls the money back, over a
weekend at the longest. Longer windows fill with the new names that anybody meets in a week.

What keeps the benign look-alikes out: a retailer's cash has no counterparty; a marketplace is paid by card, and its
buyers, like a firm's customers and the payer of a salary, are no strangers once they have dealt with it; a sweep stays
within one customer; gifts from a family arrive over weeks and seldom reach 10,000 each. A shop that is new, or that wins four customers in three
days who pay by transfer, does fire: raise ``parties`` or ``smallest_minor`` for such a desk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ibis.expr.types import Table

from casedesk.detection.fans import FanParameters, Large, explain_fan, fan, fan_needs
from casedesk.detection.least import Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.windows import DAY
from casedesk.domain.money import LARGEST_MINOR


class FanInParameters(FanParameters):
    """Thresholds of the fan-in rule."""

    window_days: int = parameter(
        3, ge=1, le=90, unit="days", source=DESK, reason="Money collected for others is gathered before it is recalled."
    )
    large_parties: int = parameter(
        3,
        ge=2,
        le=10_000,
        unit="distinct strangers who each pay a large sum",
        source=DESK,
        reason="Two may be the sale of a car and an inheritance; more than `parties` changes nothing.",
    )
    large_minor: int = parameter(
        1_000_000,
        ge=1,
        le=LARGEST_MINOR,
        unit="minor units of the base currency",
        source=DESK,
        reason="Large, in one payment: from here on a bank also asks where cash comes from (31 CFR 1010.311).",
    )

    @property
    def large(self) -> Large:
        return Large(self.large_parties, self.large_minor)


@dataclass(frozen=True)
class FanIn(Rule):
    """Finds accounts that many strangers pay into."""

    name: ClassVar[str] = "fan_in"
    version: ClassVar[str] = "3"
    title: ClassVar[str] = "Fan-in"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    parameters: FanInParameters = field(default_factory=FanInParameters)

    @property
    def span(self) -> Span:
        """A hit reads its window; who is a stranger there depends on dealings before a window of its own."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=2 * window + 1, backward=True)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        return fan_needs("in", self.parameters, self.parameters.large)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of many senders."""
        return fan(views, "in", self.parameters, self.span.before, self.parameters.large)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Count the payments and name the most senders within one window; severity rises with the senders."""
        return explain_fan(episode, currency, self.parameters, "received", "sender", self.parameters.large)
