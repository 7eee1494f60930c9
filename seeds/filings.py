"""Reports of the demo bank on their way: forms filled in by their makers, batches each week, answers days later.

The bank does not exist, and neither does the code under which it sent what it sent: no filing system takes such a file. In its own
story these reports were filed, so that their clocks run. Whatever somebody produces in the open demo bank goes by ``institution.toml``
and is a test. Two reports were refused: one was corrected and sent again, on the other somebody still works. What was approved in the
last days still waits, was produced, or was transmitted and not answered yet.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from casedesk.bootstrap import Desk
from casedesk.domain.people import Person
from casedesk.domain.reports.activity import Involved
from casedesk.domain.reports.institution import Institution
from casedesk.domain.reports.parties import Identification, IdentificationKind
from casedesk.domain.reports.report import Report
from casedesk.formats.institution_file import read_institution
from casedesk.services import answers, outgoing, report_forms
from seeds.careers import Diary, working_hour
from seeds.chance import Dice
from seeds.staff import BY_ID, MANAGERS

PROFILE: Final = Path(__file__).with_name("institution.toml")
_SENDER: Final = BY_ID[MANAGERS[0]]
#: The number of the first report; FinCEN's have fourteen digits.
_FIRST_NUMBER: Final = 31000055053784

#: Under which code the story's batches went out; FinCEN assigns none like it.
_CODE: Final = "PDEMOAVB"
#: What was refused so shortly before the demo bank opens is still being worked on then.
_OPEN_DAYS: Final = 10

#: Monday, Wednesday and Friday.
_DAYS: Final = (0, 2, 4)

Rework = Callable[[str, datetime], None]  # (case, when)


def _sender() -> Institution:
    """Return the profile as the bank of the story had it."""
    profile = read_institution(PROFILE)
    transmitter = profile.transmitter.model_copy(update={"control_code": _CODE})
    return profile.model_copy(update={"test": False, "transmitter": transmitter})


def fill_in(desk: Desk, maker: Person, case_id: str, at: datetime, seed: int) -> None:
    """Let the maker of a report add to its form what an analyst finds in the customer's file, and save it."""
    dice = Dice("form", seed, case_id)
    found = report_forms.read(
        uow=desk.reading(), actor=maker, case_id=case_id, base_currency=desk.settings.base_currency
    )
    report_forms.save(
        uow=desk.writing(), actor=maker, at=at, case_id=case_id, seen_version=None, report=_added(found.report, dice),
        via="demo",
    )  # fmt: skip


def _added(report: Report, dice: Dice) -> Report:
    subject = report.subjects[0]
    passport = Identification(kind=IdentificationKind.PASSPORT, number=f"P{dice.below(10**8):08}")
    born = f"{1950 + dice.below(50)}-{1 + dice.below(12):02}-{1 + dice.below(28):02}"
    if not subject.entity and not subject.identifications:
        subject = subject.model_copy(update={"born": born, "identifications": (passport,)})
    activity = report.activity
    if activity.amount is None:  # the desk counts in another currency, and nobody has converted it yet
        activity = activity.model_copy(update={"involved": Involved.UNKNOWN})
    return report.model_copy(update={"subjects": (subject, *report.subjects[1:]), "activity": activity})


class Outbox:
    """Sends what was approved, and records what comes back.

    :param rework: what follows a refusal: the case is decided anew.
    :param look_into: what follows the last one, on which somebody still works: no more than a note.
    """

    def __init__(
        self, desk: Desk, diary: Diary, seed: int, until: datetime, *, rework: Rework, look_into: Rework
    ) -> None:
        self.desk, self.diary, self.until, self.rework, self.look_into = desk, diary, until, rework, look_into
        self.institution = _sender()
        self.dice = Dice("outbox", seed)
        self.numbers = 0
        self.refused = self.left_open = False

    def plan(self, start: datetime) -> None:
        """Plan a batch for some afternoons of each week."""
        day = start
        while day < self.until:
            if day.weekday() in _DAYS:
                self.diary.plan(working_hour(self.dice, day.replace(hour=15)), self._send)
            day += timedelta(days=1)

    def _send(self, at: datetime) -> None:
        try:
            made = outgoing.produce(
                uow=self.desk.writing(), actor=_SENDER, at=at, institution=self.institution, via="demo"
            )
        except outgoing.NothingToSend:
            return
        cases = tuple(one.case_id for one in made.filings)
        later = working_hour(self.dice, at + timedelta(hours=18))
        self.diary.plan(later, partial(self._transmit, made.batch.batch_id, cases))

    def _transmit(self, batch_id: str, cases: tuple[str, ...], at: datetime) -> None:
        tracking_id = f"AV{at:%y%m%d}{batch_id[-3:]}"
        answers.transmitted(
            uow=self.desk.writing(), actor=_SENDER, at=at, batch_id=batch_id, tracking_id=tracking_id, via="demo"
        )
        later = working_hour(self.dice, at + timedelta(hours=68))
        self.diary.plan(later, partial(self._answer, tracking_id, cases))

    def _answer(self, tracking_id: str, cases: tuple[str, ...], at: datetime) -> None:
        last_days = self.refused and not self.left_open and self.until - at < timedelta(days=_OPEN_DAYS)
        refused = last_days or (
            not self.refused and len(cases) > 1
        )  # its last report; of the first batch, one of several
        self.left_open = self.left_open or last_days
        self.refused = self.refused or refused
        content = self._acknowledgement(len(cases), refused=refused)
        answers.acknowledge(
            uow=self.desk.writing(), actor=_SENDER, at=at, content=content, name="acknowledgement.xml",
            tracking_id=tracking_id, via="demo",
        )  # fmt: skip
        if refused:
            later = working_hour(self.dice, at + timedelta(hours=4))
            self.diary.plan(later, partial(self.look_into if last_days else self.rework, cases[-1]))

    def _acknowledgement(self, reports: int, *, refused: bool) -> bytes:
        """Write what the filing system would answer: a number for each report, a warning for the first."""
        inside = []
        for place in range(1, reports + 1):
            said = ""
            if refused and place == reports:
                said = _said("FATAL", "B9", "The element is not recorded or does not contain a value.", place)
            elif place == 1:
                said = _said("WARN", "C4", "The element is not recorded and unknown is not indicated.", place)
            inside.append(
                f"<EFilingActivityXML><BSAID>{_FIRST_NUMBER + self.numbers}</BSAID>{said}</EFilingActivityXML>"
            )
            self.numbers += 1
        return (
            '<EFilingBatchXML StatusCode="A"><EFilingSubmissionXML StatusCode="A">'
            f"{''.join(inside)}</EFilingSubmissionXML></EFilingBatchXML>"
        ).encode()


def _said(level: str, code: str, text: str, place: int) -> str:
    return (
        f"<EFilingActivityErrorXML><ErrorContextText>EFilingBatchXML/Activity[{place}]</ErrorContextText>"
        f"<ErrorElementNameText>RawStreetAddress1Text</ErrorElementNameText><ErrorLevelText>{level}</ErrorLevelText>"
        f"<ErrorText>{text}</ErrorText><ErrorTypeCode>{code}</ErrorTypeCode></EFilingActivityErrorXML>"
    )
