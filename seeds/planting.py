"""Plant patterns at quiet moments, so that each label is exact and no pattern is an accident of ordinary life."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from casedesk.domain.transactions import Channel
from casedesk.errors import Invalid
from seeds.chance import Dice
from seeds.people import Resident
from seeds.timeline import DAY, HOUR, MINUTE
from seeds.town import Town

#: Nothing else happens on a planted account this long before and after: longer than the longest of the three windows.
QUIET: Final = 61 * MINUTE
_TRIES: Final = 300


class NoRoom(Invalid):
    """The period is too short for the patterns."""

    def __init__(self, days: int) -> None:
        super().__init__(f"{days} days leave no quiet moment for a planted pattern; ask for more days or customers.")


@dataclass(frozen=True, slots=True)
class Label:
    """One transaction of one planted pattern; the rows of a pattern share ``label_id``."""

    label_id: str
    typology: str
    customer_id: str
    account_id: str
    transaction_id: str
    role: str


class Diary:
    """When each account moves: everyday life as it stood when the diary was opened, and what was planted since."""

    def __init__(self, town: Town) -> None:
        rows = town.staging.rows()
        accounts = np.concatenate([rows["source"], rows["target"]])
        seconds = np.concatenate([rows["second"], rows["second"]])
        order = np.lexsort((seconds, accounts))
        self._accounts, self._seconds = accounts[order], seconds[order]
        self._town = town
        self._everyday: dict[str, list[int]] = {}
        self._planted: dict[str, list[int]] = {}

    def busy(self, account: str, first: int, last: int) -> bool:
        """Say whether the account moves between two moments, both included."""
        for times in (self._life(account), self._planted.get(account, [])):
            place = bisect_left(times, first)
            if place < len(times) and times[place] <= last:
                return True
        return False

    def note(self, account: str, second: int) -> None:
        insort(self._planted.setdefault(account, []), second)

    def _life(self, account: str) -> list[int]:
        if account not in self._everyday:
            code = self._town.staging.code(account)
            first, after = (int(place) for place in np.searchsorted(self._accounts, [code, code + 1]))
            self._everyday[account] = self._seconds[first:after].tolist()
        return self._everyday[account]


class Garden:
    """All planted patterns of a world, and their labels while transactions have no ids yet."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.diary = Diary(town)
        self._drafts: list[tuple[int, Label]] = []
        self._patterns = 0

    def begin(self, typology: str, host: Resident) -> Pattern:
        """Start a pattern around one customer."""
        self._patterns += 1
        return Pattern(self, f"L-{self._patterns:04d}", typology, host)

    def draft(self, number: int, label: Label) -> None:
        self._drafts.append((number, label))

    def marked(self) -> list[int]:
        """List the staging numbers of all labelled transactions."""
        return [number for number, _ in self._drafts]

    def labels(self, ids: dict[int, str]) -> tuple[Label, ...]:
        """Return the labels with their transaction ids, pattern by pattern, in order of booking."""
        done = [replace(label, transaction_id=ids[number]) for number, label in self._drafts]
        return tuple(sorted(done, key=lambda label: (label.label_id, label.transaction_id)))


class Pattern:
    """One planted pattern: moves money and labels it in one step. The subject is the host's main account."""

    def __init__(self, garden: Garden, label_id: str, typology: str, host: Resident) -> None:
        self.town = garden.town
        self.host = host
        self.account = host.main
        self.dice = Dice(garden.town.seed, "pattern", label_id, typology, host.id)
        self._garden = garden
        self._label = Label(label_id, typology, host.id, self.account, "", "")

    def move_to(self, account: str) -> None:
        """Make another account of the host the subject."""
        self.account = account
        self._label = replace(self._label, account_id=account)

    def moment(
        self, earliest: int, latest: int, *, hours: tuple[int, int] = (9, 17), length: int = 0, edge: int = 1,
        phase: int = 0, others: tuple[str, ...] = (), open_days: int = 7,
    ) -> int:  # fmt: skip
        """Find a second at which the subject and ``others`` are quiet for ``length`` seconds and :data:`QUIET` around.

        ``edge`` and ``phase`` fix where the second lies in a clock window of ``edge`` seconds; ``open_days`` is 6
        for branches, which close on Sunday. Local hours and Sundays are given up when nothing else fits.

        :raises NoRoom: if no moment from ``earliest`` to the end of the core is quiet.
        """
        accounts = (self.account, *others)
        for _ in range(_TRIES):
            drawn = earliest + self.dice.below(max(1, latest - earliest))
            second = drawn // edge * edge + phase
            day, hour = divmod(second // HOUR + self.host.home.offset, 24)
            fits = second >= earliest and hours[0] <= hour < hours[1] and self.town.timeline.weekday(day) < open_days
            if fits and self._quiet(accounts, second, length):
                return second
        start = (earliest // edge + 1) * edge + phase
        for second in range(start, self.town.timeline.days * DAY, max(edge, 5 * MINUTE)):
            if self._quiet(accounts, second, length):
                return second
        raise NoRoom(self.town.timeline.days)

    def pay(
        self, second: int, source: str, target: str, minor: int, channel: Channel, role: str, reference: str = ""
    ) -> None:
        """Move money between two accounts and label it."""
        self._book(self.town.pay(second, source, target, minor, channel, reference), second, role, source, target)

    def deposit(self, second: int, minor: int, branch: str, role: str) -> None:
        """Pay cash into the subject and label it."""
        self._book(self.town.deposit(second, self.account, minor, branch), second, role, self.account)

    def withdraw(self, second: int, minor: int, branch: str, role: str) -> None:
        """Take cash from the subject and label it."""
        self._book(self.town.withdraw(second, self.account, minor, branch), second, role, self.account)

    def _quiet(self, accounts: tuple[str, ...], second: int, length: int) -> bool:
        core = self.town.timeline.core
        if second < core.start * DAY or second + length >= core.stop * DAY:
            return False
        diary = self._garden.diary
        return not any(diary.busy(account, second - QUIET, second + length + QUIET) for account in accounts)

    def _book(self, number: int, second: int, role: str, *accounts: str) -> None:
        for account in accounts:
            self._garden.diary.note(account, second)
        self._garden.draft(number, replace(self._label, role=role))
