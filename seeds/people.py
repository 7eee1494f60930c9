"""Customers and their accounts: how many of each profile, where they live, what they earn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from casedesk.domain.transactions import Account, Customer, CustomerKind
from seeds.chance import Dice
from seeds.names import Names
from seeds.places import HOMES, Home
from seeds.timeline import Timeline

#: The fewest customers with which every profile has somebody and patterns still have somewhere to go.
FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of customer: how many per thousand, and the range of monthly income in whole units of currency."""

    segment: str
    share: int
    income: tuple[int, int]
    occupations: tuple[str, ...]
    business: bool = True


PROFILES: Final = (
    Profile("retail salaried", 536, (2_600, 9_000), (
        "Nurse", "Teacher", "Software developer", "Bus driver", "Accountant", "Electrician", "Shop assistant",
        "Civil engineer", "Chef", "Paralegal", "Warehouse operative", "Physiotherapist", "Sales manager"), False),
    Profile("student", 120, (700, 1_300), ("Student", "Doctoral student", "Apprentice"), False),
    Profile("pensioner", 130, (1_300, 3_200), ("Retired", "Retired teacher", "Retired engineer"), False),
    Profile("freelancer", 80, (2_400, 7_500), (
        "Graphic designer", "Translator", "Photographer", "Web developer", "Music teacher", "Journalist"), False),
    Profile("corner shop", 30, (28_000, 60_000), ("Convenience retail",)),
    Profile("restaurant", 22, (40_000, 110_000), ("Food service",)),
    Profile("car wash", 12, (14_000, 34_000), ("Vehicle cleaning",)),
    Profile("retailer", 10, (240_000, 270_000), ("Cash-intensive retail",)),
    Profile("payroll employer", 10, (250_000, 420_000), ("Employer services", "Manufacturing", "Logistics")),
    Profile("online marketplace", 3, (180_000, 240_000), ("Online marketplace",)),
    Profile("import and export", 22, (150_000, 600_000), ("Wholesale trade", "Textiles", "Machinery parts")),
    Profile("treasury corporate", 6, (2_000_000, 6_000_000), ("Industrial holding",)),
    Profile("money service business", 6, (120_000, 260_000), ("Money transmission",)),
    Profile("property manager", 13, (40_000, 60_000), ("Property management",)),
)  # fmt: skip


@dataclass(slots=True)
class Resident:
    """A customer while the world is made: the record, the home, and what daily life needs to know."""

    customer: Customer
    profile: Profile
    home: Home
    city: str
    branch: str
    abroad: str  # the one foreign country of everyday life: so no ordinary day shows three countries
    income: int  # minor units a month, in the home currency
    joined: int  # day, before the world began
    accounts: list[Account] = field(default_factory=list)
    employer: Resident | None = None

    @property
    def id(self) -> str:
        return self.customer.customer_id

    @property
    def main(self) -> str:
        """The account everyday life runs through."""
        return self.accounts[0].account_id

    @property
    def segment(self) -> str:
        return self.profile.segment

    def open_account(self, timeline: Timeline, day: int, currency: str = "") -> Account:
        """Open one more account on the given day (negative: before the world began)."""
        account = Account(
            account_id=f"10-{self.id[2:]}-{len(self.accounts) + 1}",
            customer_id=self.id,
            holder=self.customer.name,
            bank=self.home.bank,
            currency=currency or self.home.currency,
            country=self.home.country,
            opened_on=timeline.date(day),
        )
        self.accounts.append(account)
        return account


def settle(count: int, seed: int, timeline: Timeline, names: Names) -> list[Resident]:
    """Make ``count`` customers with their accounts, in order of customer id."""
    dice = Dice(seed, "people")
    residents = [
        _resident(f"C-{number:05d}", profile, dice, timeline, names)
        for number, profile in enumerate(dice.shuffled(_quota(count)), 1)
    ]
    employers = [one for one in residents if one.segment == "payroll employer"]
    for one in residents:
        if one.segment == "retail salaried" and dice.happens(0.4):
            near = [employer for employer in employers if employer.home is one.home]
            one.employer = dice.pick(near) if near else None
    return residents


def _quota(count: int) -> list[Profile]:
    wanted = [profile for profile in PROFILES for _ in range(max(1, count * profile.share // 1000))]
    extra = count - len(wanted)
    salaried = PROFILES[0]
    return wanted + [salaried] * extra if extra >= 0 else wanted[-extra:]


def _resident(customer_id: str, profile: Profile, dice: Dice, timeline: Timeline, names: Names) -> Resident:
    home = dice.pick([home for home in HOMES for _ in range(home.share)])
    business = profile.business
    name = names.firm(profile.segment, home.legal, home.tongues) if business else names.person(home.tongues)
    joined = -dice.between(200, 2_500 if profile.segment == "student" else 9_000)
    customer = Customer(
        customer_id=customer_id,
        name=name,
        kind=CustomerKind.BUSINESS if business else CustomerKind.PERSON,
        country=home.country,
        segment=profile.segment,
        occupation=dice.pick(profile.occupations),
        since=timeline.date(joined),
    )
    city = dice.pick(home.cities)
    income = dice.between(*profile.income) * 100
    one = Resident(
        customer, profile, home, city, f"{city} {dice.between(1, 4)}", dice.pick(home.abroad), income, joined
    )
    one.open_account(timeline, joined)
    _more_accounts(one, dice, timeline, joined)
    return one


def _more_accounts(one: Resident, dice: Dice, timeline: Timeline, joined: int) -> None:
    """Savings or reserve second, sometimes a foreign-currency account third."""
    sweeps = one.segment == "treasury corporate"
    if sweeps or dice.happens(0.5):
        one.open_account(timeline, dice.between(joined, -100))
    if len(one.accounts) == 2 and not sweeps and dice.happens(0.12):
        one.open_account(timeline, dice.between(joined, -100), "EUR" if one.home.currency != "EUR" else "USD")
