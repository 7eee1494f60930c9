"""Who is listed in the demo bank: a few made-up parties near the planted money, and a name like a customer's."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from casedesk.bootstrap import Desk
from casedesk.domain.people import SYSTEM
from casedesk.modelling.extra import NoModelExtra
from casedesk.services import model_runs, party_lists, scoring
from seeds.staff import BY_ID, MANAGERS
from seeds.world import World

#: Planted patterns of which a party outside of the bank is listed: some lead to it directly, some over several hops.
TYPOLOGIES = ("scatter_gather", "stack", "cycle", "structuring", "dormant_awakening", "rapid_pass_through")
REASONS = ("Named in a request of the police", "Returned payments, account closed for fraud", "Warning of another bank")


def load(desk: Desk, world: World, folder: Path, at: datetime) -> None:
    """Let a manager load the bank's own list, and screen the customers' names against it."""
    path = folder / "listed.csv"
    rows = [("account", name, REASONS[n % len(REASONS)]) for n, name in enumerate(_near_the_planted(world))]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("kind", "party", "reason"), *rows, ("name", _like(world), REASONS[-1])])
    manager = BY_ID[MANAGERS[0]]
    party_lists.load(
        uow=desk.writing(), actor=manager, at=at, path=path, source="Fraud desk", version="Spring", listed_on=at.date(),
        via="demo",
    )  # fmt: skip
    party_lists.screen(look=desk.reading(), uow=desk.writing(), actor=manager, at=at, via="demo")


def score(desk: Desk, at: datetime) -> None:
    """Let the desk compute everybody's exposure, as it would every night."""
    scoring.run(
        look=desk.reading(),
        uow=desk.writing(),
        actor=SYSTEM,
        at=at,
        base_currency=desk.settings.base_currency,
        via="demo",
    )


def model(desk: Desk, at: datetime) -> None:
    """Let the shipped model score everybody, so that its pages have something to show; without its extra they say what is missing."""
    with suppress(NoModelExtra):
        model_runs.run(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=at)


def _near_the_planted(world: World) -> list[str]:
    """Return for each of some typologies the account at another bank through which most of its planted money went."""
    own = {one.account_id for one in world.accounts if one.customer_id}
    planted = {label.transaction_id: label.typology for label in world.labels}
    moved: dict[str, Counter[str]] = {typology: Counter() for typology in TYPOLOGIES}
    for row in world.transactions:
        typology = planted.get(row.transaction_id, "")
        if typology in moved:
            sides = {row.from_account, row.to_account} - own - {""}
            moved[typology].update(dict.fromkeys(sides, round(float(row.amount))))
    found = (min(sides, key=lambda name: (-sides[name], name)) for sides in moved.values() if sides)
    return list(dict.fromkeys(found))


def _like(world: World) -> str:
    """Return a name like that of a customer: turned round, and one letter of it doubled."""
    given, _, family = next(one.name for one in world.customers if one.name.count(" ") == 1).partition(" ")
    return f"{family.upper()} {given}{given[-1]}"
