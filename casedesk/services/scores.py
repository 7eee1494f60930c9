"""Scores as people and programs look at them: the highest, one account's, why it has it, and what moved between runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from casedesk.domain.listed import ListVersion
from casedesk.domain.people import Action, Person, require
from casedesk.domain.scores import WHOLE, RiskScore, ScoringRun
from casedesk.errors import Conflict, NotFound
from casedesk.scoring.explain import Explanation, UnknownParty, explain
from casedesk.scoring.exposure import Exposure
from casedesk.services.graphs import Graphs
from casedesk.services.score_records import ScoringRecord, read_record
from casedesk.store.unit_of_work import Reading

__all__ = [
    "BANDS", "WHOLE", "Explanation", "Graphs", "Moved", "NoScoring", "Overview", "Ranked", "Scored", "UnknownParty", "compare",
    "explained", "of_account", "overview", "top",
]  # fmt: skip

#: Where the bands of the distribution end, in units of a score. Most exposed accounts are exposed a little.
BANDS: Final = tuple(
    WHOLE * share // 1000 for share in (0, 1, 10, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000)
)
#: A stored score and its explanation may differ so much; parts are rounded to units.
_NEAR: Final = 1e-9


class NoScoring(NotFound):
    """No run of scoring was ever stored."""

    def __init__(self) -> None:
        super().__init__("No scores were computed yet; run: casedesk score run.")


class OtherData(Conflict):
    """What the desk holds gives the account another score than the run stored."""

    def __init__(self, run: ScoringRun, account_id: str) -> None:
        super().__init__(
            f"The score of {account_id} in run {run.run_id} is not what the payments on the desk give; find out what "
            f"changed with: casedesk score replay {run.run_id}."
        )


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of the leaderboard: a score, who holds the account, and its score in the run before; None if it had none."""

    score: RiskScore
    customer_id: str
    holder: str
    before: int | None


@dataclass(frozen=True, slots=True)
class Scored:
    """One account's score in the newest run. An account without payments near a listed party has 0."""

    run: ScoringRun
    score: RiskScore


@dataclass(frozen=True, slots=True)
class Moved:
    """An account whose score differs between two runs, in units; None in the run that stored no score of it."""

    account_id: str
    before: int | None
    after: int | None

    @property
    def change(self) -> int:
        """Return by how much it moved. An account without a score is near nobody listed, which counts as 0."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Overview:
    """The newest runs, the lists with their versions, and how the scores of the newest run are spread over ``BANDS``."""

    runs: tuple[ScoringRun, ...]
    records: tuple[ScoringRecord, ...]
    lists: tuple[ListVersion, ...]
    bands: tuple[int, ...]


def overview(*, uow: Reading, actor: Person, limit: int = 20) -> Overview:
    """Return what there is of runs and lists; empty where nothing was computed yet."""
    require(actor, Action.VIEW_SCORES)
    with uow:
        runs = uow.scores.runs(limit)
        bands = tuple(uow.scores.bands(runs[0].run_id, BANDS)) if runs else ()
        return Overview(runs, tuple(map(read_record, runs)), uow.lists.all(), bands)


def top(
    *, uow: Reading, actor: Person, limit: int = 20, run_id: str = "", own: bool = False
) -> tuple[ScoringRun, tuple[Ranked, ...]]:
    """Return a run, the newest if none is named, and its highest scores; listed accounts are left out.

    :param own: of customers' accounts only, not of those at other banks.
    :raises NoScoring: if nothing was computed yet.
    """
    require(actor, Action.VIEW_SCORES)
    with uow:
        run = uow.scores.run(run_id) if run_id else _last(uow)
        found = uow.scores.top(run.run_id, limit, own=own)
        holders = uow.scores.holders([one.account_id for one in found])
        runs = [one for one in uow.scores.runs(1000) if one.ran_at < run.ran_at]
        before = uow.scores.of(runs[0].run_id, [one.account_id for one in found]) if runs else {}
    return run, tuple(
        Ranked(
            one, *holders.get(one.account_id, ("", "")),
            before[one.account_id].score if one.account_id in before else None,
        )
        for one in found
    )  # fmt: skip


def of_account(*, uow: Reading, actor: Person, account_id: str) -> Scored:
    """Return an account's score in the newest run.

    :raises NoScoring: if nothing was computed yet.
    :raises UnknownParty: if the desk knows no such account, and the run scored none.
    """
    require(actor, Action.VIEW_SCORES)
    with uow:
        run = _last(uow)
        found = uow.scores.of(run.run_id, [account_id]).get(account_id)
        if found is None and not uow.parties.known_accounts([account_id]):
            raise UnknownParty(account_id)
    return Scored(run, found or RiskScore(account_id, 0, False, ()))


def of_accounts(
    *, uow: Reading, actor: Person, account_ids: Sequence[str]
) -> tuple[ScoringRun | None, list[RiskScore]]:
    """Return the newest run, None if there is none, and these accounts' scores in it, the highest first."""
    require(actor, Action.VIEW_SCORES)
    with uow:
        run = uow.scores.last()
        found = uow.scores.of(run.run_id, account_ids) if run else {}
    scores = [found.get(name) or RiskScore(name, 0, False, ()) for name in account_ids]
    return run, sorted(scores, key=lambda one: (-one.score, one.account_id))


def compare(
    *, uow: Reading, actor: Person, before: str, after: str, limit: int = 50
) -> tuple[ScoringRun, ScoringRun, tuple[Moved, ...]]:
    """Return two runs and the accounts whose scores moved most between them.

    :raises NoSuchScoring: if one of them is no run.
    """
    require(actor, Action.VIEW_SCORES)
    with uow:
        one, other = uow.scores.run(before), uow.scores.run(after)
        return one, other, tuple(Moved(*row) for row in uow.scores.moved(before, after, limit))


def holders(*, uow: Reading, actor: Person, account_ids: Sequence[str]) -> dict[str, str]:
    """Return who holds those of the accounts that the desk knows, by account."""
    require(actor, Action.VIEW_SCORES)
    with uow:
        return {name: holder for name, (_, holder) in uow.scores.holders(account_ids).items()}


def _last(uow: Reading) -> ScoringRun:
    run = uow.scores.last()
    if run is None:
        raise NoScoring
    return run


def reload(*, reading: Callable[[], Reading], graphs: Graphs, actor: Person) -> tuple[ScoringRun, Exposure]:
    """Build the graph of the newest run anew in this process.

    :raises NoScoring: if nothing was computed yet.
    """
    require(actor, Action.SCORE)
    with reading() as uow:
        run = _last(uow)
    return run, graphs.of(reading, run, anew=True)


def explained(
    *, reading: Callable[[], Reading], graphs: Graphs, actor: Person, account_id: str, strongest: int = 20
) -> tuple[ScoringRun, Explanation]:
    """Explain an account's score in the newest run; the explanation adds up to it.

    :raises NoScoring: if nothing was computed yet.
    :raises UnknownParty: if no payment names the account.
    :raises OtherData: if the payments on the desk give another score by now.
    """
    require(actor, Action.VIEW_SCORES)
    with reading() as uow:
        run = _last(uow)
        stored = uow.scores.of(run.run_id, [account_id]).get(account_id)
    told = explain(graphs.of(reading, run), account_id, strongest)
    if abs(told.score - (stored.exposure if stored else 0.0)) > _NEAR:
        raise OtherData(run, account_id)
    return run, told
