"""Any sequence of steps by anybody: what is allowed, where it leads, and what must hold after each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.databases import migrated
from tests.services.any_sequence import PEOPLE, AnySequence


@pytest.fixture(scope="module", autouse=True)
def _template(tmp_path_factory: pytest.TempPathFactory) -> None:
    AnySequence.template = tmp_path_factory.mktemp("steps") / "template.db"
    migrated(f"sqlite:///{AnySequence.template}")


def one_step(machine: AnySequence, random: Random) -> None:
    """Take a random step: mostly by somebody who might, now and then by anybody."""
    which, who = random.randrange(3), random.choice(sorted(PEOPLE))
    case, to = machine.model(which), random.choice(sorted(PEOPLE))
    if random.random() < 0.6:
        who = case.owner or random.choice([u for u in sorted(PEOPLE) if machine.works(u)] or [who])
    what = random.choice(["No SAR", "SAR", "SAR", "Escalate", "Escalate"])
    managers = [u for u in sorted(PEOPLE) if machine.manages(u)]
    manager = random.choice([u for u in managers if u not in case.worked] or managers or [who])
    steps: list[Callable[[], object]] = [
        lambda: machine.take(who, which),
        lambda: machine.somebody_takes(which, random.choice(["ann", "mia", "max"])),
        lambda: machine.assign(random.choice(["mia", "max"]), which, to),
        lambda: machine.hand_over(who, which, to),
        lambda: machine.hand_over(case.owner or who, which, random.choice(["ann", "mia", "max"])),
        lambda: machine.move_suspicion(case.owner or who, which, False, random.randrange(4)),
        lambda: machine.release(who, which),
        lambda: machine.note(who, which),
        lambda: machine.move_suspicion(who, which, random.random() < 0.5, random.randrange(4)),
        lambda: machine.attach(who, which),
        lambda: machine.decide(who, which, what),
        lambda: machine.the_owner_decides(which, what),
        lambda: machine.the_owner_decides(which, what),
        lambda: machine.send_back(manager, which),
        lambda: machine.send_back(manager, which),
        lambda: machine.reopen(manager, which),
        lambda: machine.review(who, which, random.random() < 0.5),
        lambda: machine.who_had_a_hand_in_it_becomes_a_judge(
            which, random.randrange(6), random.choice(["Manager", "QA"]), random.random() < 0.5
        ),
        lambda: machine.a_judge_judges(which, who, random.random() < 0.4),
        lambda: machine.a_judge_judges(which, who, random.random() < 0.4),
        lambda: machine.change_role(to, PEOPLE[to]),
        lambda: machine.change_role(to, PEOPLE[to]),
    ]
    random.choice(steps)()


#: How often each kind of event came about in the long walks, beyond the cases' beginnings.
SEEN: Counter[str] = Counter()
WALKS = range(8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", WALKS)
def test_a_long_walk_keeps_the_rules_after_every_step(seed: int) -> None:
    machine, random = AnySequence(), Random(seed)
    try:
        machine.begin()
        beginning = Counter(action for case_id in machine.cases for action in machine.desk.actions(case_id))
        for _ in range(130):
            one_step(machine, random)
            machine.check()
        SEEN.update(Counter(a for case_id in machine.cases for a in machine.desk.actions(case_id)) - beginning)
        SEEN["escalated"] += sum(
            event.data.get("disposition") == "Escalate" for c in machine.cases for event in machine.desk.history(c)
        )
    finally:
        machine.teardown()


@pytest.mark.slow
def test_the_walks_went_everywhere() -> None:
    """Without this a walk in which nearly everything is refused would pass for a thorough one."""
    if not SEEN:
        pytest.skip("the long walks did not run in this process")
    kinds = (
        "case_taken", "case_assigned", "case_handed_over", "case_released", "note_added", "disposition_set",
        "disposition_approved", "disposition_returned", "case_reopened", "review_passed", "review_failed",
        "suspicion_moved", "alert_attached", "escalated",
    )  # fmt: skip
    assert {kind: SEEN[kind] for kind in kinds if SEEN[kind] < 5} == {}


@pytest.mark.slow
def test_any_sequence_of_steps_keeps_the_rules() -> None:
    """Hypothesis looks where a random walk would not; its walks are short."""
    steps = AnySequence.TestCase()
    steps.settings = settings(
        max_examples=12,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # shrinking such walks takes minutes
    )
    steps.runTest()
