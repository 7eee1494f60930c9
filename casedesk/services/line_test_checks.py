"""Hold the samples below a line against the ledger: drawn again from their record, and found again in the data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casedesk.detection.engine import detect as run_rules
from casedesk.detection.limits import Limits
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.detection.sources import Source
from casedesk.domain.events import DESK, LineTestDrawn, LineTestFrozen
from casedesk.domain.ledger import Recorded
from casedesk.domain.line_sampling import (
    BadLineTest,
    LinePick,
    LineTest,
    draw,
    from_record,
    picks_digest,
    placed_digest,
    population_digest,
)
from casedesk.domain.moments import canonical
from casedesk.domain.people import Action, Person, require
from casedesk.domain.verification import Verifier
from casedesk.services.line_bands import episode_of, populations
from casedesk.services.rule_titles import title
from casedesk.store.line_test_store import PlacedPick, StoredLineTest
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["Limits", "Redrawn", "check_line_tests", "redraw"]


@dataclass(frozen=True, slots=True)
class Redrawn:
    """The outcome of drawing again. ``problems`` is empty when record, tables and ledger agree.

    ``found_again`` says whether the rule, run over the data again, found the same populations; None if it was not run.
    """

    test_id: str
    picks: int
    problems: tuple[str, ...]
    found_again: bool | None = None

    @property
    def agrees(self) -> bool:
        return not self.problems


def redraw(
    *,
    look: Reading,
    actor: Person,
    test_id: str,
    from_data: bool = False,
    library: Sequence[Rule] = RULES,
    limits: Limits | None = None,
) -> Redrawn:
    """Draw again from the record, and hold populations and picks against what the ledger committed.

    :param from_data: also run the rule again, with all the recorded values, over the transactions that had arrived then, and
        compare the populations.
    :param library: the rules there are.
    :raises NoSuchLineTest: if there is no such test.
    """
    require(actor, Action.TUNE)
    with look:
        stored, placed = look.line_tests.get(test_id), look.line_tests.picks(test_id)
        problems = [one.problem for one in _differences(stored, placed, look.ledger.of(DESK))]
        try:
            test, _ = from_record(stored.record)
        except BadLineTest:
            return Redrawn(test_id, 0, tuple(problems))
        data = (look.run_data.transactions(test.arrival), look.run_data.accounts(test.arrival)) if from_data else None
    if data is None:
        return Redrawn(test_id, len(draw(test)), tuple(problems))
    unlike = _not_found_again(test, *data, library, limits)
    return Redrawn(test_id, len(draw(test)), (*problems, *([unlike] if unlike else [])), not unlike)


def check_line_tests(uow: Reading | Writing, verifier: Verifier) -> None:
    """Note every test whose rows say something else than the events of the desk, and every one that has no row."""
    stored = {test.test_id: test for test in uow.line_tests.all()}
    drawn = uow.ledger.of_desk((LineTestDrawn.action,))
    if not stored and not drawn:
        return
    desk = (*drawn, *uow.ledger.of_desk((LineTestFrozen.action,)))
    for test_id, test in sorted(stored.items()):
        for one in _differences(test, uow.line_tests.picks(test_id), desk):
            verifier.find_state(test_id, one.problem, one.column, one.expected, one.got)
    for event in drawn:
        test_id = str(event.data.get("test_id"))
        if test_id not in stored:
            verifier.find_state(test_id, "A sample below a line has an event but no row.", "test_id", test_id, "no row")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two things that must be equal, and the sentence for when they are not."""

    problem: str
    column: str
    expected: str
    got: str

    @property
    def differs(self) -> bool:
        return self.expected != self.got


def _differences(stored: StoredLineTest, placed: Sequence[PlacedPick], desk: Sequence[Recorded]) -> list[_Pair]:
    """Compare a test, as stored and as drawn again, with its two events."""
    try:
        test, recorded = from_record(stored.record)
    except BadLineTest as error:
        return [_Pair(str(error), "record", "the record of a test", "another text")]
    events = {e.action: e for e in desk if e.data.get("test_id") == stored.test_id}
    frozen, drawn = events.get(LineTestFrozen.action), events.get(LineTestDrawn.action)
    if frozen is None or drawn is None:
        return [_Pair("The ledger holds no record of this test.", "test_id", "two events", str(len(events)))]
    pairs = (
        *_against_freeze(test, frozen), *_against_row(stored, test, drawn),
        *_against_draw(test, recorded, placed, frozen, drawn),
    )  # fmt: skip
    return [pair for pair in pairs if pair.differs]


def _against_freeze(test: LineTest, frozen: Recorded) -> Iterator[_Pair]:
    said = frozen.data
    for name in ("rule", "rule_version", "line", "line_hash", "data_fingerprint", "transactions"):
        problem = f"The record's {name} is not the one the ledger committed."
        yield _Pair(problem, "record", str(said[name]), str(getattr(test, name)))
    for name, got in (
        ("population_sha256", [population_digest(test, band) for band in test.bands]),
        ("sizes", [band.size for band in test.bands]),
        ("bands", [band.parameters for band in test.bands]),
        ("band_hashes", [band.rule_set_hash for band in test.bands]),
    ):
        what = "populations are not the ones whose hashes" if name == "population_sha256" else "bands are not the ones"
        yield _Pair(f"The {what} the ledger committed.", "record", str(said[name]), str(got))
    line = json.loads(test.line)
    moved = [{k: v for k, v in json.loads(b.parameters).items() if v != line.get(k)} for b in test.bands]
    problem = "The record says of its bands that other values were moved."
    yield _Pair(problem, "record", _text(moved), _text([dict(b.moved) for b in test.bands]))


def _against_row(stored: StoredLineTest, test: LineTest, drawn: Recorded) -> Iterator[_Pair]:
    for column, expected in (
        ("test_id", test.test_id),
        ("rule", test.rule),
        ("population_size", sum(len(band.population) for band in test.bands)),
        ("data_fingerprint", test.data_fingerprint),
        ("seed", drawn.data["seed"]),
        ("drawn_by", drawn.user),
        ("drawn_at", drawn.ts),
    ):
        got = getattr(stored, column)
        got = canonical(got) if column == "drawn_at" else str(got)
        yield _Pair("The list of tests says something else than the record or the ledger.", column, str(expected), got)


def _against_draw(
    test: LineTest, recorded: Sequence[LinePick], placed: Sequence[PlacedPick], frozen: Recorded, drawn: Recorded
) -> Iterator[_Pair]:
    again, said = draw(test), drawn.data
    first = "before" if frozen.event_id < drawn.event_id else "after"
    yield _Pair("The populations were committed after the seed was drawn.", "event_id", "before", first)
    yield _Pair("The seed is not the one in the ledger.", "record", said["seed"], test.seed)
    problem = "The picks are not the ones whose hash is in the ledger."
    yield _Pair(problem, "record", said["picks_sha256"], picks_digest(again))
    problem = "The record's picks differ from the re-drawn ones."
    yield _Pair(problem, "record", _text(sorted(again)), _text(sorted(recorded)))
    listed = [(p.band, p.place, p.episode, p.rank) for p in placed]
    expected = sorted((p.band, p.place, p.alert_id, p.rank) for p in again)
    yield _Pair("The list of picks differs from the re-drawn ones.", "rank", _text(expected), _text(listed))
    now = placed_digest((p.band, p.place, p.alert_id, p.placement) for p in placed)
    yield _Pair("The list of picks names other alerts than were drawn.", "alert_id", said["placed_sha256"], now)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def _not_found_again(
    test: LineTest, transactions: Source, accounts: Source, library: Sequence[Rule], limits: Limits | None
) -> str:
    """Run the rule again with all the recorded values; say what is not found as it was, or nothing."""
    rule = next((one for one in library if one.name == test.rule), None)
    if rule is None or rule.version != test.rule_version:
        return f"The data was not looked at: this desk has no rule “{title(test.rule)}” of version {test.rule_version}."
    try:
        rules = [rule.with_values(json.loads(text)) for text in (test.line, *(b.parameters for b in test.bands))]
    except BadParameter as error:
        return (
            f"The data was not looked at: rule “{title(test.rule)}” does not take the recorded values any more. {error}"
        )
    results = [
        run_rules(transactions, accounts, rules=(one,), limits=limits, base_currency=test.base_currency)
        for one in rules
    ]
    if results[0].data_fingerprint != test.data_fingerprint:
        return "The transactions or accounts that the test looked at are not the same any more."
    for number, (band, alerts) in enumerate(zip(test.bands, populations(results), strict=True), start=1):
        again = {episode_of(alert) for alert in alerts if alert.alert_id not in band.hidden}
        if again != set(band.population) or not {alert.alert_id for alert in alerts} >= set(band.hidden):
            return f"The rule does not find the population of band {number} again in the same data."
    return ""
