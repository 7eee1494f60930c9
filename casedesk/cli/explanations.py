"""An explanation of a score, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casedesk.cli.printing import say, table
from casedesk.domain.money import format_minor

if TYPE_CHECKING:
    from casedesk.services.scores import Explanation


def tell(told: Explanation, currency: str) -> None:
    """Print why a party has its score."""
    say(
        f"{told.party} is listed; its exposure is 1."
        if told.listed
        else f"{told.party} has an exposure of {told.score:.4f}."
    )
    table(
        ("Hops", "Side", "Part"),
        ((hop, side.value, f"{part:.4f}") for (hop, side), part in sorted(told.by_hop.items())),
    )
    for path in told.paths:
        legs = "; ".join(
            f"{leg.payer} paid {leg.payee} {format_minor(leg.amount_minor, currency)} ({leg.transaction_id})"
            for leg in path.legs
        )
        say(f"{path.part:.4f}  {path.side.value}: {legs}")
    for (hop, side), part in sorted(told.other_paths.items()):
        say(f"{part:.4f}  {side.value}, all other ways of {hop} {'hop' if hop == 1 else 'hops'}")


def explanation(told: Explanation) -> dict[str, Any]:
    """Return it as JSON values, whose lists each add up to the score."""
    return {
        "party": told.party,
        "score": told.score,
        "listed": told.listed,
        "by_hop": [{"hops": hop, "side": side, "part": part} for (hop, side), part in sorted(told.by_hop.items())],
        "by_counterparty": [
            {"side": side, "counterparty": name, "part": part} for (side, name), part in told.by_counterparty.items()
        ],
        "other_counterparties": [{"side": side, "part": part} for side, part in told.other_counterparties.items()],
        "paths": [
            {
                "side": path.side,
                "listed": path.listed,
                "part": path.part,
                "legs": [
                    {
                        "transaction_id": leg.transaction_id,
                        "payer": leg.payer,
                        "payee": leg.payee,
                        "amount_minor": leg.amount_minor,
                    }
                    for leg in path.legs
                ],
            }
            for path in told.paths
        ],
        "other_paths": [
            {"hops": hop, "side": side, "part": part} for (hop, side), part in sorted(told.other_paths.items())
        ],
    }
