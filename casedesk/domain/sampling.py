"""The QA draw: a frozen population, a committed hash, then a seed, then ranks that anybody can compute again.

The sample does not depend on row order, database or platform, and it is nested: a larger rate keeps every earlier pick.
Method: simple random sampling within strata (OCC, Sampling Methodologies, 2020), with the random order taken from SHA-256.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from casedesk.domain.ledger import digest
from casedesk.domain.policy import in_force
from casedesk.errors import Invalid

TAG: Final = "casedesk.qa-draw/1"


class BadDraw(Invalid):
    """The draw's period, rate or record makes no sense."""


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One closed case of the population, with what its stratum depends on."""

    case_id: str
    disposition: str
    risk: str
    analyst: str
    new_analyst: bool

    @property
    def stratum(self) -> str:
        """Disposition, risk and analyst, as text."""
        return f"{self.disposition} · {self.risk} · {self.analyst}"


@dataclass(frozen=True, slots=True)
class Rates:
    """Share drawn, per mille. The 100 % strata are policy, not choice."""

    default: int
    sar: int
    new_analyst: int

    def of(self, member: Member) -> int:
        """Return the rate of a member: the highest that applies."""
        rate = self.default
        if member.disposition == "SAR":
            rate = max(rate, self.sar)
        if member.new_analyst:
            rate = max(rate, self.new_analyst)
        return rate


@dataclass(frozen=True, slots=True)
class Pick:
    """One drawn case. ``rank`` is its SHA-256 in hex; ``place`` counts from 1 within its stratum."""

    case_id: str
    stratum: str
    rank: str
    place: int


@dataclass(frozen=True, slots=True)
class Draw:
    """Everything that is needed to draw again."""

    draw_id: str
    period_from: date
    period_to: date  # inclusive
    rates: Rates
    seed: str  # 64 hexadecimal characters, drawn after the population's hash was committed
    population: tuple[Member, ...]


def rates_in_force(default_per_mille: int | None, on: date) -> Rates:
    """Take the policy's rates of a day, with the default share replaced if one is given.

    :raises BadDraw: if the share is not between 1 and 1000 per mille.
    """
    default = in_force("qa_rate_default", on).value if default_per_mille is None else default_per_mille
    if not 1 <= default <= 1000:
        raise BadDraw(f"The rate must lie between 0.001 and 1; {default / 1000:g} was given.")
    return Rates(default, in_force("qa_rate_sar", on).value, in_force("qa_rate_new_analyst", on).value)


def require_period(period_from: date, period_to: date) -> None:
    """Refuse a period that ends before it starts.

    :raises BadDraw: naming both days.
    """
    if period_to < period_from:
        raise BadDraw(f"The period ends ({period_to}) before it starts ({period_from}); swap the two days.")


def population_digest(population: Iterable[Member]) -> str:
    """Hash a population independently of its order."""
    rows = [[m.case_id, m.disposition, m.risk, m.analyst, m.new_analyst] for m in sorted(population)]
    return digest({"format": TAG, "population": rows})


def rates_digest(rates: Rates) -> str:
    """Hash the rates of a draw."""
    return digest({"default": rates.default, "format": TAG, "new_analyst": rates.new_analyst, "sar": rates.sar})


def picks_digest(picks: Iterable[Pick]) -> str:
    """Hash the picks independently of their order."""
    return digest({"format": TAG, "picks": sorted([p.case_id, p.stratum, p.rank] for p in picks)})


def sample_size(plan: Draw, stratum: str, members: int, per_mille: int) -> int:
    """Return how many of a stratum are drawn: its share, the fraction rounded up or down by a hash of the seed.

    Rounding up always would draw every case of many small strata, rounding down none; rounding by the seed makes each
    case's chance exactly the rate. It never falls when the rate grows, and 1000 per mille is the whole stratum.
    """
    part = int(_hash(plan, stratum, "size")[:16], 16)  # evenly from 0 to 2**64 - 1
    return (members * per_mille * 2**64 + part * 1000) // (1000 * 2**64)


def draw(plan: Draw) -> tuple[Pick, ...]:
    """Draw the sample: rank every case of a stratum by a hash, take the smallest ranks.

    A member whose own rate is higher than its stratum's (a new analyst's case) never shares a stratum with others,
    because the rate follows from disposition and analyst, which name the stratum.
    """
    strata: dict[str, list[Member]] = {}
    for member in plan.population:
        strata.setdefault(member.stratum, []).append(member)
    picks: list[Pick] = []
    for stratum in sorted(strata):
        members = strata[stratum]
        size = sample_size(plan, stratum, len(members), max(plan.rates.of(m) for m in members))
        ranked = sorted((rank(plan, stratum, m.case_id), m.case_id) for m in members)
        picks += [Pick(case_id, stratum, r, place) for place, (r, case_id) in enumerate(ranked[:size], start=1)]
    return tuple(picks)


def rank(plan: Draw, stratum: str, case_id: str) -> str:
    """Return SHA-256 over the length-prefixed tag, seed, period, stratum and case, in hex."""
    return _hash(plan, stratum, "case", case_id)


def _hash(plan: Draw, stratum: str, *what: str) -> str:
    period = f"{plan.period_from.isoformat()}/{plan.period_to.isoformat()}"
    return hashlib.sha256(_framed((TAG, plan.seed, period, stratum, *what))).hexdigest()


def _framed(parts: Sequence[str]) -> bytes:
    """Join parts so that no character can move from one to the next unseen: each has its length before it."""
    out = bytearray()
    for part in parts:
        raw = part.encode()
        out += len(raw).to_bytes(4, "big") + raw
    return bytes(out)


def to_record(plan: Draw, picks: Sequence[Pick]) -> dict[str, Any]:
    """Write a draw as JSON values, complete enough to be drawn again by a stranger."""
    return {
        "draw_id": plan.draw_id,
        "format": TAG,
        "period_from": plan.period_from.isoformat(),
        "period_to": plan.period_to.isoformat(),
        "picks": [[p.case_id, p.stratum, p.rank, p.place] for p in picks],
        "population": [[m.case_id, m.disposition, m.risk, m.analyst, m.new_analyst] for m in sorted(plan.population)],
        "rates": {"default": plan.rates.default, "new_analyst": plan.rates.new_analyst, "sar": plan.rates.sar},
        "seed": plan.seed,
    }


def from_record(record: dict[str, Any]) -> tuple[Draw, tuple[Pick, ...]]:
    """Read a draw's record back.

    :raises BadDraw: if the record is of another format, or a part is missing or of the wrong kind.
    """
    if record.get("format") != TAG:
        raise BadDraw(f"The record's format is “{record.get('format')}”; this desk reads {TAG}.")
    try:
        rates = record["rates"]
        _require_kinds(record, rates)
        plan = Draw(
            record["draw_id"],
            date.fromisoformat(record["period_from"]),
            date.fromisoformat(record["period_to"]),
            Rates(rates["default"], rates["sar"], rates["new_analyst"]),
            record["seed"],
            tuple(Member(*row) for row in record["population"]),
        )
        return plan, tuple(Pick(*row) for row in record["picks"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadDraw(f"The record of the draw is incomplete: {error}.") from None


def _require_kinds(record: dict[str, Any], rates: dict[str, Any]) -> None:
    """Refuse values that would only fail later, while drawing.

    :raises TypeError: naming the part.
    """
    if not all(type(rate) is int for rate in rates.values()):
        raise TypeError("a rate is not a whole number")
    if not all(isinstance(record[part], str) for part in ("draw_id", "seed")):
        raise TypeError("the draw's id or its seed is not text")
    for row in record["population"]:
        if [type(value) for value in row] != [str, str, str, str, bool]:
            raise TypeError(f"{row} is no case of a population")


@dataclass(frozen=True, slots=True)
class StratumCount:
    """How much of one stratum was drawn."""

    stratum: str
    closed: int
    per_mille: int
    drawn: int


def by_stratum(plan: Draw, picks: Sequence[Pick]) -> tuple[StratumCount, ...]:
    """Count closed and drawn cases per stratum, in the order of the names."""
    closed = Counter(m.stratum for m in plan.population)
    rate = {m.stratum: plan.rates.of(m) for m in plan.population}
    drawn = Counter(p.stratum for p in picks)
    return tuple(StratumCount(s, closed[s], rate[s], drawn[s]) for s in sorted(closed))
