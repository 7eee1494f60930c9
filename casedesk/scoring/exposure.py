"""Exposure to listed parties: over several hops, along and against the money, in the order of time.

The formula stands in docs/scoring.md with its reasons. It has these properties, which tests hold: it lies in [0, 1]; it does not
depend on the order of rows; one more listed party, or one more payment from or to one, lowers no score; and its parts add up to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pandas as pd

from casedesk.scoring.graph import Flags, Floats, Flow, Graph, Places, received, sent
from casedesk.scoring.parameters import ExposureParameters


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
    traced = {
        side: _trace(flow(graph, now), graph.amount, flags, parameters)
        for side, flow in ((Side.RECEIVED, received), (Side.SENT, sent))
    }
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


def _trace(flow: Flow, amount: Floats, listed: Flags, parameters: ExposureParameters) -> Traced:
    hops, reference = len(parameters.hop_weights), float(parameters.reference_minor)
    behind = listed[flow.giver]
    origin = _origin(flow, amount, behind, hops, reference)
    clean_before = _sum_before(flow, amount * (1 - origin)) + reference
    aged = amount * np.exp2(-flow.age / parameters.half_life_days)
    # Beyond nine hundred halvings a float has no more room, and nothing that counts.
    weight = np.exp2(-np.minimum(flow.lag / parameters.half_life_days, 900.0))
    lagged = amount * weight
    shares: list[tuple[Floats, ...]] = [(behind.astype(np.float64),)]
    while len(shares) < hops:
        masses = [_sum_before(flow, lagged * share) / weight for share in shares[-1]]  # aged until the next payment
        within = np.sum(masses, axis=0) + clean_before
        shares.append((shares[0][0], *(np.where(behind, 0.0, mass / within) for mass in masses)))
    parties = len(flow.first) - 1
    return Traced(
        flow,
        tuple(shares),
        _sum_at(flow.taker, amount * (1 - origin), parties) + reference,
        tuple(tuple(_sum_at(flow.taker, aged * share, parties) for share in depth) for depth in shares),
        aged,
        lagged,
    )


def _origin(flow: Flow, amount: Floats, behind: Flags, hops: int, reference: float) -> Floats:
    """Return how much of each payment leads back to a listed party within the hops, whatever its age.

    What does not is clean. Ageing must not make it so: an old payment of a listed party would lower the score that a newer one
    gives.
    """
    all_before = _sum_before(flow, amount) + reference
    origin = behind.astype(np.float64)
    for _ in range(hops - 1):
        origin = np.where(behind, 1.0, _sum_before(flow, amount * origin) / all_before)
    return origin


def _sum_before(flow: Flow, values: Floats) -> Floats:
    """Return for each payment the sum over what had reached its giver by then, payments of the same instant included."""
    ordered = pd.Series(values[flow.by_taker])
    # pandas adds up with compensation, so that a sum does not depend on what other parties moved.
    running = ordered.groupby(flow.taker[flow.by_taker], sort=False).cumsum().to_numpy()
    if not len(running):
        return np.zeros(0)
    some = flow.until > flow.first[flow.giver]
    return np.where(some, running[np.maximum(flow.until - 1, 0)], 0.0)


def _sum_at(taker: Places, values: Floats, parties: int) -> Floats:
    return np.asarray(np.bincount(taker, weights=values, minlength=parties), np.float64)
