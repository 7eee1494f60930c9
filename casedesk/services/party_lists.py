"""Lists of parties on the desk: loaded, put in force, kept; and the names of customers that are like listed ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from casedesk.domain import name_matches
from casedesk.domain.casework import BadText
from casedesk.domain.events import DESK, NamesScreened, PartyListLoaded
from casedesk.domain.ledger import Recorded
from casedesk.domain.listed import MOST, Listed, ListVersion, PartyKind, PartyList, entries_digest
from casedesk.domain.name_matches import STATES, MatchState, NameMatch, match_id, matches_digest
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Conflict, Invalid
from casedesk.formats.ofac_lists import read_list
from casedesk.scoring.names import LIKELY, METHOD, Names
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "LIKELY", "AlreadyInForce", "ListToCome", "ListVersion", "MatchState", "Matches", "NameMatch", "Screened", "decide", "load",
    "matches", "screen", "versions", "waiting",
]  # fmt: skip

#: Things of which no customer bears the name.
_THINGS = frozenset({"vessel", "aircraft"})
_MILLION = 1_000_000


class AlreadyInForce(Conflict):
    """The very same file is in force for the source."""

    def __init__(self, there: ListVersion) -> None:
        super().__init__(
            f"{there.source}, version {there.version}, is this very file and in force as {there.list_id}; nothing was loaded."
        )


class ListToCome(Invalid):
    """The day of a list has not come yet."""

    def __init__(self, listed_on: date, today: date) -> None:
        super().__init__(
            f"“--date {listed_on}” is a day to come; the last one that is taken is {today}, today by the desk's clock, in UTC."
        )


class NothingToScreen(Invalid):
    """No list in force names anybody by name."""

    def __init__(self) -> None:
        super().__init__("No list in force names anybody by name; load one first (casedesk score load FILE).")


class AnotherList(Conflict):
    """A list came into force while names were compared with those before."""

    def __init__(self) -> None:
        super().__init__("Another list came into force meanwhile; nothing was stored. Screen again.")


@dataclass(frozen=True, slots=True)
class Screened:
    """How a screening went: how many customers were looked at, pairs found, and how many of these wait for a person."""

    customers: int
    found: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Matches:
    """Some of the matches in a state, and how many there are in each. Why a party is listed may be hidden."""

    shown: tuple[NameMatch, ...]
    counts: dict[MatchState, int]


def load(
    *, uow: Writing, actor: Person, at: datetime, path: Path, alt: Path | None = None, source: str = "", version: str = "",
    listed_on: date | None = None, via: str = "app",
) -> ListVersion:  # fmt: skip
    """Load a list and put it in force in the place of its source's version before, which is kept.

    :param alt: the other names, beside a list of OFAC's.
    :param source: whose list it is; OFAC's own name for OFAC's files, the bank's for others.
    :param version: what the source calls this version; the day where it does not say.
    :param listed_on: the day of the list, at the latest today in UTC; today if it is not said.
    :raises Invalid: naming file, row, field and fix; nothing is stored then.
    :raises ListToCome: for a list of a later day than today.
    :raises AlreadyInForce: for the file that is in force.
    """
    require(actor, Action.LOAD_LISTS)
    today = at.astimezone(UTC).date()
    day = listed_on or today
    if day > today:
        raise ListToCome(day, today)
    read, form = read_list(path, alt)
    source = _word("source", source.strip() or (form if form != "CSV" else "Bank"))
    version = _word("version", version.strip() or day.isoformat())
    with uow:
        actor = present(uow, actor)
        require(actor, Action.LOAD_LISTS)
        before = next((one for one in uow.lists.in_force() if one.source == source), None)
        if before is not None and before.sha256 == read.sha256:
            raise AlreadyInForce(before)
        new = _version(f"PL-{uow.ledger.head().size + 1:06}", read, source, version, day, actor, at)
        uow.lists.put_in_force(new, read.entries)
        replaced = before.list_id if before else ""
        uow.ledger.append(_loaded(new, replaced, via), stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return new


def _word(field: str, text: str) -> str:
    if len(text) > MOST[PartyKind.CUSTOMER] or not text.isprintable():
        raise BadText(f"The {field} of a list has at most 80 printable characters; this one has {len(text):,}.")
    return text


def _version(
    list_id: str, read: PartyList, source: str, version: str, day: date, actor: Person, at: datetime
) -> ListVersion:
    return ListVersion(
        list_id, source, version, day, read.sha256, len(read.entries), entries_digest(read.entries), actor.user_id, at, True
    )  # fmt: skip


def _loaded(new: ListVersion, replaces: str, via: str) -> PartyListLoaded:
    return PartyListLoaded(
        list_id=new.list_id, source=new.source, list_version=new.version, listed_on=new.listed_on.isoformat(),
        sha256=new.sha256, entries=new.entries, entries_sha256=new.entries_sha256, replaces=replaces, via=via,
    )  # fmt: skip


def versions(*, uow: Reading, actor: Person) -> tuple[ListVersion, ...]:
    """Return every version of every list, the newest first."""
    require(actor, Action.VIEW_SCORES)
    with uow:
        return uow.lists.all()


def screen(
    *, look: Reading, uow: Writing, actor: Person, at: datetime, least: float = LIKELY, via: str = "app"
) -> Screened:
    """Compare the names of all customers with those that lists in force name; what is alike waits for a person.

    What was decided stays decided, and what waited and is not found any more waits no longer.

    :param least: how alike two names must be, from 0.5 to 1.
    :raises NothingToScreen: if no list names anybody.
    """
    require(actor, Action.LOAD_LISTS)
    if not 0.5 <= least <= 1:
        raise Invalid(f"Names {least:g} alike cannot be asked for; give a number from 0.5 to 1.")
    with look:
        lists = {one.list_id: one for one in look.lists.in_force()}
        listed = [one for one in look.lists.of(tuple(lists), (PartyKind.NAME,)) if one[1].about not in _THINGS]
        customers = tuple(look.matches.names())
    if not listed:
        raise NothingToScreen
    found = tuple(_alike(customers, listed, lists, least, at))
    with uow:
        actor = present(uow, actor)
        require(actor, Action.LOAD_LISTS)
        if {one.list_id for one in uow.lists.in_force()} != lists.keys():
            raise AnotherList
        waiting = uow.matches.replace_waiting(found)
        event = NamesScreened(
            lists=tuple(lists), method=METHOD, least_ppm=round(least * _MILLION), customers=len(customers), found=len(found),
            waiting=waiting, matches_sha256=matches_digest(found), via=via,
        )  # fmt: skip
        uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return Screened(len(customers), len(found), waiting)


def _alike(
    customers: Sequence[tuple[str, str]], listed: Sequence[tuple[str, Listed]], lists: dict[str, ListVersion],
    least: float, at: datetime,
) -> Iterator[NameMatch]:  # fmt: skip
    """Yield for each customer and each listed party the names of it that are most alike."""
    names = Names([one.party for _, one in listed])
    for customer_id, name in customers:
        seen: set[tuple[str, str]] = set()
        for place, score in names.like(name, least):
            list_id, one = listed[place]
            source = lists[list_id].source
            if (source, one.ref) in seen:
                continue
            seen.add((source, one.ref))
            yield NameMatch(
                match_id(customer_id, name, source, one.ref, one.party), customer_id, name, source, one.ref, one.party,
                one.reason, round(score * _MILLION), list_id, at,
            )  # fmt: skip


def matches(
    *, uow: Reading, actor: Person, state: MatchState = MatchState.WAITING, start: int = 0, limit: int = 50
) -> Matches:
    """Return some of the matches in a state, the most alike first.

    Why a party is listed is told to who has need to know: a bank lists whom it reported, among others.
    """
    require(actor, Action.VIEW_SCORES)
    with uow:
        found, counts = uow.matches.page(state, start, limit), uow.matches.counts()
    return Matches(found if actor.need_to_know else tuple(replace(one, reason="") for one in found), counts)


def waiting(*, uow: Reading, actor: Person) -> int:
    """Count the matches that wait for a person."""
    require(actor, Action.VIEW_SCORES)
    with uow:
        return uow.matches.counts()[MatchState.WAITING]


def decide(
    *, uow: Writing, actor: Person, at: datetime, match_id: str, confirmed: bool, reason: str, via: str = "app"
) -> Recorded:
    """Confirm that a customer is the listed party, or refuse it, with a reason. A confirmed customer is a listed party.

    :raises NoSuchMatch: if there is none with this id.
    :raises AlreadyDecided: if somebody decided it before.
    :raises BadText: if the reason is too short or too long.
    """
    require(actor, Action.DECIDE_MATCH)
    with uow:
        actor = present(uow, actor)
        event = name_matches.decide(uow.matches.get(match_id), actor, at, confirmed=confirmed, reason=reason, via=via)
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.matches.decide(match_id, STATES[event.action], actor.user_id, at, row.event_id, event.notes)
        uow.commit()
    return row
