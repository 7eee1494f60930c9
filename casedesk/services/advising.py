"""Advise on cases: ask the levels of the cascade, and record what they say as an event that changes nothing else.

Advice is made when a case was opened or its alerts changed, once for the same facts. Levels 1 and 2 are computed here and
can be computed again from what is stored.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from casedesk.domain.advice import Facts, Step, cascade, conclude, facts_digest, steps_digest
from casedesk.domain.advice_table import AdviceTable, table_on
from casedesk.domain.advice_words import Reason, reasons
from casedesk.domain.cases import Case, Stage
from casedesk.domain.events import AdviceGiven
from casedesk.domain.ledger import normalise
from casedesk.domain.narrative import Evidence, Rendered, render
from casedesk.domain.people import SYSTEM, Action, Person, require
from casedesk.language.question import Question, ask_about
from casedesk.services.counsel import UNHEARD, Counsel
from casedesk.services.narratives import evidence_of
from casedesk.services.risk_sources import ON_DESK, RiskSource, ten_thousandths
from casedesk.services.steps import present, record
from casedesk.store.advice_store import Advised
from casedesk.store.unit_of_work import Reading, Writing

#: Cases of one transaction: writers wait for each other, and a run over all cases must not keep people, or transactions, waiting.
_TOGETHER: Final = 10
#: Where people still have to decide.
_UNDECIDED: Final = frozenset({Stage.NEW, Stage.WORKING, Stage.ESCALATED})


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did: cases looked at, newly advised on, and left because nothing new is to be said.

    :ivar asked: of those advised on, how many a language model was to be asked about.
    :ivar moved: left to the next run, because somebody changed them, or advised on them, while the language model was being asked.
    :ivar unheard: of those asked about, how many ended in each way of ``counsel.UNHEARD``; their advice is that of levels 1 and 2.
    """

    examined: int = 0
    advised: int = 0
    unchanged: int = 0
    asked: int = 0
    moved: int = 0
    unheard: tuple[tuple[str, int], ...] = ()


def run(
    *,
    reading: Callable[[], Reading],
    writing: Callable[[], Writing],
    actor: Person,
    at: datetime,
    base_currency: str,
    source: RiskSource = ON_DESK,
    counsel: Counsel | None = None,
    case_ids: Collection[str] = (),
    every: bool = False,
    via: str = "app",
    between: Callable[[float], object] = lambda _: None,
) -> Done:
    """Advise on the cases that people work on and that changed since they were advised on.

    A second run changes nothing. The desk itself gives the advice: whoever starts a run has not worked on the cases.

    :param source: what is known of a case beyond its alerts; the desk's own runs, unless another is given.
    :param counsel: the third level; None where it is switched off, and then nothing leaves the process.
    :param case_ids: these cases only; one that nobody has to decide any more is left alone.
    :param every: also those that did not change, where a model was promoted or the table of advice is a new one.
    :param between: called after each few cases with the seconds that they took, while nobody waits for this.
    :raises NoSuchCase: if one of ``case_ids`` does not exist.
    """
    require(actor, Action.ADVISE)
    with reading() as look:
        waiting = sorted(case_ids) or look.advice.waiting(every=every)
    ask = partial(_news, at=at, base_currency=base_currency, source=source)
    advised, doubtful = 0, list[tuple[Considered, Question]]()
    for start in range(0, len(waiting), _TOGETHER):
        begun = time.monotonic()
        with reading() as look:
            require(present(look, actor), Action.ADVISE)
            cases = [look.cases.get(case_id) for case_id in waiting[start : start + _TOGETHER]]
            news = [found for case in cases if (found := ask(look, case)) is not None]
            unsure = [found for found in news if counsel is not None and counsel.wanted(found.steps)]
            doubtful += [(found, _question(look, found)) for found in unsure]
        left = {found.case.case_id for found in unsure}
        advised += _told(writing, actor, [found for found in news if found.case.case_id not in left], ask, at, via)
        between(time.monotonic() - begun)
    asked, ends = _consulted(writing, counsel, doubtful, at, via) if counsel is not None else (0, Counter())
    unchanged = len(waiting) - advised - len(doubtful)
    unheard = tuple((end, ends[end]) for end in UNHEARD if ends[end])
    return Done(len(waiting), advised + asked, unchanged, asked, len(doubtful) - asked, unheard)


def _told(
    writing: Callable[[], Writing],
    actor: Person,
    news: Sequence[Considered],
    ask: Callable[[Reading | Writing, Case], Considered | None],
    at: datetime,
    via: str,
) -> int:
    """Store what the first two levels say; of a case that has changed since it was considered, what they say by now."""
    if not news:
        return 0
    told = 0
    with writing() as uow:
        require(present(uow, actor), Action.ADVISE)
        for found in news:
            case = uow.cases.get(found.case.case_id)
            still = found if case.version == found.case.version and not _said(uow, found) else ask(uow, case)
            if still is not None:
                store(uow, still, still.steps, (), at, via)
                told += 1
        uow.commit()
    return told


def _said(uow: Writing, found: Considered) -> bool:
    """Say whether the same was advised meanwhile, by another run."""
    last = uow.advice.newest(found.case.case_id)
    return last is not None and last.facts_sha256 == found.digest


def _consulted(
    writing: Callable[[], Writing],
    counsel: Counsel,
    doubtful: Sequence[tuple[Considered, Question]],
    at: datetime,
    via: str,
) -> tuple[int, Counter[str]]:
    """Ask the third level about each case, outside any transaction, and store its advice; return how many, by how each ended."""
    stored, ends = 0, Counter[str]()
    for found, question in doubtful:
        step, said = counsel.consult(question, at)
        with writing() as uow:
            if _said(uow, found) or uow.cases.get(found.case.case_id).version != found.case.version:
                continue
            store(uow, found, (*found.steps, step), said, at, via)
            uow.commit()
        stored += 1
        ends[str(step.output["outcome"])] += 1
    return stored, ends


@dataclass(frozen=True, slots=True)
class Considered:
    """A case with everything that the first two levels go by, and what they said."""

    case: Case
    facts: Facts
    evidence: Evidence
    table: AdviceTable
    steps: tuple[Step, ...]

    @property
    def digest(self) -> str:
        return facts_digest(self.facts, self.table)


def consider(
    uow: Reading | Writing, case: Case, at: datetime, base_currency: str, source: RiskSource
) -> Considered:  # fmt: skip
    """Ask levels 1 and 2 about a case, inside an open unit of work."""
    evidence = evidence_of(uow, case, uow.alerts.of_case(case.case_id), base_currency)
    model = source.score(uow, case)
    score = ten_thousandths(model.score) if model is not None else None
    facts = Facts(
        alerts=case.alerts,
        amount_minor=sum(piece.base_minor for piece in evidence.pieces.values()),
        transactions=len(evidence.pieces),
        exposure=ten_thousandths(source.exposure(uow, case)),
        model=model.version if model is not None and score is not None else "",
        score=score,
    )
    table = table_on(at.date())
    return Considered(case, facts, evidence, table, cascade(facts, table))


def _news(
    uow: Reading | Writing, case: Case, *, at: datetime, base_currency: str, source: RiskSource
) -> Considered | None:
    """Ask levels 1 and 2 about a case; None where nobody has to decide it, or nothing new is to be said."""
    if case.stage not in _UNDECIDED:
        return None
    found = consider(uow, case, at, base_currency, source)
    last = uow.advice.newest(case.case_id)
    return None if last is not None and last.facts_sha256 == found.digest else found


def _question(uow: Reading | Writing, found: Considered) -> Question:
    alerts = uow.alerts.of_case(found.case.case_id)
    transactions = uow.transactions.get_many(sorted(found.evidence.pieces))
    return ask_about(found.facts, alerts, transactions, found.evidence, int(found.steps[-1].output["score"]))


def store(
    uow: Writing, found: Considered, steps: Sequence[Step], said: Sequence[Reason], at: datetime, via: str
) -> None:  # fmt: skip
    """Record advice within a transaction: the event, its row, and a row for each level.

    :param said: what a third level adds to the reasons.
    """
    conclusion = conclude(found.facts, steps, found.table)
    told = reasons(found.facts, steps, conclusion, found.table, found.evidence, said)
    text = _rendered(told, found.evidence)
    event = AdviceGiven(
        verdict=conclusion.verdict.value,
        priority=conclusion.priority,
        report=conclusion.report,
        score=conclusion.score,
        level=conclusion.level,
        table=found.table.version,
        case_version=found.case.version,
        reasons=tuple((reason.about.value, reason.cites) for reason in told),
        facts_sha256=found.digest,
        steps_sha256=steps_digest(steps),
        via=via,
        bound=text.record(),
        notes=text.text,
    )
    _, row = record(uow, found.case, event, SYSTEM, at)
    uow.advice.add(
        Advised(
            event_id=row.event_id,
            case_id=found.case.case_id,
            case_version=found.case.version,
            advised_at=at,
            verdict=event.verdict,
            priority=event.priority,
            report=event.report,
            score=event.score,
            level=event.level,
            facts_sha256=event.facts_sha256,
        ),
        steps,
    )


def _rendered(told: Sequence[Reason], evidence: Evidence) -> Rendered:
    """Put the figures into the reasons, one a line. Accounts are no part of any, so the record need not name them."""
    text = render(normalise("\n".join(reason.text for reason in told)), evidence)
    return replace(text, accounts=())
