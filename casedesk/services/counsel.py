"""The third level of the cascade: ask a language model about a case, within a budget, and believe little of it.

Every way in which this can fail ends alike: the advice stands as levels 1 and 2 gave it, and the step says what happened.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from casedesk.domain.advice import Step, Verdict
from casedesk.domain.advice_table import WHOLE
from casedesk.domain.advice_words import About, Reason
from casedesk.domain.people import Action, Person, require
from casedesk.language.answer import Discarded, Opinion, read, unwrap
from casedesk.language.breaker import Breaker
from casedesk.language.cache import Cache
from casedesk.language.endpoint import Asks, NoAnswer
from casedesk.language.question import INSTRUCTIONS, VERSION, Question
from casedesk.store.language_store import CallState, Spent
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["Budget", "Counsel", "Spending", "Spent", "spending"]

MILLION: Final = 1_000_000

#: How a question can end without an answer that counts, and what is said of so many cases.
UNHEARD: Final = {
    "failed": "got no answer that could be read in time",
    "discarded": "got an answer that was not believed",
    "resting": "were not asked, because the endpoint had failed three times in a row",
    "over budget": "were not asked, because the day's budget is spent",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in a day in UTC, by all processes of the desk together."""

    money: Decimal
    calls: int

    @property
    def micros(self) -> int:
        return int(self.money * MILLION)


class Counsel:
    """A language model that may be asked where the score lies in a band."""

    def __init__(
        self,
        *,
        asks: Asks,
        budget: Budget,
        band: tuple[Decimal, Decimal],
        cache: Cache,
        writing: Callable[[], Writing],
        breaker: Breaker | None = None,
    ) -> None:
        self._asks, self._budget, self._cache, self._writing = asks, budget, cache, writing
        self._band = tuple(int(edge * WHOLE) for edge in band)
        self._breaker = breaker or Breaker()

    def wanted(self, steps: tuple[Step, ...]) -> bool:
        """Say whether a score is in the band. Only a review is ever asked about: nothing else could change."""
        last = steps[-1]
        low, high = self._band
        return last.level == 2 and last.verdict == Verdict.REVIEW and low <= int(last.output["score"]) <= high

    def consult(self, question: Question, at: datetime) -> tuple[Step, tuple[Reason, ...]]:
        """Ask, and return the step with the reasons it adds; none where the answer was not believed or nobody was asked.

        Call it outside any transaction: an endpoint takes seconds.
        """
        key = f"{self._asks.version}:{question.sha256}"
        kept = self._cache.get(key)
        if kept is not None:
            try:
                return self._step(question, "remembered", 0, read(kept, question.known))
            except Discarded:
                pass  # asked again below; the answer that comes replaces it
        if not self._breaker.closed():
            return self._step(question, "resting", 0)
        call_id = self._reserve(question, at)
        if not call_id:
            return self._step(question, "over budget", 0)
        return self._ask(question, call_id, key, at)

    def _ask(self, question: Question, call_id: str, key: str, at: datetime) -> tuple[Step, tuple[Reason, ...]]:
        most = self._asks.most_micros(INSTRUCTIONS, question.text)
        try:
            body = self._asks.ask(INSTRUCTIONS, question.text)
        except NoAnswer:
            self._breaker.failed()
            self._settle(call_id, CallState.FAILED, most, at)  # it may have cost all the same
            return self._step(question, "failed", most)
        sent, cost = len(INSTRUCTIONS.encode()) + len(question.text.encode()), most
        try:
            envelope = unwrap(body)
            told = self._asks.cost_micros(sent, len(envelope.content.encode()), envelope.tokens_in, envelope.tokens_out)
            cost = min(most, told)
            self._breaker.succeeded()
            opinion = read(envelope.content, question.known)
        except (Discarded, UnicodeEncodeError):
            self._settle(call_id, CallState.DISCARDED, cost, at)
            return self._step(question, "discarded", cost)
        self._settle(call_id, CallState.ANSWERED, cost, at)
        self._cache.put(key, envelope.content)
        return self._step(question, "answered", cost, opinion)

    def _reserve(self, question: Question, at: datetime) -> str:
        """Count the call at the most it can cost, if that still fits; return its id, or the empty string."""
        most = self._asks.most_micros(INSTRUCTIONS, question.text)
        call_id = f"L-{secrets.token_hex(8)}"
        with self._writing() as uow:
            calls, spent = uow.language.spent(at.date())
            if calls >= self._budget.calls or spent + most > self._budget.micros:
                return ""
            uow.language.reserve(call_id, self._asks.version, question.sha256, most, at)
            uow.commit()
        return call_id

    def _settle(self, call_id: str, state: CallState, cost: int, at: datetime) -> None:
        with self._writing() as uow:
            uow.language.settle(call_id, state, cost, at)
            uow.commit()

    def _step(
        self, question: Question, outcome: str, cost: int, opinion: Opinion | None = None
    ) -> tuple[Step, tuple[Reason, ...]]:
        said = () if opinion is None else _said(opinion)
        output: Mapping[str, Any] = {
            "outcome": outcome,
            "verdict": opinion.verdict if opinion else "",
            "reasons": [[text, list(cites)] for text, cites in opinion.reasons] if opinion else [],
        }
        inputs = {"question": question.text, "sha256": question.sha256, "words": VERSION}
        return Step(3, f"language model {self._asks.version}"[:160], inputs, output, cost), said


def _said(opinion: Opinion) -> tuple[Reason, ...]:
    told = [
        Reason(About.VERDICT, f"The language model adds: {text.rstrip('. ')}.", cites)
        for text, cites in opinion.reasons
    ]
    if opinion.verdict == Verdict.DISMISS:
        lower = "The language model would dismiss the case; it may raise a review, and lowers nothing."
        told.append(Reason(About.VERDICT, lower, ()))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent on the language model, by day; ``budget`` is None where none is switched on."""

    days: tuple[Spent, ...]
    budget: Budget | None


def spending(*, uow: Reading, actor: Person, budget: Budget | None, limit: int = 14) -> Spending:
    """Return what the last days cost. Figures of running the desk: they tell of no case."""
    require(actor, Action.TUNE)
    with uow:
        return Spending(uow.language.days(limit), budget)
