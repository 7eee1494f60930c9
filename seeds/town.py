"""The town: the bank's customers, the outsiders they deal with, and the one way money moves between them."""

from __future__ import annotations

from typing import Final

from casedesk.domain.transactions import Account, Channel
from seeds.book import Staging
from seeds.chance import Dice
from seeds.names import Names
from seeds.people import Resident
from seeds.places import HOMES, convert, currency_of
from seeds.timeline import DAY, HOUR, Timeline

_BANKS: Final = ("Alder Bank", "Kestrel Savings", "First Meridian", "Bank of the Shires", "Cooperative Union Bank")
_TONGUES: Final = {home.country: home.tongues for home in HOMES}
_LEGAL: Final = {home.country: home.legal for home in HOMES}
_POOL: Final = 6  # outsiders of one trade in one country


class Town:
    """Everybody who holds an account, here or elsewhere, and the staging of what they pay each other."""

    def __init__(self, seed: int, timeline: Timeline, names: Names, residents: list[Resident]) -> None:
        self.seed = seed
        self.timeline = timeline
        self.residents = residents
        self.staging = Staging()
        self.outsiders: list[Account] = []
        self._names = names
        self._dice = Dice(seed, "outsiders")
        self._pools: dict[tuple[str, str], list[str]] = {}
        self._money: dict[str, tuple[str, str]] = {}  # account id -> currency, country
        self.neighbours: dict[str, list[Resident]] = {home.country: [] for home in HOMES}
        self.landlords = [one for one in residents if one.segment == "property manager"]
        for one in residents:
            if not one.profile.business:
                self.neighbours[one.home.country].append(one)
            for account in one.accounts:
                self.note(account)

    def note(self, account: Account) -> Account:
        """Make an account known to :meth:`pay`."""
        self._money[account.account_id] = account.currency, account.country
        return account

    def outsider(self, trade: str, country: str) -> str:
        """Draw one of the few outside accounts of a trade in a country."""
        pool = self._pools.setdefault((trade, country), [])
        if len(pool) < _POOL:
            pool.append(self.newcomer(trade, country))
            return pool[-1]
        return self._dice.pick(pool)

    def newcomer(self, trade: str, country: str) -> str:
        """Open an outside account nobody has used before. A blank trade is a private person."""
        tongues = _TONGUES.get(country, ("en_GB", "pt_PT", "hr_HR", "en_IN"))
        legal = _LEGAL.get(country, "Co.")
        if not trade:
            holder = self._names.person(tongues)
        elif trade in ("employer", "supplier", "landlord"):
            holder = self._names.firm(trade, legal, tongues)
        else:
            holder = f"{self._names.family(tongues)} {trade}"
        account = Account(
            account_id=f"X-{len(self.outsiders) + 1:06d}",
            customer_id="",
            holder=holder,
            bank=f"{self._dice.pick(_BANKS)} {country}",
            currency=currency_of(country),
            country=country,
        )
        self.outsiders.append(self.note(account))
        return account.account_id

    def country(self, account_id: str) -> str:
        """Return the country an account is kept in."""
        return self._money[account_id][1]

    def currency(self, account_id: str) -> str:
        """Return the currency an account is kept in."""
        return self._money[account_id][0]

    def second(self, one: Resident, day: int, first_hour: float, last_hour: float, dice: Dice) -> int:
        """Draw a moment of a day between two local hours."""
        local = first_hour + dice.unit() * (last_hour - first_hour)
        return day * DAY + int(local * HOUR) - one.home.offset * HOUR

    def pay(self, second: int, source: str, target: str, minor: int, channel: Channel, reference: str = "") -> int:
        """Move money between two accounts; ``minor`` is in the currency of the source. Return the staging number."""
        currency, left = self._money[source]
        wanted, reached = self._money[target]
        same = currency == wanted
        return self.staging.add(
            second, source, target, minor, currency, 0 if same else convert(minor, currency, wanted),
            "" if same else wanted, channel, left, reached, "", reference,
        )  # fmt: skip

    def deposit(self, second: int, target: str, minor: int, branch: str, reference: str = "Cash deposit") -> int:
        """Pay cash in at a branch."""
        currency, country = self._money[target]
        return self.staging.add(
            second, "", target, minor, currency, 0, "", Channel.CASH, country, country, branch, reference
        )

    def withdraw(self, second: int, source: str, minor: int, branch: str, country: str = "") -> int:
        """Take cash out at a branch or a machine, at home unless a country is named."""
        currency, at_home = self._money[source]
        return self.staging.add(
            second, source, "", minor, currency, 0, "", Channel.CASH, at_home, country or at_home, branch,
            "Cash withdrawal",
        )  # fmt: skip
