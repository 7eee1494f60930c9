"""The first two levels of the cascade, and what follows from them: the same facts, the same advice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.detection.rules import RULES
from casedesk.domain.advice import Facts, Step, Verdict, cascade, conclude, facts_digest
from casedesk.domain.advice_steps import GENERAL, STEPS, next_step
from casedesk.domain.advice_table import TABLES, WHOLE
from casedesk.domain.cases import AlertFigures

TABLE = TABLES[-1]
ALERT = AlertFigures("A-000000000001", "structuring", 60, 1_000_000, 4)


def facts(*alerts: AlertFigures, amount: int = 1_000_000, **more: object) -> Facts:
    return replace(Facts(alerts or (ALERT,), amount, 4), **more)


def verdict(of: Facts, *third: Step) -> tuple[str, int, bool, int]:
    found = conclude(of, (*cascade(of, TABLE), *third), TABLE)
    return found.verdict.value, found.priority, found.report, found.level


FACTS = st.builds(
    Facts,
    alerts=st.lists(
        st.builds(
            AlertFigures, st.from_regex(r"A-[0-9A-F]{12}", fullmatch=True), st.sampled_from(sorted(STEPS)),
            st.integers(0, 100), st.integers(0, 10**12), st.integers(1, 500),
        ),
        max_size=6, unique_by=lambda alert: alert.alert_id,
    ).map(tuple),
    amount_minor=st.integers(0, 10**12), transactions=st.integers(0, 500),
    exposure=st.none() | st.integers(0, WHOLE), model=st.sampled_from(["", "m-1"]), score=st.none() | st.integers(0, WHOLE),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(FACTS, st.randoms(use_true_random=False))
def test_advice_follows_from_the_facts_alone_and_the_parts_add_up_to_the_score(of: Facts, chance) -> None:
    shuffled = list(of.alerts)
    chance.shuffle(shuffled)
    again = Facts.read(replace(of, alerts=tuple(shuffled)).record())
    steps = cascade(of, TABLE)
    assert [step.record() for step in cascade(again, TABLE)] == [step.record() for step in steps]
    assert facts_digest(again, TABLE) == facts_digest(of, TABLE)
    found = conclude(of, steps, TABLE)
    assert 1 <= found.priority <= 5
    assert not found.report or (found.verdict is Verdict.ESCALATE and of.amount_minor >= TABLE.line_minor)
    if len(steps) == 2:
        output = steps[1].output
        assert sum(part for _, part in output["parts"]) == output["score"] <= WHOLE


@settings(max_examples=100, deadline=None)
@given(FACTS, st.integers(1, 40))
def test_no_score_falls_when_an_alert_is_worse_or_there_is_more_exposure(of: Facts, more: int) -> None:
    of = replace(of, score=None, model="")
    worse = replace(
        of,
        alerts=tuple(replace(alert, severity=min(100, alert.severity + more)) for alert in of.alerts),
        amount_minor=of.amount_minor * 2,
        exposure=min(WHOLE, (of.exposure or 0) + 100 * more),
    )
    before, after = (conclude(one, cascade(one, TABLE), TABLE) for one in (of, worse))
    order = [Verdict.DISMISS, Verdict.REVIEW, Verdict.ESCALATE]
    assert order.index(after.verdict) >= order.index(before.verdict)
    assert after.priority <= before.priority


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (facts(replace(ALERT, severity=95)), ("ESCALATE", 1, True, 1)),
        (facts(replace(ALERT, severity=94)), ("REVIEW", 3, False, 2)),
        (facts(replace(ALERT, severity=95), amount=499_999), ("ESCALATE", 1, False, 1)),
        (facts(exposure=8_000), ("ESCALATE", 1, True, 1)),
        (facts(exposure=7_999), ("ESCALATE", 2, True, 2)),
        (facts(replace(ALERT, severity=24), amount=499_999), ("DISMISS", 5, False, 1)),
        (facts(replace(ALERT, severity=25), amount=499_999), ("DISMISS", 5, False, 2)),
        (facts(replace(ALERT, severity=24), amount=499_999, score=6_000, model="m-1"), ("ESCALATE", 2, False, 2)),
        (facts(score=5_999, model="m-1"), ("REVIEW", 3, False, 2)),
        (facts(score=3_000, model="m-1"), ("REVIEW", 4, False, 2)),
        (facts(score=2_999, model="m-1"), ("DISMISS", 5, False, 2)),
        (facts(score=5_999, model="m-1", amount=10_000_000), ("REVIEW", 2, False, 2)),
    ],
)  # fmt: skip
def test_each_line_of_the_table_is_where_it_says(of: Facts, said: tuple[str, int, bool, int]) -> None:
    assert verdict(of) == said


def test_a_third_level_may_raise_a_review_and_nothing_else() -> None:
    def third(word: str) -> Step:
        return Step(3, "somebody's model", {}, {"verdict": word})

    review = facts(score=5_000, model="m-1")
    assert verdict(review, third("ESCALATE")) == ("ESCALATE", 2, False, 3)
    assert verdict(review, third("DISMISS")) == verdict(review, third("REVIEW")) == ("REVIEW", 3, False, 3)
    for score in (1_000, 9_000):
        settled = facts(score=score, model="m-1")
        assert verdict(settled, third("ESCALATE"))[:3] == verdict(settled, third("DISMISS"))[:3] == verdict(settled)[:3]


def test_every_rule_has_a_step_of_its_own_and_a_foreign_one_the_general_step() -> None:
    assert STEPS.keys() == {rule.name for rule in RULES}
    assert next_step("a bank's own") == GENERAL
