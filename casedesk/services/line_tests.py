"""Above and below the line: draw what looser thresholds would find in addition, work it blind as cases, report the yield.

A sampled alert looks like any other: its rule, its severity and its sentence are the rule's own, with the band's values, and the
desk itself opens its case. That it was drawn stands in the tables of the tests only, which take ``Action.TUNE`` to read; the events
of the desk name no case.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from casedesk.detection.findings import finding_digest, findings_sha256
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.domain import events
from casedesk.domain.alerts import Alert
from casedesk.domain.events import DESK
from casedesk.domain.line_sampling import (
    BadLineTest,
    Band,
    LinePick,
    LineTest,
    draw,
    from_record,
    picks_digest,
    placed_digest,
    population_digest,
    to_record,
)
from casedesk.domain.line_yields import LineReport, Placement, band_yields
from casedesk.domain.moments import canonical
from casedesk.domain.people import SYSTEM, Action, Person, require
from casedesk.exports import line_yields_markdown
from casedesk.services import intake
from casedesk.services.line_bands import Asked, Found, NothingBelow, freeze_bands
from casedesk.services.rule_titles import title
from casedesk.services.steps import present
from casedesk.store.line_test_store import StoredLineTest
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "Asked", "BadLineTest", "Band", "Limits", "LinePick", "LineReport", "LineTest", "NothingBelow", "StoredLineTest",
    "all_tests", "document", "draw_line_test", "report",
]  # fmt: skip


def draw_line_test(
    *,
    look: Reading,
    freeze: Writing,
    uow: Writing,
    actor: Person,
    at: datetime,
    base_currency: str,
    rule: str,
    bands: Sequence[Asked],
    seed: str | None = None,
    library: Sequence[Rule] = RULES,
    limits: Limits | None = None,
) -> StoredLineTest:
    """Freeze what the bands find beyond the rule in force and commit the hashes; only then draw a seed, and the sample.

    Three units on purpose: the rule runs without a lock on the desk (``look``), the hash of each band's population is committed
    (``freeze``) before the seed exists, and the picks become alerts and cases (``uow``). A pick whose customer has an open case
    joins it, one that the desk holds an alert on is not stored again; the report counts both apart. What a suppression in force
    covers is not drawn from.

    :param bands: from the line outwards, each finding all that the one before it finds.
    :param seed: only for tests; a real draw takes 32 bytes from the operating system.
    :param library: the rules there are; which run, and with which values, the rule set in force says.
    :raises UnknownRule: if none of them has the name.
    :raises SwitchedOff: if the rule does not run.
    :raises BadParameter: if the rule cannot take a value.
    :raises BadLineTest: if a band changes nothing or is not looser than the one before it, or its size makes no sense.
    :raises NothingBelow: if no band finds anything in addition.
    """
    require(actor, Action.DRAW_LINE_TEST)
    plan, found = freeze_bands(look, base_currency, rule, library, bands, limits)
    with freeze:
        actor = present(freeze, actor)
        require(actor, Action.DRAW_LINE_TEST)
        # numbered by the ledger: a draw that was broken off after the freeze has used its number up
        begun = sum(event.action == events.LineTestFrozen.action for event in freeze.ledger.of(DESK))
        plan = replace(plan, test_id=f"LT-{begun + 1:06}")
        freeze.ledger.append(_freezing(plan), stream=DESK, user=actor.user_id, at=at)
        freeze.commit()
    plan = replace(plan, seed=seed or secrets.token_hex(32))
    picks = draw(plan)
    stored = StoredLineTest(
        test_id=plan.test_id,
        rule=rule,
        drawn_at=at,
        drawn_by=actor.user_id,
        population_size=sum(len(band.population) for band in plan.bands),
        data_fingerprint=plan.data_fingerprint,
        seed=plan.seed,
        record=to_record(plan, picks),
    )
    with uow:
        placed = _placed(uow, plan, picks, found, at)
        uow.line_tests.insert(stored, placed)
        uow.ledger.append(
            events.LineTestDrawn(
                test_id=plan.test_id,
                seed=plan.seed,
                picks=tuple(sum(pick.band == n for pick in picks) for n in range(1, len(plan.bands) + 1)),
                picks_sha256=picks_digest(picks),
                placed_sha256=placed_digest((p.band, p.place, alert_id, how.value) for p, alert_id, how in placed),
            ),
            stream=DESK,
            user=actor.user_id,
            at=at,
        )
        uow.commit()
    return stored


def all_tests(*, uow: Reading, actor: Person) -> tuple[StoredLineTest, ...]:
    """Return all tests, newest first."""
    require(actor, Action.TUNE)
    with uow:
        return uow.line_tests.all()


def report(*, uow: Reading, actor: Person, test_id: str) -> LineReport:
    """Count what became of a test's picks, band by band, beside the cases of the rule in force.

    :raises NoSuchLineTest: if there is none.
    :raises BadLineTest: if its record is damaged.
    """
    require(actor, Action.TUNE)
    with uow:
        stored = uow.line_tests.get(test_id)
        test, _ = from_record(stored.record)
        standings, above = uow.line_tests.standings(test_id), uow.line_tests.above(test)
    return LineReport(test, canonical(stored.drawn_at), stored.drawn_by, above, band_yields(test, standings))


def document(*, uow: Reading, actor: Person, at: datetime, test_id: str) -> str:
    """Write a test's report as Markdown, with all that it takes to repeat the test."""
    found = report(uow=uow, actor=actor, test_id=test_id)
    return line_yields_markdown.write(found, canonical(at), title(found.test.rule))


def _freezing(plan: LineTest) -> events.LineTestFrozen:
    return events.LineTestFrozen(
        test_id=plan.test_id,
        rule=plan.rule,
        rule_version=plan.rule_version,
        line=plan.line,
        line_hash=plan.line_hash,
        bands=tuple(band.parameters for band in plan.bands),
        band_hashes=tuple(band.rule_set_hash for band in plan.bands),
        sizes=tuple(band.size for band in plan.bands),
        populations=tuple(len(band.population) for band in plan.bands),
        population_sha256=tuple(population_digest(plan, band) for band in plan.bands),
        data_fingerprint=plan.data_fingerprint,
        transactions=plan.transactions,
    )


def _placed(
    uow: Writing, plan: LineTest, picks: Sequence[LinePick], found: Found, at: datetime
) -> list[tuple[LinePick, str, Placement]]:
    """Make alerts and cases of the picks, in the order in which a run would: the bands must not show in the numbers."""
    held = uow.line_tests.held(plan.rule, (found.alerts[pick.alert_id].account_id for pick in picks))
    known = {pick: alert_id for pick in picks if (alert_id := _holder(found.alerts[pick.alert_id], held))}
    new = [pick for pick in picks if pick not in known]
    runs = _runs(uow, plan, new, found, at)
    placed = [(pick, alert_id, Placement.KNOWN) for pick, alert_id in known.items()]
    for pick in sorted(new, key=lambda one: (found.alerts[one.alert_id].window_start, one.alert_id)):
        alert = replace(found.alerts[pick.alert_id], run_id=runs[pick.band], raised_at=at)
        uow.alerts.insert([alert])
        case_id = uow.cases.open_of(alert.customer_id)
        # the desk itself does this, as after a run: the case begins like any other, and nobody has touched it
        if case_id:
            intake.attach(uow, uow.cases.get(case_id), alert, SYSTEM, at)
        else:
            intake.start_case(uow, [alert], SYSTEM, at)
        placed.append((pick, alert.alert_id, Placement.JOINED if case_id else Placement.OPENED))
    return placed


def _holder(alert: Alert, held: Mapping[tuple[str, str], str]) -> str:
    """Return the alert on the desk that shares evidence with this one, or has its id; empty if none does."""
    keys = ((alert.account_id, one) for one in (*alert.transaction_ids, alert.alert_id))
    return min((held[key] for key in keys if key in held), default="")


def _runs(uow: Writing, plan: LineTest, new: Sequence[LinePick], found: Found, at: datetime) -> dict[int, str]:
    """Record a run for each band that raises alerts, since every alert names one; return their ids by band.

    They have no place among the arrivals: nothing is built upon them. At least one event follows for each, so that the ids, which
    follow the ledger's size, are nobody else's.
    """
    size = uow.ledger.head().size
    ids: dict[int, str] = {}
    for number, band in enumerate(plan.bands, start=1):
        alerts = [found.alerts[pick.alert_id] for pick in new if pick.band == number]
        if not alerts:
            continue
        ids[number] = f"R-{size + len(ids) + 1:06}"
        uow.runs.add(
            Run(
                run_id=ids[number],
                ran_at=at,
                until=None,
                rule_set_hash=band.rule_set_hash,
                parameters=f'{{"{plan.rule}":{band.parameters}}}',
                data_fingerprint=plan.data_fingerprint,
                engine=found.engine,
                transactions=plan.transactions,
                new_alerts=len(alerts),
                grown_alerts=0,
                alerts_sha256=findings_sha256(map(finding_digest, alerts)),
            )
        )
    return ids
