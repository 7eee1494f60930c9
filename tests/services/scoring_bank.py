"""A desk with money that came from a listed account, a list, and a name that is like a listed one."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from casedesk.domain.people import SYSTEM
from casedesk.domain.scores import ScoringRun
from casedesk.services import party_lists, scoring
from tests.builders import Move, TestDesk

LISTED = "kind,party,reason,ref\naccount,MULE,reported in May,\nname,Sergey Viktorovich LAVROV,UKRAINE-EO13661,17\n"
#: MULE paid A, A paid B; C is paid by B before B had anything, and cash passes through everybody's hands.
MOVES = (
    Move("T1", 10, 900_000, "A", "MULE", "WIRE"),
    Move("T2", 20, 800_000, "B", "A", "WIRE"),
    Move("T3", 5, 700_000, "C", "B", "WIRE"),
    Move("T4", 30, 50_000, "", "MULE"),
    Move("T5", 40, 50_000, "C", ""),
)


def furnish(desk: TestDesk) -> None:
    """Add customers with accounts, and the money."""
    desk.customer("K-A", "Sergei LAVROV", ["A", "A2"])
    desk.customer("K-B", "Bea Roe", ["B"])
    desk.customer("K-C", "Cem Ak", ["C"])
    desk.customer("K-M", "Mo Ule", ["MULE"])
    desk.book(MOVES)


def load(
    desk: TestDesk, folder: Path, text: str = LISTED, source: str = "Bank", listed_on: date | None = None
) -> party_lists.ListVersion:
    path = folder / "listed.csv"
    path.write_text(text, encoding="utf-8")
    return party_lists.load(
        uow=desk.writing(), actor=SYSTEM, at=desk.at(), path=path, source=source, listed_on=listed_on
    )


def screen(desk: TestDesk) -> party_lists.Screened:
    return party_lists.screen(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=desk.at())


def waiting(desk: TestDesk) -> tuple[party_lists.NameMatch, ...]:
    return party_lists.matches(uow=desk.reading(), actor=desk.people["mia"]).shown


def decide(desk: TestDesk, match_id: str, *, confirmed: bool, who: str = "ann") -> None:
    party_lists.decide(
        uow=desk.writing(), actor=desk.people[who], at=desk.at(), match_id=match_id, confirmed=confirmed,
        reason="The same day and place of birth as in his passport.",
    )  # fmt: skip


def score(desk: TestDesk, as_of: datetime | None = None) -> ScoringRun:
    return scoring.run(
        look=desk.reading(),
        uow=desk.writing(),
        actor=SYSTEM,
        at=desk.at(),
        base_currency="USD",
        via="test",
        as_of=as_of,
    )
