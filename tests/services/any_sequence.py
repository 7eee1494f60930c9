"""Three cases and six people, and a model of what the trade allows them.

The model knows the rules from domain.md alone: a few sets and no code of the desk.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Role
from casedesk.errors import CasedeskError
from casedesk.services import assignment, decisions, intake, quality
from casedesk.store.engines import make_engine
from tests.builders import FAIL, NARRATIVE, PASS, RATIONALE, START, TestDesk

PEOPLE = {"ann": "Analyst", "ben": "Analyst", "queenie": "QA", "mia": "Manager", "max": "Manager", "otto": "Auditor"}
WORKERS = ("Analyst", "Manager")


@dataclass
class Model:
    """One case as the rules of the trade see it."""

    stage: str = "new"
    owner: str = ""
    maker: str = ""
    approver: str = ""
    reviewed: bool = False
    worked: set[str] = field(default_factory=set)
    approved_or_returned: set[str] = field(default_factory=set)
    reviewers: set[str] = field(default_factory=set)


class AnySequence(RuleBasedStateMachine):
    """Three cases, six people whose roles change, every step at any time."""

    template: Path | None = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="casedesk-steps-")
        file = Path(self.folder.name) / "desk.db"
        if AnySequence.template is not None:
            file.write_bytes(AnySequence.template.read_bytes())
        self.desk = TestDesk(make_engine(f"sqlite:///{file}"))
        self.roles = dict(PEOPLE)
        self.cases: dict[str, Model] = {}
        self.kept = 0

    @initialize()
    def begin(self) -> None:
        for user_id, role in PEOPLE.items():
            self.desk.hire(Role(role), user_id)
        self.desk.customer()
        self.cases[self.desk.open()] = Model()
        self.cases[self.desk.awaiting(maker="ben")] = Model("awaiting", "ben", "ben", worked={"ben"})
        self.cases[self.desk.closed(maker="ann")] = Model("closed", "ann", "ann", worked={"ann"})

    def teardown(self) -> None:
        self.desk.engine.dispose()
        self.folder.cleanup()

    # what people try

    who = st.sampled_from(sorted(PEOPLE))
    which = st.integers(0, 2)

    def attempt(self, allowed: bool, step: Any, which: int, who: str, **more: Any) -> bool:
        """Try a step; it must come out as the model says, and a refusal must leave every row as it was."""
        before = self.desk.dump()
        try:
            step(**self.desk.who(who, self.name(which)), **more)
        except CasedeskError as refusal:
            if allowed:
                raise AssertionError("refused although the rules allow it") from refusal
            unchanged = self.desk.dump() == before
        else:
            unchanged = None
        if unchanged is not None:
            assert unchanged, "a refusal changed a row"
            return False
        assert allowed, "allowed although the rules forbid it"
        self.kept += 1
        return True

    def name(self, which: int) -> str:
        return sorted(self.cases)[which]

    def model(self, which: int) -> Model:
        return self.cases[self.name(which)]

    def works(self, who: str) -> bool:
        return self.roles[who] in WORKERS

    def manages(self, who: str) -> bool:
        return self.roles[who] == "Manager"

    @rule(who=who, which=which)
    def take(self, who: str, which: int) -> None:
        case = self.model(which)
        open_to = self.manages(who) if case.stage == "escalated" else self.works(who)
        if self.attempt(
            open_to and not case.owner and case.stage in ("new", "working", "escalated"), assignment.take, which, who
        ):
            case.owner = who
            case.stage = "working" if case.stage == "new" else case.stage
            case.worked.add(who)

    @rule(who=who, which=which, to=who)
    def assign(self, who: str, which: int, to: str) -> None:
        case = self.model(which)
        allowed = self.manages(who) and case.stage in ("new", "working", "escalated")
        if self.attempt(allowed and self.works(to) and to != case.owner, assignment.assign, which, who, to=to):
            case.stage = "escalated" if case.stage == "escalated" and self.manages(to) else "working"
            if case.stage == "working":
                case.maker = ""
            case.owner = to
            case.worked.add(who)

    @rule(who=who, which=which, to=who)
    def hand_over(self, who: str, which: int, to: str) -> None:
        case = self.model(which)
        allowed = self.works(who) and case.owner == who and case.stage in ("working", "escalated")
        fit = self.manages(to) if case.stage == "escalated" else self.works(to)
        if self.attempt(allowed and fit and to != who, assignment.hand_over, which, who, to=to, reason="Leave."):
            case.owner = to
            case.worked.add(who)

    @rule(who=who, which=which)
    def release(self, who: str, which: int) -> None:
        case = self.model(which)
        allowed = (case.owner == who and self.works(who)) or (bool(case.owner) and self.manages(who))
        if self.attempt(allowed and case.stage in ("working", "escalated"), assignment.release, which, who):
            case.owner = ""
            case.stage = "new" if case.stage == "working" else case.stage
            case.worked.add(who)

    @rule(who=who, which=which)
    def note(self, who: str, which: int) -> None:
        case = self.model(which)
        if self.attempt(self.works(who) and case.stage != "closed", decisions.add_note, which, who, text="Seen."):
            case.worked.add(who)

    @rule(who=who, which=which, known=st.booleans(), minute=st.integers(0, 3))
    def move_suspicion(self, who: str, which: int, known: bool, minute: int) -> None:
        case = self.model(which)
        stored = self.desk.case(self.name(which))
        at = START - timedelta(days=minute)
        allowed = self.manages(who) or (case.owner == who and self.works(who))
        allowed = allowed and (stored.suspicion_at, stored.suspect_identified) != (at, known)
        if self.attempt(
            allowed and case.stage in ("working", "escalated"), decisions.move_suspicion, which, who,
            suspicion_at=at, suspect_identified=known, reason="A call.",
        ):  # fmt: skip
            case.worked.add(who)

    @rule(who=who, which=which)
    def attach(self, who: str, which: int) -> None:
        case = self.model(which)
        alert = self.desk.alert()
        if self.attempt(self.works(who) and case.stage != "closed", intake.attach_alert, which, who, alert_id=alert):
            case.worked.add(who)

    @rule(who=who, which=which, what=st.sampled_from(["No SAR", "SAR", "SAR", "Escalate"]))
    def decide(self, who: str, which: int, what: str) -> None:
        case = self.model(which)
        allowed = self.works(who) and case.owner == who and case.stage in ("working", "escalated")
        allowed = allowed and not (what == "Escalate" and case.stage == "escalated")
        words = {"No SAR": RATIONALE, "SAR": NARRATIVE, "Escalate": "Too large."}[what]
        said = {"disposition": Disposition(what), "text": words, "base_currency": "USD"}
        if self.attempt(allowed, decisions.set_disposition, which, who, **said):
            case.stage = {"No SAR": "closed", "SAR": "awaiting", "Escalate": "escalated"}[what]
            case.owner = "" if what == "Escalate" else case.owner
            case.maker, case.approver, case.reviewed = who, "", False
            case.worked.add(who)

    @precondition(lambda self: any(case.owner for case in self.cases.values()))
    @rule(which=which, what=st.sampled_from(["No SAR", "SAR", "SAR", "Escalate"]))
    def the_owner_decides(self, which: int, what: str) -> None:
        """A likely step, so that random walks get far."""
        if self.model(which).owner:
            self.decide(self.model(which).owner, which, what)

    @precondition(lambda self: any(case.stage in ("new", "escalated") for case in self.cases.values()))
    @rule(which=which, who=st.sampled_from(["ann", "mia", "max"]))
    def somebody_takes(self, which: int, who: str) -> None:
        """Likewise."""
        if not self.model(which).owner:
            self.take(who, which)

    @rule(who=who, which=which)
    def approve(self, who: str, which: int) -> None:
        case = self.model(which)
        clean = who not in case.worked | case.reviewers
        if self.attempt(self.manages(who) and case.stage == "awaiting" and clean, decisions.approve, which, who):
            assert who != case.maker
            case.stage, case.approver, case.reviewed = "closed", who, False
            case.approved_or_returned.add(who)

    @rule(who=who, which=which)
    def send_back(self, who: str, which: int) -> None:
        case = self.model(which)
        clean = who not in case.worked | case.reviewers
        if self.attempt(
            self.manages(who) and case.stage == "awaiting" and clean, decisions.send_back, which, who, reason="More."
        ):
            case.stage, case.maker = "working", ""
            case.approved_or_returned.add(who)

    @rule(who=who, which=which)
    def reopen(self, who: str, which: int) -> None:
        case = self.model(which)
        if self.attempt(
            self.manages(who) and case.stage == "closed", decisions.reopen, which, who, reason="A subpoena."
        ):
            case.stage, case.maker, case.approver = "working", "", ""
            case.worked.add(who)

    @rule(who=who, which=which, passed=st.booleans())
    def review(self, who: str, which: int, passed: bool) -> None:
        case = self.model(which)
        clean = who not in case.worked | case.approved_or_returned
        allowed = self.roles[who] == "QA" and case.stage == "closed" and clean and not case.reviewed
        if self.attempt(allowed, quality.review, which, who, form=PASS if passed else FAIL):
            case.reviewers.add(who)
            case.reviewed = True
            if not passed:
                case.owner = case.maker if self.works(case.maker) else ""
                case.stage, case.maker, case.approver = "working", "", ""

    @rule(who=who, role=st.sampled_from(["Analyst", "QA", "Manager", "Manager"]))
    def change_role(self, who: str, role: str) -> None:
        self.desk.hire(Role(role), who)
        self.roles[who] = role

    @rule(which=which, number=st.integers(0, 5), role=st.sampled_from(["Manager", "QA"]), passed=st.booleans())
    def who_had_a_hand_in_it_becomes_a_judge(self, which: int, number: int, role: str, passed: bool) -> None:
        """The ways round the separation of duties, far likelier than chance would try them."""
        case = self.model(which)
        hands = sorted(case.worked | case.approved_or_returned | case.reviewers)
        who = hands[number % len(hands)] if hands else "mia"
        self.change_role(who, role)
        if role == "QA":
            self.review(who, which, passed)
        elif passed:
            self.approve(who, which)
        else:
            self.send_back(who, which)

    @rule(which=which, who=who, passed=st.booleans())
    def a_judge_judges(self, which: int, who: str, passed: bool) -> None:
        """So that cases get closed and reviewed at all."""
        if self.model(which).stage == "awaiting":
            managers = sorted(user for user, role in self.roles.items() if role == "Manager")
            clean = [user for user in managers if user not in self.model(which).worked]
            self.approve((clean or managers or [who])[0], which)
        elif self.model(which).stage == "closed":
            reviewers = sorted(user for user, role in self.roles.items() if role == "QA")
            self.review((reviewers or [who])[-1], which, passed)

    # what must hold after each

    @invariant()
    def the_desk_says_what_the_model_says(self) -> None:
        stages = {"in review": "working", "escalated to the managers": "escalated", "waiting for approval": "awaiting"}
        for case_id, model in self.cases.items():
            case = self.desk.case(case_id)
            assert stages.get(case.stage.value, case.stage.value) == model.stage
            assert (case.owner, case.decided_by, case.approved_by) == (model.owner, model.maker, model.approver)

    @invariant()
    def duties_are_separated_and_states_make_sense(self) -> None:
        with self.desk.engine.connect() as connection:
            rows = connection.execute(text("SELECT * FROM cases")).all()
            events = connection.execute(text('SELECT case_id, "user", action FROM case_events ORDER BY event_id')).all()
        touched: dict[str, set[str]] = defaultdict(set)
        for case_id, user, action in events:
            if action in ("review_passed", "review_failed"):
                assert user not in touched[case_id], "the reviewer had worked on the case"
            elif action in ("disposition_approved", "disposition_returned"):
                pass  # judging, not working; the reviewer's bar on it is the model's
            else:
                touched[case_id].add(user)
            if action == "disposition_approved":
                assert user not in touched[case_id], "the approver had worked on the case"
        for row in rows:
            assert row.approved_by is None or row.approved_by != row.decided_by
            assert row.status != "Closed" or row.disposition in ("No SAR", "SAR")
            assert row.status != "New" or (row.owner is None and row.disposition == "")
            if row.status == "Closed" and row.disposition == "SAR":
                assert row.approved_by is not None

    @invariant()
    def rows_are_what_the_ledger_adds_up_to(self) -> None:
        report = self.desk.verify()
        if self.cases:
            assert report.verdict.value == "VERIFIED", report.sentence()

    def check(self) -> None:
        self.the_desk_says_what_the_model_says()
        self.duties_are_separated_and_states_make_sense()
        self.rows_are_what_the_ledger_adds_up_to()
