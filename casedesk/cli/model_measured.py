"""The figures of a model, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casedesk.cli.printing import say, table
from casedesk.domain.counts import counted

if TYPE_CHECKING:  # half a second to load, and most commands have no use for it
    from casedesk.services.held_scores import Held


def show(measured: dict[str, Any]) -> None:
    """Print what was measured of payments, of accounts and of the probabilities."""
    rows = []
    for part in ("transactions", "accounts"):
        one = measured[part]
        firsts = [f"{one['precision_at'][count]:.3f}" for count in one["precision_at"]]
        budgets = [f"{one['recall_at_budget'][share]:.3f}" for share in one["recall_at_budget"]]
        rows.append((part, f"{one['guilty']:,} of {one['count']:,}", f"{one['pr_auc']:.4f}", *firsts, *budgets))
    table(("", "labelled", "PR-AUC", "P@50", "P@100", "P@500", "recall 0.5 %", "1 %", "3 %"), rows)
    told = measured["calibration"]
    say(
        f"Calibration error {told['error']:.4f} over all, {told['error_of_the_suspicious']:.4f} over the "
        f"{counted(told['suspicious'], 'payment')} with a probability of 0.05 and more."
    )


def held(one: Held) -> None:
    """Print how probabilities were held back, where there is something to be said."""
    if one.sentence:
        say(one.sentence)
