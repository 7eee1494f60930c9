"""Fan-out: one account pays many strangers within days.

The account distributes: to mules, to straw men, to accounts that another hand empties. Counted are the different
accounts that are paid, and only those that are strangers to the account (see ``casedesk.detection.flows``). The number
of payments and their amounts do not matter, so splitting or shrinking them hides nothing.

Why four days: daily limits for transfers stretch a distribution over a few days, a day longer than the collecting
that fan-in looks for.

What keeps the benign look-alikes out: payroll, suppliers, sellers of a marketplace and rent are paid again and again
and are no strangers; a sweep stays within one customer; shopping by card is not counted. The very first payroll of a
new firm does fire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ibis.expr.types import Table

from casedesk.detection.fans import FanParameters, explain_fan, fan, fan_needs
from casedesk.detection.least import Needed
from casedesk.detection.legs import Views
from casedesk.detection.parameters import DESK, parameter
from casedesk.detection.rule import Evidence, Explanation, Reach, Rule, Span
from casedesk.detection.windows import DAY


class FanOutParameters(FanParameters):
    """Thresholds of the fan-out rule."""

    window_days: int = parameter(
        4, ge=1, le=90, unit="days", source=DESK, reason="Daily limits for transfers stretch a distribution over days."
    )


@dataclass(frozen=True)
class FanOut(Rule):
    """Finds accounts that pay many strangers."""

    name: ClassVar[str] = "fan_out"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Fan-out"
    reach: ClassVar[Reach] = Reach.ACCOUNT
    parameters: FanOutParameters = field(default_factory=FanOutParameters)

    @property
    def span(self) -> Span:
        """A hit reads its window; who is a stranger there depends on dealings before a window of its own."""
        window = self.parameters.window_days * DAY
        return Span(window=window, before=2 * window + 1, backward=True)

    @property
    def least(self) -> Needed:
        """What a hit takes at the least."""
        return fan_needs("out", self.parameters)

    def evidence(self, views: Views) -> Table:
        """Return the episodes of many payees."""
        return fan(views, "out", self.parameters, self.span.before)

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        """Count the payments and name the most payees within one window; severity rises with the payees."""
        return explain_fan(episode, currency, self.parameters, "sent", "payee")
