"""Triage advice: the first two levels of the cascade, what follows from them, and what a third may add. Pure functions.

Advice decides nothing. It names what a person might do first, with reasons that cite evidence, and is compared with what
people decide (docs/adr/0015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from casedesk.domain.advice_table import WHOLE, AdviceTable
from casedesk.domain.canonical_json import canonical_json
from casedesk.domain.cases import AlertFigures, worst
from casedesk.domain.ledger import digest


class Verdict(StrEnum):
    """What is advised. The CHECK on ``advice.verdict`` lists exactly these."""

    ESCALATE = "ESCALATE"
    REVIEW = "REVIEW"
    DISMISS = "DISMISS"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the first two levels look at. Shares are ten-thousandths.

    :ivar amount_minor: of the evidence, every transaction once.
    :ivar exposure: of the customer, None where nobody computed it.
    :ivar model: the version of the promoted model, empty where there is none; ``score`` is what it gave.
    """

    alerts: tuple[AlertFigures, ...]
    amount_minor: int
    transactions: int
    exposure: int | None = None
    model: str = ""
    score: int | None = None

    def record(self) -> dict[str, Any]:
        """Write them as JSON values, the same for the same facts whatever the order of the alerts."""
        return {
            "alerts": [
                [a.alert_id, a.rule, a.severity, str(a.amount_minor), a.transactions]
                for a in sorted(self.alerts, key=lambda a: a.alert_id)
            ],
            "amount_minor": str(self.amount_minor),
            "transactions": self.transactions,
            "exposure": self.exposure,
            "model": self.model,
            "score": self.score,
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Facts:
        """Read back what :meth:`record` wrote."""
        alerts = tuple(AlertFigures(one, rule, sev, int(minor), n) for one, rule, sev, minor, n in record["alerts"])
        return cls(
            alerts, int(record["amount_minor"]), record["transactions"], record["exposure"], record["model"],
            record["score"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """What one level made of what it was given. ``version`` names the table, the model or the language model.

    :ivar cost_micros: millionths of the unit in which the prices of the language model are set.
    """

    level: int
    version: str
    inputs: Mapping[str, Any]
    output: Mapping[str, Any]
    cost_micros: int = 0

    @property
    def verdict(self) -> str:
        """The verdict; empty where the level leaves it to the next one."""
        return str(self.output.get("verdict", ""))

    def record(self) -> dict[str, Any]:
        """Write it as JSON values, as the ledger vouches for it."""
        return {
            "level": self.level,
            "version": self.version,
            "inputs": dict(self.inputs),
            "output": dict(self.output),
            "cost_micros": self.cost_micros,
        }


def cascade(facts: Facts, table: AdviceTable) -> tuple[Step, ...]:
    """Ask level 1, and level 2 where level 1 has no answer. The same facts and table give the same steps."""
    inputs = facts.record()
    rule, cites = _fast(facts, table)
    verdict = _FAST.get(rule, "")
    first = Step(1, table.name, inputs, {"verdict": verdict, "rule": rule, "cites": list(cites)})
    if verdict:
        return (first,)
    parts = _parts(facts, table)
    score = sum(part for _, part in parts)
    named = f"model {facts.model}" if facts.score is not None else table.name
    output = {"verdict": _by_score(score, table).value, "score": score, "parts": [list(one) for one in parts]}
    return (first, Step(2, named, inputs, output))


#: The rules of level 1 and what each says.
_FAST: Final = {
    "severe": Verdict.ESCALATE.value,
    "exposed": Verdict.ESCALATE.value,
    "slight": Verdict.DISMISS.value,
}


def _fast(facts: Facts, table: AdviceTable) -> tuple[str, tuple[str, ...]]:
    leading = worst(facts.alerts)
    severity, exposure = leading.severity if leading else 0, facts.exposure or 0
    ids = tuple(sorted(a.alert_id for a in facts.alerts))
    if exposure >= table.alert_exposure:
        return "exposed", ids
    if leading is not None and severity >= table.alert_severity:
        return "severe", (leading.alert_id,)
    slight = len(ids) == 1 and severity < table.reject_severity and facts.amount_minor < table.line_minor
    if slight and exposure < table.reject_exposure and facts.score is None:
        return "slight", ids  # a model that was promoted is asked first: it may know what a rule does not
    return "", ()


def _parts(facts: Facts, table: AdviceTable) -> list[tuple[str, int]]:
    """Return the parts of the score, which add up to it: a model's own, or what each fact takes of what is left open."""
    if facts.score is not None:
        return [("model", facts.score)]
    kinds = min(len({alert.rule for alert in facts.alerts}), 3) - 1
    reached = sum(facts.amount_minor >= step for step in table.amount_steps)
    leading = worst(facts.alerts)
    shares = (
        ("severity", table.severity_weight * (leading.severity if leading else 0) // 100),
        ("kinds", table.kinds_weight * max(kinds, 0) // 2),
        ("amount", table.amount_weight * reached // len(table.amount_steps)),
        ("exposure", table.exposure_weight * (facts.exposure or 0) // WHOLE),
    )
    found, left = [], WHOLE
    for name, share in shares:
        part = left * share // WHOLE
        left -= part
        found.append((name, part))
    return found


def _by_score(score: int, table: AdviceTable) -> Verdict:
    if score >= table.escalate_from:
        return Verdict.ESCALATE
    return Verdict.DISMISS if score < table.dismiss_below else Verdict.REVIEW


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What all levels come to. ``score`` is -1 where a fast rule answered and nothing was scored."""

    verdict: Verdict
    priority: int
    report: bool  # whether a report is recommended; as confidential as the report itself
    score: int
    level: int  # the last that answered


def conclude(facts: Facts, steps: Sequence[Step], table: AdviceTable) -> Conclusion:
    """Draw the conclusion from the steps.

    A third level may raise a review to an escalation, and nothing else: it lowers nothing, and recommends no report.
    """
    own = [step for step in steps if step.level < 3]
    verdict = Verdict(own[-1].verdict)
    score = int(own[-1].output.get("score", -1))
    place = _place(verdict, score, table)
    if facts.amount_minor >= table.urgent_minor and verdict is not Verdict.DISMISS:
        place -= 1
    report = verdict is Verdict.ESCALATE and facts.amount_minor >= table.line_minor
    if steps[-1].level == 3 and verdict is Verdict.REVIEW and steps[-1].verdict == Verdict.ESCALATE:
        verdict, place = Verdict.ESCALATE, place - 1
    level = max(step.level for step in steps if step.verdict)
    return Conclusion(verdict, min(max(place, 1), len(table.priorities)), report, score, level)


def _place(verdict: Verdict, score: int, table: AdviceTable) -> int:
    if score < 0:
        return 1 if verdict is Verdict.ESCALATE else len(table.priorities)
    return next(place for place, lowest in enumerate(table.priorities, start=1) if score >= lowest)


def facts_digest(facts: Facts, table: AdviceTable) -> str:
    """Hash what the first two levels go by, to tell whether there is anything new to be said."""
    return digest({"facts": facts.record(), "table": table.version})


def steps_digest(steps: Sequence[Step]) -> str:
    """Hash what every level was given and answered, so that the ledger can vouch for the stored rows."""
    return digest({"steps": [step.record() for step in steps]})


def as_json(values: Mapping[str, Any]) -> str:
    """Write inputs or an output as they are stored."""
    return canonical_json(dict(values)).decode()


def share(value: int) -> str:
    """Write ten-thousandths as a share: ``0.5120``."""
    return f"{value // WHOLE}.{value % WHOLE:04}"
