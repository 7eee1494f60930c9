"""What the processes of the budget's race do."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from casedesk.language.cache import Memory
from casedesk.language.question import Question
from casedesk.services.counsel import Budget, Counsel
from casedesk.store.engines import make_engine
from casedesk.store.unit_of_work import Writing

#: What a call of these costs, at most and in fact.
PRICE = 1_000_000


class Costly:
    """A model that costs what it may cost, and says nothing of use."""

    version = "costly"

    def __init__(self) -> None:
        self.asked = 0

    def most_micros(self, instructions: str, text: str) -> int:
        return PRICE

    def cost_micros(self, sent: int, got: int, tokens_in: int | None, tokens_out: int | None) -> int:
        return PRICE

    def ask(self, instructions: str, text: str) -> bytes:
        self.asked += 1
        return b"{}"


def spend(address: str, at: datetime, name: str, times: int) -> None:
    """Ask as often as the budget lets one: a day with money for six calls and a half, and a day with seven calls."""
    engine = make_engine(address, lock_timeout=60.0)
    days = ((at, Budget(Decimal("6.5"), 100)), (at + timedelta(days=1), Budget(Decimal(1000), 7)))
    for day, budget in days:
        counsel = Counsel(
            asks=Costly(), budget=budget, band=(Decimal(0), Decimal(1)), cache=Memory(), writing=lambda: Writing(engine)
        )
        for n in range(times):
            counsel.consult(Question(f"{name} {n}", {}), day)
    engine.dispose()
