"""The sample below a line: what looser thresholds would find in addition, frozen, then a seed, then ranks.

A band is what a rule finds with looser values and neither the rule in force nor a tighter band does. Its population is made of
episodes; what is judged is a case, and a case is about one customer. So customers are drawn, all of a band with the same chance,
and one episode of each: two episodes of one customer would share a case and be judged together, and would not be the
independent trials that a binomial interval assumes. A customer whom a tighter band drew is passed over for the same reason.

The picks do not depend on row order, database or platform, and within one band a larger size keeps every earlier pick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from casedesk.domain.ledger import digest
from casedesk.errors import Invalid

TAG: Final = "casedesk.line-sample/1"


class BadLineTest(Invalid):
    """The test's bands, sizes or record make no sense."""


@dataclass(frozen=True, slots=True, order=True)
class Episode:
    """One episode of a band, as the band's values find and tell it. Times are canonical text."""

    alert_id: str  # follows from rule, account and first transaction
    account_id: str
    customer_id: str
    window_start: str
    window_end: str
    amount_minor: int
    severity: int
    sentence: str
    transaction_ids: tuple[str, ...]  # in order of booking

    def row(self) -> list[Any]:
        """Write the episode as JSON values; the amount as text, because JSON numbers are exact only up to 2**53."""
        return [
            self.alert_id, self.account_id, self.customer_id, self.window_start, self.window_end, str(self.amount_minor),
            self.severity, self.sentence, list(self.transaction_ids),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Band:
    """One step below the line: ``moved`` are the values that differ from those in force, ``parameters`` all of them.

    ``size`` counts the customers to draw; ``none_found`` says, in percent, what that size was chosen to rule out, or is empty.
    ``hidden`` are episodes that a suppression in force covers: they would not come to the desk, and are not drawn from.
    """

    moved: Mapping[str, Any]
    parameters: str  # canonical JSON
    rule_set_hash: str
    size: int
    none_found: str
    population: tuple[Episode, ...]
    hidden: tuple[str, ...] = ()  # ids as in the population

    @property
    def customers(self) -> int:
        return len({episode.customer_id for episode in self.population})

    @property
    def title(self) -> str:
        """Name the band by the values that were moved."""
        return ", ".join(f"{name} {_words(value)}" for name, value in sorted(self.moved.items()))


@dataclass(frozen=True, slots=True)
class LineTest:
    """Everything that is needed to draw again, and to find the populations again in the data."""

    test_id: str
    rule: str
    rule_version: str
    line: str  # canonical JSON of the parameters in force
    line_hash: str  # of the rule in force alone, as a rule set
    data_fingerprint: str
    arrival: int  # up to which transactions and accounts had arrived
    transactions: int
    base_currency: str
    period_from: str  # canonical time of the first transaction that was looked at, and of the last
    period_to: str
    bands: tuple[Band, ...]
    seed: str  # 64 hexadecimal characters, drawn after the hashes of the populations were committed


@dataclass(frozen=True, slots=True, order=True)
class LinePick:
    """One drawn episode. ``band`` and ``place`` count from 1; ``rank`` is the customer's SHA-256 in hex."""

    band: int
    place: int
    alert_id: str
    customer_id: str
    rank: str


def population_digest(test: LineTest, band: Band) -> str:
    """Hash a band's population, with the rule and the values that made it, independently of its order."""
    return digest(
        {
            "format": TAG,
            "hidden": sorted(band.hidden),
            "line": test.line,
            "parameters": band.parameters,
            "population": [episode.row() for episode in sorted(band.population)],
            "rule": test.rule,
            "rule_version": test.rule_version,
        }
    )


def picks_digest(picks: Iterable[LinePick]) -> str:
    """Hash the picks independently of their order."""
    return digest({"format": TAG, "picks": [_row(pick) for pick in sorted(picks)]})


def placed_digest(placed: Iterable[tuple[int, int, str, str]]) -> str:
    """Hash band, place, alert and placement of every pick, independently of their order."""
    return digest({"format": TAG, "placed": [list(row) for row in sorted(placed)]})


def draw(test: LineTest) -> tuple[LinePick, ...]:
    """Draw the sample: rank the customers of each band by a hash, take the smallest ranks, and one episode of each."""
    picks: list[LinePick] = []
    drawn: set[str] = set()
    for number, band in enumerate(test.bands, start=1):
        episodes: dict[str, list[Episode]] = {}
        for episode in band.population:
            if episode.customer_id not in drawn:
                episodes.setdefault(episode.customer_id, []).append(episode)
        ranked = sorted((_rank(test, number, "customer", customer), customer) for customer in episodes)
        for place, (rank, customer) in enumerate(ranked[: band.size], start=1):
            alert_id = min((_rank(test, number, "episode", e.alert_id), e.alert_id) for e in episodes[customer])[1]
            picks.append(LinePick(number, place, alert_id, customer, rank))
            drawn.add(customer)
    return tuple(picks)


def _rank(test: LineTest, band: int, what: str, name: str) -> str:
    """Return SHA-256 over the canonical JSON of tag, test, seed, band and what is ranked, in hex."""
    return digest({"band": band, "format": TAG, "name": name, "seed": test.seed, "test": test.test_id, "what": what})


def to_record(test: LineTest, picks: Sequence[LinePick]) -> dict[str, Any]:
    """Write a test as JSON values, complete enough to be drawn again by a stranger."""
    return {
        "arrival": test.arrival,
        "bands": [
            {
                "hidden": sorted(band.hidden),
                "moved": dict(band.moved),
                "none_found": band.none_found,
                "parameters": band.parameters,
                "population": [episode.row() for episode in sorted(band.population)],
                "rule_set_hash": band.rule_set_hash,
                "size": band.size,
            }
            for band in test.bands
        ],
        "base_currency": test.base_currency,
        "data_fingerprint": test.data_fingerprint,
        "format": TAG,
        "line": test.line,
        "line_hash": test.line_hash,
        "period_from": test.period_from,
        "period_to": test.period_to,
        "picks": [_row(pick) for pick in picks],
        "rule": test.rule,
        "rule_version": test.rule_version,
        "seed": test.seed,
        "test_id": test.test_id,
        "transactions": test.transactions,
    }


_TEXTS: Final = (
    "test_id", "rule", "rule_version", "line", "line_hash", "data_fingerprint", "base_currency", "period_from",
    "period_to", "seed",
)  # fmt: skip


def from_record(record: Mapping[str, Any]) -> tuple[LineTest, tuple[LinePick, ...]]:
    """Read a test's record back.

    :raises BadLineTest: if the record is of another format, or a part is missing or of the wrong kind.
    """
    if record.get("format") != TAG:
        raise BadLineTest(f"The record's format is “{record.get('format')}”; this desk reads {TAG}.")
    try:
        texts = {name: _kind(record[name], str) for name in _TEXTS}
        numbers = {name: _kind(record[name], int) for name in ("arrival", "transactions")}
        test = LineTest(**texts, **numbers, bands=tuple(_band(values) for values in record["bands"]))
        return test, tuple(_pick(row) for row in record["picks"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadLineTest(f"The record of the test is incomplete: {error}.") from None


def _band(values: Mapping[str, Any]) -> Band:
    return Band(
        moved=dict(values["moved"]),
        parameters=_kind(values["parameters"], str),
        rule_set_hash=_kind(values["rule_set_hash"], str),
        size=_kind(values["size"], int),
        none_found=_kind(values["none_found"], str),
        population=tuple(_episode(row) for row in values["population"]),
        hidden=tuple(_kind(one, str) for one in values["hidden"]),
    )


def _episode(row: Sequence[Any]) -> Episode:
    alert_id, account_id, customer_id, start, end, amount, severity, sentence, transactions = row
    alert_id, account_id, customer_id, start, end, amount, sentence = (
        _kind(text, str) for text in (alert_id, account_id, customer_id, start, end, amount, sentence)
    )
    ids = tuple(_kind(one, str) for one in transactions)
    return Episode(alert_id, account_id, customer_id, start, end, int(amount), _kind(severity, int), sentence, ids)


def _pick(row: Sequence[Any]) -> LinePick:
    band, place, alert_id, customer_id, rank = row
    return LinePick(
        _kind(band, int), _kind(place, int), _kind(alert_id, str), _kind(customer_id, str), _kind(rank, str)
    )


def _kind(value: Any, wanted: type) -> Any:
    """Refuse a value that would only fail later, while drawing."""
    if type(value) is not wanted:
        raise TypeError(f"{value!r} is no {wanted.__name__}")
    return value


def _row(pick: LinePick) -> list[Any]:
    return [pick.band, pick.place, pick.alert_id, pick.customer_id, pick.rank]


def _words(value: object) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)
