"""What becomes of a case in the demo desk: a script of steps, each at its own working hour."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from casedesk.bootstrap import Desk
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.casework import CHECKLIST, Review
from casedesk.domain.narrative import StaleFigure
from casedesk.domain.people import Person
from casedesk.services import assignment, casefile, decisions, quality
from seeds import prose
from seeds.chance import Dice
from seeds.staff import ANALYSTS, BY_ID, MANAGERS, REVIEWERS

Step = Callable[[datetime], None]
FillIn = Callable[[Person, datetime], None]  # (maker, when)


@dataclass(order=True)
class _Planned:
    at: datetime
    order: int
    step: Step = field(compare=False)


class Diary:
    """Steps still to come, in the order of their time."""

    def __init__(self) -> None:
        self._heap: list[_Planned] = []
        self._count = 0

    def plan(self, at: datetime, step: Step) -> None:
        """Plan a step."""
        self._count += 1
        heapq.heappush(self._heap, _Planned(at, self._count, step))

    def run_until(self, limit: datetime) -> int:
        """Take every step due before ``limit``, those planned on the way included; return how many."""
        taken = 0
        while self._heap and self._heap[0].at < limit:
            planned = heapq.heappop(self._heap)
            planned.step(planned.at)
            taken += 1
        return taken


def working_hour(dice: Dice, at: datetime) -> datetime:
    """Move a moment to the next minute somebody is at work: Monday to Friday, 8 to 18 h UTC, never back."""
    if at.time() >= time(18):
        at = datetime.combine(at.date() + timedelta(days=1), time(8), at.tzinfo)
    elif at.time() < time(8):
        at = datetime.combine(at.date(), time(8), at.tzinfo)
    while at.weekday() >= 5:
        at = datetime.combine(at.date() + timedelta(days=1), time(8), at.tzinfo)
    room = int((datetime.combine(at.date(), time(18), at.tzinfo) - at).total_seconds()) - 1
    drift = timedelta(seconds=dice.below(max(1, min(room, 5400))), microseconds=dice.below(1_000_000))
    return at + drift


class Career:
    """One case's way through the desk.

    ``guilty`` says whether a planted pattern is in its evidence; ``fill_in`` is how the maker of a report fills in its form.
    """

    def __init__(
        self, desk: Desk, diary: Diary, case_id: str, opened: datetime, seed: int, *, guilty: bool, fill_in: FillIn
    ) -> None:
        self.fill_in = fill_in
        self.desk = desk
        self.diary = diary
        self.case_id = case_id
        self.dice = Dice("career", seed, case_id)
        self.guilty = guilty
        self.analyst = self.dice.pick(ANALYSTS)
        self.open_to_the_end = False
        self.pace = self._pace()
        if self.pace != "untouched":
            self._after(opened, hours=self.dice.between(2, 90), step=self.begin)

    def _pace(self) -> str:
        """Most cases go their way in two weeks; some are slow, some stand still with an owner, some nobody took."""
        place = self.dice.unit()
        if place < 0.62:
            return "steady"
        if place < 0.80:
            return "slow"
        return "stuck" if place < 0.92 else "untouched"

    def _after(self, at: datetime, *, hours: int, step: Step) -> None:
        self.diary.plan(working_hour(self.dice, at + timedelta(hours=hours)), step)

    def _file(self, who: Person) -> casefile.CaseFile:
        return casefile.read(uow=self.desk.reading(), actor=who, case_id=self.case_id)

    def begin(self, at: datetime) -> None:
        """Somebody takes the case, or is given it."""
        if self.dice.happens(0.15):
            manager = BY_ID[self.dice.pick(MANAGERS)]
            assignment.assign(
                uow=self.desk.writing(), actor=manager, at=at, case_id=self.case_id, seen_version=None,
                to=self.analyst, reason="", via="demo",
            )  # fmt: skip
        else:
            assignment.take(
                uow=self.desk.writing(), actor=BY_ID[self.analyst], at=at, case_id=self.case_id, seen_version=None,
                via="demo",
            )  # fmt: skip
        self._after(at, hours=self.dice.between(0, 6), step=self.note_first)

    def note_first(self, at: datetime) -> None:
        """The analyst writes what they looked at; some cases change hands, and on some the suspicion date moves."""
        me = BY_ID[self.analyst]
        self._note(me, prose.first_note(self.dice, self._file(me)), at)
        if self.dice.happens(0.05):
            self._after(at, hours=self.dice.between(3, 30), step=self.give_back)
            return
        if self.dice.happens(0.10):
            self._after(at, hours=self.dice.between(3, 40), step=self.hand_over)
        elif self.guilty and self.dice.happens(0.25):
            self._after(at, hours=self.dice.between(3, 40), step=self.move_suspicion)
        if self.pace == "stuck":
            if self.dice.happens(0.5):
                self._after(at, hours=24 * self.dice.between(3, 20), step=self.escalate)
            return
        days = self.dice.between(16, 34) if self.pace == "slow" else self.dice.between(2, 9)
        self._after(at, hours=24 * days - 20, step=self.note_later)
        self._after(at, hours=24 * days + 4, step=self.decide)

    def note_later(self, at: datetime) -> None:
        """The analyst writes what came back."""
        me = BY_ID[self.analyst]
        file = self._file(me)
        if file.stage is Stage.WORKING:
            self._note(me, prose.later_note(self.dice, file), at)

    def give_back(self, at: datetime) -> None:
        """The case returns to the queue, and somebody else takes it later."""
        assignment.release(
            uow=self.desk.writing(), actor=BY_ID[self.analyst], at=at, case_id=self.case_id, seen_version=None,
            reason=self.dice.pick(prose.RELEASES), via="demo",
        )  # fmt: skip
        self.analyst = self.dice.pick([a for a in ANALYSTS if a != self.analyst])
        self._after(at, hours=self.dice.between(20, 60), step=self.begin)

    def hand_over(self, at: datetime) -> None:
        """A colleague goes on."""
        colleague = self.dice.pick([a for a in ANALYSTS if a != self.analyst])
        assignment.hand_over(
            uow=self.desk.writing(), actor=BY_ID[self.analyst], at=at, case_id=self.case_id, seen_version=None,
            to=colleague, reason=self.dice.pick(prose.HANDOVERS), via="demo",
        )  # fmt: skip
        self.analyst = colleague

    def move_suspicion(self, at: datetime) -> None:
        """The facts that speak for a filing came later than the alert."""
        file = self._file(BY_ID[self.analyst])
        moved = min(at, file.case.alerted_at + timedelta(days=self.dice.between(1, 4)))
        decisions.move_suspicion(
            uow=self.desk.writing(), actor=BY_ID[self.analyst], at=at, case_id=self.case_id, seen_version=None,
            suspicion_at=moved, suspect_identified=self.dice.happens(0.9), reason=self.dice.pick(prose.SUSPICIONS),
            via="demo",
        )  # fmt: skip

    def decide(self, at: datetime) -> None:
        """The analyst decides: mostly what is true, sometimes not."""
        place = self.dice.unit()
        me = BY_ID[self.analyst]
        file = self._file(me)
        if file.stage is not Stage.WORKING or file.case.owner != me.user_id:
            return
        if place < 0.12:
            self._dispose(me, Disposition.ESCALATE, prose.escalation(self.dice), at)
            self._after(at, hours=self.dice.between(4, 50), step=self.manage)
        elif (place < 0.78) == self.guilty:
            self._report(me, at)
        else:
            self._dispose(me, Disposition.NO_SAR, prose.rationale(self.dice, file), at)
            if self.dice.happens(0.04):
                self._after(at, hours=24 * self.dice.between(3, 12), step=self.reopen)

    def hand_in(self, at: datetime) -> bool:
        """Report the case now, if its analyst is at work on it. Say whether that was so."""
        me = BY_ID[self.analyst]
        case = self._file(me).case
        if case.stage is not Stage.WORKING or case.owner != me.user_id or self.open_to_the_end:
            return False
        self._report(me, at)
        return True

    def escalate(self, at: datetime) -> None:
        """The analyst escalates, and no manager has come to it yet."""
        me = BY_ID[self.analyst]
        file = self._file(me)
        if file.stage is Stage.WORKING and file.case.owner == me.user_id:
            self._dispose(me, Disposition.ESCALATE, prose.escalation(self.dice), at)

    def manage(self, at: datetime) -> None:
        """A manager takes an escalated case and decides it."""
        manager = BY_ID[self.dice.pick(MANAGERS)]
        assignment.take(
            uow=self.desk.writing(), actor=manager, at=at, case_id=self.case_id, seen_version=None, via="demo"
        )

        def conclude(later: datetime) -> None:
            if self.guilty:
                self._report(manager, later)
            else:
                self._dispose(manager, Disposition.NO_SAR, prose.rationale(self.dice, self._file(manager)), later)

        self._after(at, hours=self.dice.between(5, 70), step=conclude)

    def _report(self, maker: Person, at: datetime, more: str = "") -> None:
        text = prose.narrative(self.dice, self._file(maker), more=more)
        self.fill_in(maker, at)
        self._dispose(maker, Disposition.SAR, text, at)
        self._after(at, hours=self.dice.between(6, 80), step=lambda later: self.judge(maker, later))

    def judge(self, maker: Person, at: datetime) -> None:
        """A manager who has not touched the case approves the report, or sends it back once."""
        free = [BY_ID[m] for m in MANAGERS if not self._file(BY_ID[m]).touched]
        if not free:
            return  # both managers worked on it: it waits, as it would in life, until a third is there
        manager = self.dice.pick(free)
        decisions.read_narrative(uow=self.desk.writing(), actor=manager, at=at, case_id=self.case_id, via="demo")
        if self.dice.happens(0.2):
            self._send_back(manager, maker, at, self.dice.pick(prose.RETURNS))
            return
        try:
            decisions.approve(
                uow=self.desk.writing(), actor=manager, at=at, case_id=self.case_id, seen_version=None, via="demo"
            )
        except StaleFigure as stale:  # an alert grew while the report waited
            self._send_back(manager, maker, at, str(stale))

    def _send_back(self, manager: Person, maker: Person, at: datetime, reason: str) -> None:
        decisions.send_back(
            uow=self.desk.writing(), actor=manager, at=at, case_id=self.case_id, seen_version=None, reason=reason,
            via="demo",
        )  # fmt: skip
        more = "Dates, branches and the further use of the funds were added after the first submission."
        self._after(at, hours=self.dice.between(3, 40), step=lambda later: self._report(maker, later, more))

    def reopen(self, at: datetime) -> None:
        """A manager opens the case again, and the analyst decides once more."""
        manager = BY_ID[self.dice.pick(MANAGERS)]
        if self._file(manager).stage is not Stage.CLOSED:
            return
        decisions.reopen(
            uow=self.desk.writing(), actor=manager, at=at, case_id=self.case_id, seen_version=None,
            reason=self.dice.pick(prose.REOPENINGS), via="demo",
        )  # fmt: skip
        self._after(at, hours=self.dice.between(30, 150), step=self.decide)

    def review(self, at: datetime) -> None:
        """A reviewer who has not touched the case passes it, or fails it and the analyst does it again."""
        file = self._file(BY_ID[REVIEWERS[0]])
        if file.stage is not Stage.CLOSED or file.case.qa_status:
            return
        reviewer = BY_ID[self.dice.pick(REVIEWERS)]
        fails = self.dice.happens(0.14)
        missing = {self.dice.pick(list(CHECKLIST))} if fails else set()
        form = Review(
            passed=not fails,
            checklist=frozenset(CHECKLIST.keys() - missing),
            notes=self.dice.pick(prose.FINDINGS) if fails else "",
            severity=self.dice.pick(("Minor", "Major", "Major", "Critical")) if fails else "",
        )
        quality.review(
            uow=self.desk.writing(), actor=reviewer, at=at, case_id=self.case_id, seen_version=None, form=form,
            via="demo",
        )  # fmt: skip
        if fails:
            self.analyst = file.case.decided_by
            self._after(at, hours=self.dice.between(8, 60), step=self.rework)

    def rework(self, at: datetime) -> None:
        """The maker deals with the finding and decides again."""
        me = BY_ID[self.analyst]
        self._note(me, "Finding of the review read. The missing point was looked into and is now on file.", at)
        self._after(at, hours=self.dice.between(4, 50), step=self.decide)

    def look_into(self, at: datetime) -> None:
        """The owner of a refused report asks for what the filing system missed."""
        text = (
            "Remark of the filing system read: the street address is missing. Asked the branch for the signature card."
        )
        self._note(BY_ID[self.analyst], text, at)

    def _note(self, who: Person, text: str, at: datetime) -> None:
        decisions.add_note(
            uow=self.desk.writing(), actor=who, at=at, case_id=self.case_id, seen_version=None, text=text, via="demo"
        )

    def _dispose(self, who: Person, disposition: Disposition, text: str, at: datetime) -> None:
        decisions.set_disposition(
            uow=self.desk.writing(), actor=who, at=at, case_id=self.case_id, seen_version=None,
            disposition=disposition, text=text, base_currency=self.desk.settings.base_currency,
            approval_required=self.desk.settings.approval_required, via="demo",
        )  # fmt: skip
