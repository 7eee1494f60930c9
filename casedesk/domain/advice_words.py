"""The reasons of advice as sentences: a template for every level, figures bound to transactions, evidence named.

Figures are written as in narratives, ``{{sum:case}}``, and so can be computed again by whoever holds the transactions. Nothing
here quotes a text that came with a transaction or that somebody typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from casedesk.domain.advice import Conclusion, Facts, Step, Verdict, share
from casedesk.domain.advice_steps import next_step
from casedesk.domain.advice_table import AdviceTable
from casedesk.domain.cases import AlertFigures, worst
from casedesk.domain.counts import counted
from casedesk.domain.money import format_minor
from casedesk.domain.narrative import Evidence


class About(StrEnum):
    """What a reason is for."""

    VERDICT = "verdict"
    PRIORITY = "priority"
    REPORT = "report"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, one line, with the alerts and transactions it rests on."""

    about: About
    text: str
    cites: tuple[str, ...]


#: More alerts than these are counted, not named one by one.
_MOST_NAMED: Final = 12


def reasons(
    facts: Facts,
    steps: Sequence[Step],
    found: Conclusion,
    table: AdviceTable,
    evidence: Evidence,
    said: Sequence[Reason] = (),
) -> tuple[Reason, ...]:
    """Say why, in the order in which it is read.

    :param said: what a third level adds, checked by whoever asked it.
    """
    leading = worst(facts.alerts)
    ids = tuple(sorted(alert.alert_id for alert in facts.alerts))[:_MOST_NAMED]
    told = [
        Reason(About.VERDICT, _why(facts, steps, table), _grounds(facts, steps)),
        *([Reason(About.VERDICT, _exposed(facts.exposure), ())] if facts.exposure else ()),
        *(_evidence(facts, leading, ids, evidence) if leading is not None else ()),
        *said,
        Reason(About.PRIORITY, _priority(found, facts, table), ids),
        Reason(About.REPORT, _report(found, facts, table, evidence.currency), ids),
    ]
    rule, cites = (leading.rule, (leading.alert_id,)) if leading is not None else ("", ())
    return (*told, Reason(About.NEXT, next_step(rule), cites))


def _why(facts: Facts, steps: Sequence[Step], table: AdviceTable) -> str:
    fast = str(steps[0].output["rule"])
    if fast:
        return {
            "severe": f"An alert has a severity of {table.alert_severity} or more, which always goes to a person who may escalate.",
            "exposed": f"The exposure is {share(table.alert_exposure)} or more, which always goes to a person who may escalate.",
            "slight": f"There is one alert, its severity is below {table.reject_severity}, and the money is below the line of reports.",
        }[fast]
    output = steps[1].output
    parts = ", ".join(f"{name} {share(part)}" for name, part in output["parts"] if part)
    where = {
        Verdict.ESCALATE: f"at or above {share(table.escalate_from)}",
        Verdict.DISMISS: f"below {share(table.dismiss_below)}",
        Verdict.REVIEW: f"between {share(table.dismiss_below)} and {share(table.escalate_from)}",
    }[Verdict(output["verdict"])]
    return f"The score is {share(output['score'])} by {steps[1].version}, {where}: {parts or 'nothing counts'}."


def _grounds(facts: Facts, steps: Sequence[Step]) -> tuple[str, ...]:
    """Name the worst alert of each kind, which is what the score goes by; of a fast rule, what it named."""
    if steps[0].output["rule"]:
        return tuple(steps[0].output["cites"])[:_MOST_NAMED]
    kinds: dict[str, AlertFigures] = {}
    for alert in sorted(facts.alerts, key=lambda a: (-a.severity, a.alert_id)):
        kinds.setdefault(alert.rule, alert)
    return tuple(sorted(alert.alert_id for alert in kinds.values()))[:_MOST_NAMED]


def _exposed(exposure: int | None) -> str:
    return f"The customer's exposure to listed parties is {share(exposure or 0)}."


def _evidence(
    facts: Facts, leading: AlertFigures, ids: tuple[str, ...], evidence: Evidence
) -> Iterator[Reason]:  # fmt: skip
    if not evidence.pieces:
        return
    several = f"{counted(len(facts.alerts), 'alert')} of {counted(len({a.rule for a in facts.alerts}), 'kind')}"
    yield Reason(
        About.VERDICT,
        f"{{{{count:case}}}} transactions of {{{{sum:case}}}} in all, from {{{{first:case}}}} to {{{{last:case}}}}, made {several}."
        if facts.transactions != 1
        else f"One transaction of {{{{sum:case}}}}, of {{{{first:case}}}}, made {several}.",
        ids,
    )
    pieces = evidence.select(leading.alert_id, "")
    largest = min(pieces, key=lambda piece: (-piece.base_minor, piece.booked_at, piece.transaction_id))
    yield Reason(
        About.VERDICT,
        f"The worst alert has a severity of {leading.severity}; its largest transaction is {{{{largest:{leading.alert_id}}}}}.",
        (leading.alert_id, largest.transaction_id),
    )


def _priority(found: Conclusion, facts: Facts, table: AdviceTable) -> str:
    by = "a fast rule" if found.score < 0 else f"the score of {share(found.score)}"
    large = facts.amount_minor >= table.urgent_minor and found.verdict is not Verdict.DISMISS
    raised = found.level == 3 and found.verdict is Verdict.ESCALATE  # it is asked about reviews alone
    also = f"{' and the amount of {{sum:case}}' if large else ''}{', one place up by the language model' if raised else ''}"
    return f"Priority {found.priority} of {len(table.priorities)} by {by}{also}."


def _report(found: Conclusion, facts: Facts, table: AdviceTable, currency: str) -> str:
    line = f"the line of {currency} {format_minor(table.line_minor, currency)}"
    if found.report:
        return f"A report is recommended: {{{{sum:case}}}} is at or above {line}, and the case should be escalated."
    if found.verdict is not Verdict.ESCALATE:
        return f"No report is recommended while the advice is {found.verdict.value}."
    if facts.amount_minor < table.line_minor:
        return f"No report is recommended: the evidence is below {line}."
    return "No report is recommended: only the language model would escalate, and it recommends none."
