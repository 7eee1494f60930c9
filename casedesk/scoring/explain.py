"""Why a party has its score: parts by hop and side, by counterparty, and by path, each list adding up to the score."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from math import fsum
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from casedesk.errors import NotFound
from casedesk.scoring.exposure import Exposure, Side, Traced, steps
from casedesk.scoring.graph import Floats, Places

_SIDES: Final = tuple(Side)
#: Paths that are named; what all others add is told as one figure for each hop and side.
STRONGEST: Final = 20
#: Counterparties that are named, of each side; the others of a hub are one figure a side.
NAMED: Final = 1_000


class UnknownParty(NotFound):
    """No payment names the party."""

    def __init__(self, party: str) -> None:
        super().__init__(f"No payment between two parties names “{party}”; check its spelling, or import what it paid.")


@dataclass(frozen=True, slots=True)
class Leg:
    """One payment of a path, as it was made."""

    transaction_id: str
    payer: str
    payee: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Path:
    """A way of money between a listed party and the one that is explained; the leg nearest to the latter comes first."""

    side: Side
    listed: str
    legs: tuple[Leg, ...]
    part: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of one score.

    ``by_hop``, ``by_counterparty`` with ``other_counterparties``, and ``paths`` with ``other_paths`` each add up to ``score``. Hops
    are counted to the nearest listed party of a way. A listed party has 1.0 because it is listed; its lists are empty.
    """

    party: str
    score: float
    listed: bool
    by_hop: dict[tuple[int, Side], float]
    by_counterparty: dict[tuple[Side, str], float]
    other_counterparties: dict[Side, float]
    paths: tuple[Path, ...]
    other_paths: dict[tuple[int, Side], float]


def explain(found: Exposure, party: str, strongest: int = STRONGEST) -> Explanation:
    """Explain a score.

    :param strongest: how many paths are named.
    :raises UnknownParty: if the graph has no such party.
    """
    place = found.graph.place(party)
    if place is None:
        raise UnknownParty(party)
    score = float(found.scores[place])
    if found.listed[place]:
        return Explanation(party, score, True, {}, {}, {}, (), {})
    by_hop = {key: float(part[place]) for key, part in found.parts.items() if part[place] > 0}
    paths = _strongest(found, place, strongest)
    told: dict[tuple[int, Side], list[float]] = defaultdict(list)
    for path in paths:
        told[len(path.legs), path.side].append(path.part)
    rest = {key: fsum([part, *(-one for one in told[key])]) for key, part in by_hop.items()}
    named, others = _by_counterparty(found, place)
    return Explanation(
        party, score, False, by_hop, named, others, paths,
        {key: part for key, part in rest.items() if part > 0},
    )  # fmt: skip


def _by_counterparty(found: Exposure, place: int) -> tuple[dict[tuple[Side, str], float], dict[Side, float]]:
    """Return the parts by side and counterparty, the largest first, and of each side what those beyond the named ones add."""
    named: list[tuple[float, Side, str]] = []
    others: dict[Side, float] = {}
    for side, traced in found.traced.items():
        givers = traced.flow.giver[traced.flow.reached(place)]
        parts = np.asarray(np.bincount(givers, weights=_first_parts(found, side, place).sum(axis=1)), np.float64)
        givers = np.flatnonzero(parts)
        largest = givers[_largest(parts[givers], NAMED)]
        names = found.graph.names.take(pa.array(largest)).to_pylist()
        named += zip(parts[largest].tolist(), [side] * len(names), names, strict=True)
        if len(givers) > NAMED:
            parts[largest] = 0.0
            others[side] = fsum(parts[givers].tolist())
    named.sort(key=lambda one: (-one[0], _SIDES.index(one[1]), one[2]))
    return {(side, name): part for part, side, name in named}, others


def _strongest(found: Exposure, place: int, strongest: int) -> tuple[Path, ...]:
    """Follow the parts backwards, always the largest first: a part only ever splits, so the first whole ways are the strongest."""
    heap: list[_Way] = []
    for side, traced in found.traced.items():
        _push(heap, side, (), traced.flow.reached(place), _first_parts(found, side, place), strongest)
    paths: list[Path] = []
    while heap and len(paths) < strongest:
        way = heapq.heappop(heap)
        traced = found.traced[way.side]
        if found.listed[traced.flow.giver[way.payments[-1]]]:
            paths.append(_path(found, way.side, way.payments, -way.minus))
            continue
        before = traced.flow.reached_before(way.payments[-1])
        # a way of n payments needs a depth of n, so the depths that are left are those beyond it
        parts = _split(traced, before, traced.lagged, way.parts[1:])
        _push(heap, way.side, way.payments, before, parts, strongest)
    return tuple(paths)


class _Way(NamedTuple):
    """The beginning of a way, and its part for each depth that is left. Ways compare by part, then by their payments."""

    minus: float
    side: Side
    payments: tuple[int, ...]
    parts: Floats


def _push(heap: list[_Way], side: Side, way: tuple[int, ...], payments: Places, parts: Floats, most: int) -> None:
    """Go on with the payments that have the largest parts: no others can be among so many strongest ways."""
    whole = parts.sum(axis=1)
    for chosen in _largest(whole, most):
        if whole[chosen] > 0:
            heapq.heappush(heap, _Way(-float(whole[chosen]), side, (*way, int(payments[chosen])), parts[chosen]))


def _largest(values: Floats, most: int) -> Places:
    """Return the places of so many largest values, the largest first and equal ones in their order."""
    some = np.arange(len(values))
    if len(values) > most:  # a hub has many more than are asked for, and sorting all of them is most of the work
        some = np.flatnonzero(values >= np.partition(values, len(values) - most)[len(values) - most])
    return some[np.argsort(-values[some], kind="stable")][:most]


def _first_parts(found: Exposure, side: Side, place: int) -> Floats:
    """Return of each payment that reached a party its part of the score, for each depth."""
    weights = found.parameters.hop_weights
    traced = found.traced[side]
    masses = np.array([sum(mass[place] for mass in depth) for depth in traced.mass])
    parts = np.array(steps(weights)) * masses / (masses + traced.clean[place])
    whole = parts.sum()
    told = sum(float(found.parts[length, side][place]) for length in range(1, len(weights) + 1))
    return _split(traced, traced.flow.reached(place), traced.aged, parts * (told / whole if whole else 0.0))


def _split(traced: Traced, payments: Places, amount: Floats, parts: Floats) -> Floats:
    """Share the parts, one for each depth, out among the payments they rest on: an array of payments by depths.

    :param amount: what each payment of the flow counts there.
    """
    columns = []
    for depth, part in enumerate(parts):
        mass = amount[payments] * sum(share[payments] for share in traced.shares[depth])
        whole = mass.sum()
        columns.append(mass * (part / whole) if whole else np.zeros(len(payments)))
    return np.stack(columns, axis=1) if columns else np.zeros((len(payments), 0))


def _path(found: Exposure, side: Side, way: tuple[int, ...], part: float) -> Path:
    graph, flow = found.graph, found.traced[side].flow
    last = flow.giver[way[-1]]
    legs = tuple(
        Leg(
            graph.ids[payment].as_py(),
            graph.names[graph.payer[payment]].as_py(),
            graph.names[graph.payee[payment]].as_py(),
            int(graph.amount[payment]),
        )
        for payment in flow.payment[list(way)].tolist()
    )
    return Path(side, graph.names[last].as_py(), legs, part)
