"""A desk on which "me" stands in every relation to a case, and copies of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Person, Role
from casedesk.services import (
    party_lists,
    quality,
)
from casedesk.store.engines import make_engine
from tests.builders import FAIL, START, TestDesk
from tests.services import filing_ways

#: Where the case stands and what the actor ("me") has to do with it. Who has another role than the past required got
#: it later: a change of role washes nobody clean.
COLUMNS = {
    "n0": "new, untouched",
    "n1": "new, I wrote a note",
    "wm": "in review, mine",
    "wo": "in review, another's, untouched",
    "wt": "in review, another's, I wrote a note",
    "wu": "in review, nobody's, untouched",
    "wv": "in review, nobody's, I wrote a note",
    "em": "escalated, mine",
    "eo": "escalated, another manager's, untouched",
    "et": "escalated, another manager's, I wrote a note",
    "eu": "escalated, nobody's, untouched",
    "ev": "escalated by me, nobody's",
    "am": "waiting, made by me",
    "ao": "waiting, another's, untouched",
    "at": "waiting, another's, I wrote a note",
    "ar": "waiting again, another's, I returned it before",
    "cm": "closed, decided by me",
    "co": "closed, another's, untouched",
    "ct": "closed, another's, I wrote a note",
    "cs": "closed with an approved SAR, untouched",
    "ca": "closed with a SAR that I approved",
    "cr": "closed again, I failed its first review",
}


@dataclass
class Stand:
    """A desk on which "me" stands in every relation to a case, and the cases by column."""

    desk: TestDesk
    cases: dict[str, str]
    loose: dict[str, str]  # an alert that no case holds, of the customer of each column
    draw_id: str
    match_id: str


def list_file(stand_or_desk: Any, account: str) -> Path:
    """Write a list beside the desk's database."""
    desk = getattr(stand_or_desk, "desk", stand_or_desk)
    path = Path(str(desk.engine.url.database)).with_suffix(".listed.csv")
    path.write_text(f"kind,party,reason\naccount,{account},fraud desk\nname,Customer new,fraud desk\n")
    return path


def build(desk: TestDesk) -> Stand:
    desk.staff()
    desk.hire(Role.ANALYST, "leo")
    desk.hire(Role.MANAGER, "me")
    cases: dict[str, str] = {}
    for column in COLUMNS:
        desk.customer(f"K-{column}", f"Customer {column}")
        cases[column] = desk.open(f"K-{column}")
    touched = {"n1", "wt", "wv", "et", "at", "ct"}
    for column in sorted(touched):
        desk.note("me", cases[column])
    for column in ("wm", "ev", "am", "cm"):
        desk.take("me", cases[column])
    for column in ("wo", "wt", "em", "eo", "et", "eu", "ao", "at", "ar", "co", "ct", "cs", "ca", "cr"):
        desk.take("ben", cases[column])
    for column in ("em", "eo", "et", "eu"):
        desk.decide("ben", cases[column], Disposition.ESCALATE)
    desk.take("me", cases["em"])
    desk.take("max", cases["eo"])
    desk.take("max", cases["et"])
    desk.decide("me", cases["ev"], Disposition.ESCALATE)
    desk.decide("me", cases["am"], Disposition.SAR)
    for column in ("ao", "at", "ar", "cs", "ca"):
        desk.decide("ben", cases[column], Disposition.SAR)
    desk.send_back("me", cases["ar"])
    desk.decide("ben", cases["ar"], Disposition.SAR)
    desk.approve("max", cases["cs"])
    desk.approve("me", cases["ca"])
    desk.decide("me", cases["cm"], Disposition.NO_SAR)
    for column in ("co", "ct", "cr"):
        desk.decide("ben", cases[column], Disposition.NO_SAR)
    for column in ("wu", "wv"):  # their maker has left, so a failed review gives them to nobody
        desk.take("leo", cases[column])
        desk.decide("leo", cases[column], Disposition.NO_SAR)
    desk.dismiss("leo")
    for column in ("wu", "wv"):
        desk.review("queenie", cases[column], FAIL)
    desk.hire(Role.QA, "me")
    desk.review("me", cases["cr"], FAIL)
    desk.decide("ben", cases["cr"], Disposition.NO_SAR)
    loose = {column: desk.alert(f"K-{column}") for column in COLUMNS}
    desk.customer("K-new")
    loose["new"] = desk.alert("K-new")
    desk.customer("K-sent")
    filing_ways.approved(desk, "K-sent", by="max")
    filing_ways.produce(desk, who="mia")
    drawn, _ = quality.draw_sample(
        freeze=desk.writing(),
        uow=desk.writing(),
        actor=desk.people["mia"],
        at=desk.at(),
        period_from=START.date(),
        period_to=START.date(),
    )
    party_lists.load(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), path=list_file(desk, "K-co/1"))
    party_lists.screen(look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), least=0.5)
    waiting = party_lists.matches(uow=desk.reading(), actor=desk.people["mia"]).shown
    return Stand(desk, cases, loose, drawn.draw_id, waiting[0].match_id)


class Template:
    """The files of a built stand, one for each role of "me", from which every cell gets its own copy."""

    def __init__(self, file: Path, stand: Stand) -> None:
        self.file = file
        self._stand = stand
        self._roles: dict[Role, tuple[Path, dict[str, Person]]] = {}

    def copy(self, to: Path, role: Role) -> Stand:
        if role not in self._roles:
            self._roles[role] = self._with_role(role)
        file, people = self._roles[role]
        for left in to.parent.glob(to.name + "*"):
            left.unlink()
        shutil.copyfile(file, to)
        desk = TestDesk(make_engine(f"sqlite:///{to}"), self._stand.desk.at())
        desk.people = dict(people)
        return Stand(desk, self._stand.cases, self._stand.loose, self._stand.draw_id, self._stand.match_id)

    def _with_role(self, role: Role) -> tuple[Path, dict[str, Person]]:
        file = self.file.with_name(f"{self.file.name}-{role.value}")
        shutil.copyfile(self.file, file)
        desk = TestDesk(make_engine(f"sqlite:///{file}"), self._stand.desk.at())
        desk.people = dict(self._stand.desk.people)
        desk.hire(role, "me")
        into_one_file(desk.engine)
        return file, desk.people


def into_one_file(engine: Engine) -> None:
    """Bring the write-ahead log home, so that copying the database file copies everything."""
    with engine.connect() as connection:
        connection.rollback()
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def content(desk: TestDesk) -> bytes:
    """Return every byte of the database: a refusal must leave them all."""
    path = str(desk.engine.url.database)
    return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())
