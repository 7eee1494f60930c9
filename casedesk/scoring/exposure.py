"""Exposure to listed parties: over several hops, along and against the money, in the order of time.

The formula stands in docs/scoring.md with its reasons. It has these properties, which tests hold: it lies in [0, 1]; it does not
depend on the order of rows; one more listed party, or one more payment from or to one, lowers no score; and its parts add up to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from casedesk.scoring.graph import Flags, Floats, Flow, Graph, Places, received, sent
from casedesk.scoring.parameters import ExposureParameters

#: Raised when the same payments, list and values could give other scores.
METHOD: Final = "casedesk-exposure-1"


class Side(StrEnum):
    """Which money of a party: what it got, or what it paid."""

    RECEIVED = "received"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Traced:
    """One flow, and how much of it leads back to listed parties.

    A depth is how many hops are looked back at most; a length is how many hops it is to the nearest listed party on a way.

    :ivar shares: for each depth behind the giver, from none, and each length up to it, the share of each payment that leads to a
        listed party over a way of that length.
    :ivar clean: of each party, what reached it without leading back to a listed party, and the reference amount.
    :ivar mass: for each depth from one, and each length up to it, what reached each party over such ways, aged until now.
    :ivar aged: the amount of each payment, aged until now.
    :ivar lagged: the same aged until the last payment of the flow: in what a payment leads to, only the time between them counts.
    """

    flow: Flow
    shares: tuple[tuple[Floats, ...], ...]
    clean: Floats
    mass: tuple[tuple[Floats, ...], ...]
    aged: Floats
    lagged: Floats

    def by_length(self, weights: Sequence[float]) -> list[Floats]:
        """Return for each length, of each party, its part of this side's exposure."""
        parts = [np.zeros_like(self.clean) for _ in weights]
        for step, masses in zip(steps(weights), self.mass, strict=True):
            within = sum(masses) + self.clean
            for part, mass in zip(parts, masses, strict=False):
                part += step * mass / within
        return parts


@dataclass(frozen=True, slots=True)
class Exposure:
    """The scores of all parties, and all that explains them.

    :ivar parts: for each length and side, of each party, its part of the score; they add up to it, but for listed parties.
    """

    graph: Graph
    listed: Flags
    parameters: ExposureParameters
    traced: dict[Side, Traced]
    parts: dict[tuple[int, Side], Floats]
    scores: Floats


def exposure(
    graph: Graph, listed: frozenset[str], now: datetime, parameters: ExposureParameters | None = None
) -> Exposure:
    """Compute the exposure of every party of a graph.

    :param listed: names of the listed parties; those that are not in the graph change nothing.
    :param now: the instant as of which payments age. Later payments count as of now.
    """
    parameters = parameters or ExposureParameters()
    flags = graph.places(listed)
    # one side a core: nearly all of it is sorting and adding up, which does not hold the interpreter
    with ThreadPoolExecutor(len(Side)) as pool:
        flows = (received, sent)
        sides = pool.map(lambda flow: _trace(flow(graph), flags, now, parameters), flows)
        traced = dict(zip((Side.RECEIVED, Side.SENT), sides, strict=True))
    return exposed(graph, flags, parameters, traced)


def exposed(graph: Graph, flags: Flags, parameters: ExposureParameters, traced: dict[Side, Traced]) -> Exposure:
    """Put both sides together to the scores of all parties."""
    parts = _parts(traced, parameters.hop_weights)
    scores = np.where(flags, 1.0, np.clip(np.sum(list(parts.values()), axis=0), 0.0, 1.0))
    return Exposure(graph, flags, parameters, traced, parts, scores)


def steps(weights: Sequence[float]) -> tuple[float, ...]:
    """Return what each depth counts: its weight less that of the next, so that a way of length n counts its weight in all."""
    return tuple(nearer - further for nearer, further in pairwise((*weights, 0.0)))


def _parts(traced: dict[Side, Traced], weights: Sequence[float]) -> dict[tuple[int, Side], Floats]:
    """Split the score: what both sides claim is shared by them alike."""
    sides = {side: one.by_length(weights) for side, one in traced.items()}
    whole = {side: np.sum(parts, axis=0) for side, parts in sides.items()}
    other = {Side.RECEIVED: Side.SENT, Side.SENT: Side.RECEIVED}
    return {
        (length, side): part * (1 - whole[other[side]] / 2)
        for side, parts in sides.items()
        for length, part in enumerate(parts, 1)
    }


def _trace(flow: Flow, listed: Flags, now: datetime, parameters: ExposureParameters) -> Traced:
    hops, reference = len(parameters.hop_weights), float(parameters.reference_minor)
    behind, before = listed[flow.giver], _Before(flow)
    origin = _origin(flow, before, behind, hops, reference)
    clean = flow.amount * (1 - origin)
    clean_before = before.sums(clean) + reference
    aged = flow.amount * np.exp2(-_days(np.maximum(now.timestamp() * 1e6 - flow.at, 0.0)) / parameters.half_life_days)
    # Beyond nine hundred halvings a float has no more room, and nothing that counts.
    weight = np.exp2(-np.minimum(_days(np.abs(flow.end - flow.at)) / parameters.half_life_days, 900.0))
    lagged = flow.amount * weight
    from_listed = behind.astype(np.float64)  # the shortest length, and the same in every depth
    nearest = before.sums(lagged * from_listed) / weight
    shares: list[tuple[Floats, ...]] = [(from_listed,)]
    while len(shares) < hops:
        further = (before.sums(lagged * share) / weight for share in shares[-1][1:])
        masses = [nearest, *further]  # aged until the next payment
        within = np.sum(masses, axis=0) + clean_before
        shares.append((from_listed, *(np.where(behind, 0.0, mass / within) for mass in masses)))
    parties = len(flow.first) - 1
    arrived = _sum_at(flow.taker, aged * from_listed, parties)
    return Traced(
        flow,
        tuple(shares),
        _sum_at(flow.taker, clean, parties) + reference,
        tuple((arrived, *(_sum_at(flow.taker, aged * share, parties) for share in depth[1:])) for depth in shares),
        aged,
        lagged,
    )


def _origin(flow: Flow, before: _Before, behind: Flags, hops: int, reference: float) -> Floats:
    """Return how much of each payment leads back to a listed party within the hops, whatever its age.

    What does not is clean. Ageing must not make it so: an old payment of a listed party would lower the score that a newer one
    gives.
    """
    all_before = before.sums(flow.amount) + reference
    origin = behind.astype(np.float64)
    for _ in range(hops - 1):
        origin = np.where(behind, 1.0, before.sums(flow.amount * origin) / all_before)
    return origin


class _Before:
    """Adds up, for each payment, what had reached its giver by then, payments of the same instant included."""

    def __init__(self, flow: Flow) -> None:
        self._last = flow.last
        self._values = np.zeros(len(flow.taker))
        # The parties are looked at once; later sums only put other values in the same place.
        self._by_taker = pd.Series(self._values, copy=False).groupby(flow.taker, sort=False)

    def sums(self, values: Floats) -> Floats:
        """Return the sums over some values of the payments."""
        if not len(values):
            return np.zeros(0)
        self._values[:] = values
        # pandas adds up with compensation, so that a sum does not depend on what other parties moved.
        running = self._by_taker.cumsum().to_numpy()
        return np.append(running, 0.0)[self._last]  # the place -1 is where nothing had come


def _days(microseconds: Floats | Places) -> Floats:
    return np.asarray(microseconds / 86_400e6, np.float64)


def _sum_at(taker: Places, values: Floats, parties: int) -> Floats:
    return np.asarray(np.bincount(taker, weights=values, minlength=parties), np.float64)
