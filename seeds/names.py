"""Names of people and firms from many tongues, so that screens meet accents, apostrophes and great length."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from faker import Faker

from seeds.chance import Dice

#: Names that Faker writes in other scripts or not at all: given names and family names, as banks transliterate them.
_TABLES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "arabic": (
        ("Youssef", "Layla", "ʿAbd al-Raḥmān", "Nour el-Houda", "Khadija", "Tariq", "Salma", "Bilal", "Rania", "Idris"),
        ("al-Khatib", "Ben Youssef", "El Amrani", "Haddad", "Bint al-Masri", "Ould Cheikh", "Mansouri", "Nasser"),
    ),
    "russian": (
        ("Oleksandra", "Dmitriy", "Tat'yana", "Mykhailo", "Yelena", "Igor'", "Svitlana", "Arkadiy", "Lyubov'"),
        ("Koval'chuk", "Shevchenko", "Vasil'yev", "Rozhdestvenskiy", "Hryhorenko", "Zhukovskaya", "Melnyk", "Il'in"),
    ),
    "greek": (
        ("Eleftheria", "Panagiotis", "Kyriakos", "Despoina", "Athanasios", "Chrysoula", "Ioannis", "Stavroula"),
        ("Papadopoulou", "Karagiannis", "Theodorakopoulos", "Oikonomou", "Chatzigeorgiou", "Vlachos"),
    ),
    "vietnamese": (
        ("Thị Kim Phượng", "Văn Đức", "Minh Châu", "Quốc Hưng", "Thùy Linh", "Đình Phúc", "Ngọc Ánh", "Bảo"),
        ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Võ", "Đặng"),
    ),
}

#: Names that break narrow columns and careless quoting; every twenty-fifth person carries one.
_AWKWARD: Final = (
    "María de los Ángeles Fernández-Echeverría y Ruiz de Apodaca",
    "Siobhán O’Donnell-Ní Chonghaile",
    "Jean-Baptiste d’Aubigné de La Rochefoucauld",
    "Wolfeschlegelsteinhausen-Bergerdorff, Hubert",
    "Ng",
    "Þórdís Kolbrún Guðmundsdóttir",
    "Leilani Keliʻihoʻomalu",
    "Venkatanarasimharajuvaripeta Sai Krishna",
    "Zoë ’t Hart-van der Meijden",
    "Łucja Brzęczyszczykiewicz",
    'José-María "Pepe" Ortiz, Jr.',
    "Şükrü İğneci",
)

_TRADES: Final[dict[str, tuple[str, ...]]] = {
    "corner shop": ("Corner Shop", "Mini Market", "News & Food", "Late Shop"),
    "restaurant": ("Restaurant", "Kitchen", "Grill", "Trattoria", "Noodle House"),
    "car wash": ("Car Wash", "Hand Car Wash", "Auto Valeting"),
    "retailer": ("Department Store", "Furniture", "Garden Centre", "Outlet"),
    "payroll employer": ("Logistics", "Care Homes", "Engineering", "Facilities"),
    "online marketplace": ("Marketplace", "Bazaar Online"),
    "import and export": ("Trading", "Import & Export", "Commodities", "Textiles"),
    "treasury corporate": ("Holdings", "Industries", "Group Treasury"),
    "money service business": ("Money Transfer", "Remittance Services"),
    "property manager": ("Property Management", "Lettings", "Estates"),
    "employer": ("Manufacturing", "Hospital Trust", "Software", "Insurance", "Public Schools", "Railways"),
    "supplier": ("Wholesale", "Supplies", "Foods", "Packaging", "Services"),
    "landlord": ("Housing", "Residential", "Apartments"),
}


class Names:
    """Draw names; one seeded Faker per tongue, made when first needed, never the global one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._dice = Dice(seed, "names")
        self._fakers: dict[str, Faker] = {}
        self._people = 0

    def person(self, tongues: tuple[str, ...]) -> str:
        """Draw a person's full name."""
        self._people += 1
        if self._people % 25 == 0:
            return _AWKWARD[(self._people // 25 - 1) % len(_AWKWARD)]
        tongue = self._dice.pick(tongues)
        if tongue in _TABLES:
            given, family = (self._dice.pick(column) for column in _TABLES[tongue])
            return f"{family} {given}" if tongue == "vietnamese" else f"{given} {family}"
        faker = self._faker(tongue)
        if tongue in ("ja_JP", "zh_CN"):
            return str(faker.romanized_name())
        if self._dice.happens(0.5):
            return f"{faker.first_name_female()} {faker.last_name_female()}"
        return f"{faker.first_name_male()} {faker.last_name_male()}"

    def firm(self, trade: str, legal: str, tongues: tuple[str, ...]) -> str:
        """Draw a firm's name: an owner, sometimes two, a trade and a legal form."""
        tongue = self._dice.pick(tongues)
        owner = self._family(tongue)
        if self._dice.happens(0.25):
            owner += f" & {self._family(tongue)}"
        return f"{owner} {self._dice.pick(_TRADES[trade])} {legal}"

    @cached_property
    def _latin(self) -> Faker:
        return self._faker("en_US")

    def family(self, tongues: tuple[str, ...]) -> str:
        """Draw a family name."""
        return self._family(self._dice.pick(tongues))

    def _family(self, tongue: str) -> str:
        if tongue in _TABLES:
            return self._dice.pick(_TABLES[tongue][1])
        return str((self._latin if tongue in ("ja_JP", "zh_CN") else self._faker(tongue)).last_name())

    def _faker(self, tongue: str) -> Faker:
        if tongue not in self._fakers:
            faker = Faker(tongue, providers=["faker.providers.person"], use_weighting=False)
            faker.seed_instance(f"{self._seed}/{tongue}")
            self._fakers[tongue] = faker
        return self._fakers[tongue]
