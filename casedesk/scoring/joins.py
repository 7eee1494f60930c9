"""The formula of docs/scoring.md as joins and sums over tables, for an engine that holds more payments than one machine does.

``exposure`` computes the same in arrays. Both sides of every payment go through the same steps at once: ``side`` says which.
Nothing here pairs what came in with what went out. What had reached a party is added up along its own payments, once for each
instant, and every payment looks up the one sum that it needs; so a hub costs what its payments cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import ibis
from ibis.expr.types import Table, Value

from casedesk.scoring.parameters import ExposureParameters

#: What the engine holds: transactions by number, and of every account the place of its party and whether that is listed.
GIVEN: Final[Table] = ibis.table(
    {
        "row": "int64",
        "transaction_id": "string",
        "at": "int64",  # microseconds since 1970-01-01 UTC
        "from_account": "string",
        "to_account": "string",
        "base_minor": "int64",
    },
    name="given",
)
PLACES: Final[Table] = ibis.table({"account": "string", "party": "int64", "listed": "boolean"}, name="exposure_places")
#: Whose payments are asked for: parties, each on one side.
ASKED: Final[Table] = ibis.table({"side": "int64", "party": "int64"}, name="exposure_asked")

RECEIVED, SENT = 0, 1
_DAY: Final = timedelta(days=1) / timedelta(microseconds=1)
#: Beyond so many halvings a float has no more room, and nothing that counts.
_HALVINGS: Final = 900.0


@dataclass(frozen=True, slots=True)
class Span:
    """When the first and the last payment were, and the instant as of which they age, in microseconds since 1970."""

    first: int
    last: int
    now: float


def span() -> Table:
    """Return when the first and the last transaction were."""
    return GIVEN.aggregate(first=GIVEN["at"].min(), last=GIVEN["at"].max())


def accounts() -> Table:
    """Return every account that a transaction names, once."""
    both = ibis.union(GIVEN.select(account=GIVEN.from_account), GIVEN.select(account=GIVEN.to_account))
    return both.filter(both.account != "").distinct()


def share(depth: int, length: int) -> str:
    """Name the column of ``exposure.Traced.shares``."""
    return f"share_{depth}_{length}"


def mass(depth: int, length: int) -> str:
    """Name the column of ``exposure.Traced.mass``."""
    return f"mass_{depth}_{length}"


def lengths(hops: int) -> list[tuple[int, int]]:
    """Return each depth behind the giver, from none, with each length of a way that is not the shortest."""
    return [(depth, length) for depth in range(1, hops) for length in range(2, depth + 2)]


def standing(name: str, made: Table) -> Table:
    """Return what an engine has kept under a name."""
    return ibis.table(made.schema(), name=name)


def steps(parameters: ExposureParameters, when: Span) -> list[tuple[str, Table]]:
    """Return what an engine has to work out and keep, by name. Each step reads the one before it, and the last has all shares."""
    found: list[tuple[str, Table]] = []

    def then(made: Table) -> Table:
        found.append((f"exposure_{len(found)}", made))
        return standing(*found[-1])

    hops, reference = len(parameters.hop_weights), float(parameters.reference_minor)
    rows = then(_flows(then(_edges()), parameters.half_life_days, when))
    if hops == 1:
        then(rows.mutate(origin=rows.behind))
        return found
    rows = then(_last_before(rows))
    rows = _before(
        rows, all_before=rows.amount, tainted=rows.amount * rows.behind, nearest=rows.lagged * rows.behind
    ).mutate(all_before=ibis._.all_before + reference, nearest=ibis._.nearest / ibis._.weight)
    rows = then(_tainted(rows))
    for _ in range(hops - 2):
        rows = then(_tainted(_before(rows, tainted=rows.amount * rows.origin)))
    rows = _before(rows, clean_before=rows.amount * (1 - rows.origin)).drop("all_before")
    rows = rows.mutate(clean_before=rows.clean_before + reference)
    rows = then(_shared(rows, 1, [rows.nearest]))
    for depth in range(2, hops):
        further = {f"reached_{n}": rows.lagged * rows[share(depth - 1, n)] for n in range(2, depth + 1)}
        rows = _before(rows, **further)
        reached = [rows.nearest, *(rows[name] / rows.weight for name in further)]
        rows = then(_shared(rows, depth, reached).drop(*further))
    return found


def masses(rows: Table, hops: int) -> Table:
    """Return of each party that was reached on a side what reached it cleanly, and over ways of each length at each depth."""
    found = {mass(depth, length): (rows.aged * rows[share(depth, length)]).sum() for depth, length in lengths(hops)}
    return rows.group_by("side", party=rows.taker).aggregate(
        clean=(rows.amount * (1 - rows.origin)).sum(), nearest=(rows.aged * rows.behind).sum(), **found
    )


def ways(rows: Table, hops: int) -> Table:
    """Return the payments that reached the parties of ``ASKED`` and lead back to a listed party."""
    found = rows.behind
    for length in range(2, hops + 1):
        found += rows[share(hops - 1, length)]
    shares = [share(depth, length) for depth, length in lengths(hops)]
    leading = rows.filter(found > 0).semi_join(ASKED, [("side", "side"), ("taker", "party")])
    return leading.select(
        "side", "row", "transaction_id", "t", "giver", "taker", "amount", "aged", "lagged", "behind", *shares
    )


def _edges() -> Table:
    """Return payments between different parties. Cash is nobody's account, and no place is one either."""
    payers, payees = PLACES.view(), PLACES.view()
    rows = GIVEN.join(payers, GIVEN.from_account == payers.account).select(
        "row", "transaction_id", "at", "to_account", amount=GIVEN.base_minor.cast("float64"),
        payer=payers.party, payer_listed=payers.listed,
    )  # fmt: skip
    rows = rows.join(payees, rows.to_account == payees.account).select(
        "row", "transaction_id", "at", "amount", "payer", "payer_listed", payee=payees.party, payee_listed=payees.listed
    )
    return rows.filter(rows.payer != rows.payee)


def _flows(edges: Table, half_life: int, when: Span) -> Table:
    """Return each payment once for each side. ``t`` is time as it goes there: against the money it runs backwards."""

    def flow(side: int, giver: str, taker: str, t: Value, from_end: Value) -> Table:
        weight = _halved(ibis.least(from_end / _DAY / half_life, _HALVINGS))
        rows = edges.select(
            "row", "transaction_id", "amount", side=ibis.literal(side, "int64"), giver=edges[giver], taker=edges[taker], t=t,
            behind=edges[f"{giver}_listed"].cast("float64"), weight=weight, aged=edges.amount * _halved(age / _DAY / half_life),
        )  # fmt: skip
        return rows.mutate(lagged=rows.amount * rows.weight)

    at = edges["at"]
    age = ibis.greatest(ibis.literal(when.now, "float64") - at.cast("float64"), 0.0)
    return ibis.union(
        flow(RECEIVED, "payer", "payee", at, (when.last - at).cast("float64")),
        flow(SENT, "payee", "payer", -at, (at - when.first).cast("float64")),
    )


def _halved(times: Value) -> Value:
    return ibis.literal(2.0, "float64") ** -times


def _last_before(rows: Table) -> Table:
    """Add to each payment when its giver was last reached by then, at its own instant included; null where it never was."""
    came = rows.select("side", party=rows.taker, t=rows.t, came=rows.t, asks=ibis.literal(False))
    asked = rows.select("side", party=rows.giver, t=rows.t, came=ibis.null("int64"), asks=ibis.literal(True))
    both = ibis.union(came.distinct(), asked.distinct())
    both = both.mutate(last=both.came.max().over(_until("side", "party")))
    last = both.filter(both.asks).select("side", "party", "t", "last")
    keys = [rows.side == last.side, rows.giver == last.party, rows.t == last.t]
    return rows.join(last, keys).select(*rows.columns, "last")


def _before(rows: Table, **values: Value) -> Table:
    """Add to each payment the sums of some values over what had reached its giver by then."""
    came = rows.select("side", "taker", "t", **values).group_by("side", "taker", "t")
    came = came.aggregate(**{name: ibis._[name].sum() for name in values})
    sums = came.mutate(**{name: came[name].sum().over(_until("side", "taker")) for name in values})
    keys = [rows.side == sums.side, rows.giver == sums.taker, rows["last"] == sums.t]
    found = rows.left_join(sums, keys)
    return found.select(
        *(rows[name] for name in rows.columns if name not in values),
        **{name: sums[name].coalesce(0.0) for name in values},
    )


def _until(*keys: str) -> Value:
    return ibis.window(group_by=list(keys), order_by="t", range=(None, 0))


def _tainted(rows: Table) -> Table:
    """Add how much of each payment leads back to a listed party, whatever its age."""
    return rows.mutate(origin=ibis.ifelse(rows.behind > 0, 1.0, rows.tainted / rows.all_before)).drop("tainted")


def _shared(rows: Table, depth: int, reached: Sequence[Value]) -> Table:
    """Add the shares of one depth: of what had reached the giver, what did so over ways of each length."""
    within = rows.clean_before
    for one in reached:
        within += one
    shares = {
        share(depth, length): ibis.ifelse(rows.behind > 0, 0.0, one / within) for length, one in enumerate(reached, 2)
    }
    return rows.mutate(**shares)
