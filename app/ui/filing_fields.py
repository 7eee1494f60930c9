"""The fields of a report's form as a table, and the way between a report and what stands in them.

A row of a list is a row of fields; a row that is left empty says nothing. Fields keep their text for the session, so a refusal, a
conflict or a look at another page loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app.ui import session
from casedesk.domain.reports import codes
from casedesk.domain.reports.activity import Involved
from casedesk.domain.reports.parties import (
    Answer,
    Gender,
    IdentificationKind,
    NameKind,
    PhoneKind,
    RelationshipKind,
    RelationshipStatus,
    Role,
)
from casedesk.domain.reports.report import Attachment, Report, content, made


class Sort(StrEnum):
    """What kind of field it is."""

    TEXT = "text"
    TICK = "tick"
    CHOICE = "choice"  # one of ``options``
    MANY = "many"  # any of ``options``


@dataclass(frozen=True, slots=True)
class Field:
    """One field: the report's own name for it, its label, and what may be chosen, value to words."""

    name: str
    label: str
    sort: Sort = Sort.TEXT
    options: Mapping[str, str] | None = None
    width: int = 150
    hint: str = ""

    @property
    def empty(self) -> Any:
        return {Sort.TICK: False, Sort.MANY: []}.get(self.sort, "")


def _words(kind: type[StrEnum], *, blank: bool = False) -> dict[str, str]:
    options = {one.value: one.value.capitalize() or "–" for one in kind}
    return {"": "–", **options} if blank else options


def _titles(titles: Mapping[str, str]) -> dict[str, str]:
    return {"": "–", **{code: f"{title} ({code})" for code, title in titles.items()}}


_DAY: Final = "YYYY-MM-DD"
_TIN: Final = Field("institution_tin", "Institution's TIN", hint="Empty: this institution", width=130)
_OTHER: Final = Field("other", "If other, what", width=140)
_WHEN: Final = (Field("on", "Day", width=110, hint=_DAY), Field("at", "Time UTC", width=90, hint="HH:MM:SS"))

KIND: Final = (
    Field("corrects", "Corrects or amends", Sort.TICK),
    Field("continuing", "Continuing activity", Sort.TICK),
    Field("joint", "Joint", Sort.TICK),
    Field("prior_bsa_id", "Prior BSA ID", width=160, hint="14 digits; empty if unknown"),
    Field("note", "Note to FinCEN", width=300, hint="At most 50 characters"),
)
SUBJECT: Final = (
    Field("entity", "An entity, not a person", Sort.TICK),
    Field("unavailable", "Nothing critical is known", Sort.TICK),
    Field("born", "Date of birth", width=120, hint="Year, month or day"),
    Field("gender", "Gender", Sort.CHOICE, _words(Gender), 120),
    Field("role", "Role", Sort.CHOICE, _words(Role), 180),
    Field("confessed", "Admission", Sort.CHOICE, _words(Answer), 90),
    Field("occupation", "Occupation or business", width=190),
    Field("naics", "NAICS", width=90),
)
#: The lists of a subject: title, and the fields of a row.
SUBJECT_LISTS: Final[dict[str, tuple[str, tuple[Field, ...]]]] = {
    "names": ("Name", (
        Field("kind", "Name", Sort.CHOICE, _words(NameKind), 140), Field("last", "Last name, or entity", width=180),
        Field("first", "First"), Field("middle", "Middle", width=110), Field("suffix", "Suffix", width=80),
    )),
    "addresses": ("Address", (
        Field("street", "Street", width=200), Field("city", "City"), Field("state", "State", width=70),
        Field("postal_code", "ZIP or postal code", width=130), Field("country", "Country", width=80),
    )),
    "identifications": ("Identification", (
        Field("kind", "Identification", Sort.CHOICE, _words(IdentificationKind, blank=True), 200), Field("number", "Number"),
        Field("country", "Issued in", width=90), Field("state", "State", width=70), _OTHER,
    )),
    "phones": ("Phone", (
        Field("number", "Phone"), Field("extension", "Extension", width=90),
        Field("kind", "Kind", Sort.CHOICE, _words(PhoneKind), 120),
    )),
    "online": ("E-mail or web address", (Field("text", "E-mail or web address", width=260), Field("url", "A web address", Sort.TICK))),
    "accounts": ("Account", (
        Field("number", "Account", width=190), Field("closed", "Closed", Sort.TICK), _TIN,
        Field("outside_us", "Held outside the US", Sort.TICK),
    )),
    "relationships": ("Relationship", (
        Field("kinds", "To the institution", Sort.MANY, _words(RelationshipKind), 230), _OTHER,
        Field("status", "Status", Sort.CHOICE, _words(RelationshipStatus), 150),
        Field("action_on", "Since", width=110, hint=_DAY), _TIN,
    )),
}  # fmt: skip
ACTIVITY: Final = (
    Field("involved", "Amount", Sort.CHOICE, _words(Involved), 160),
    Field("amount", "Whole dollars", width=120),
    Field("cumulative", "Over all reports", width=120, hint="Continuing reports only"),
    Field("loss", "Loss to the institution", width=130),
    Field("first_on", "From", width=110, hint=_DAY),
    Field("last_on", "To", width=110, hint=_DAY),
)
#: The lists of the activity, by the part of the form they stand in.
ACTIVITY_LISTS: Final[dict[str, tuple[str, tuple[Field, ...]]]] = {
    "classifications": ("Kind of activity", (
        Field("subtype", "Type and subtype", Sort.CHOICE,
              {"": "–", **{code: f"{codes.activity_title(code)} ({code})" for code in codes.ACTIVITY_SUBTYPES}}, 420), _OTHER,
    )),
    "products": ("Product or instrument", (Field("code", "Product", Sort.CHOICE, _titles(codes.PRODUCTS), 300), _OTHER)),
    "attributes": ("CUSIP, commodity or market", (
        Field("code", "CUSIP, commodity or market", Sort.CHOICE, _titles(codes.ATTRIBUTES), 300), Field("text", "Which", width=180),
    )),
    "ip_addresses": ("IP address", (Field("address", "IP address", width=220), *_WHEN)),
    "cyber": ("Cyber indicator", (
        Field("code", "Cyber indicator", Sort.CHOICE, _titles(codes.CYBER_INDICATORS), 280), Field("value", "Value", width=180), _OTHER,
        *_WHEN,
    )),
}  # fmt: skip
AGENCY: Final = (
    Field("agency", "Agency told", width=200),
    Field("person", "Person there", width=180),
    Field("phone", "Phone", width=130),
    Field("extension", "Extension", width=90),
    Field("on", "Day", width=110, hint=_DAY),
)
BRANCHES: Final = Field("branches", "Branches where it happened", Sort.MANY, {}, 400)

_AMOUNTS: Final = ("amount", "cumulative", "loss")


def key(case_id: str, *path: object) -> str:
    """Return the key of a field."""
    return session.key("form", *map(str, path), case_id)


def rows(case_id: str, *path: object) -> int:
    """Return how many rows a list shows, one at least."""
    return int(session.value(session.key("rows", *map(str, path), case_id), 1))


def add_row(case_id: str, *path: object) -> None:
    """Show one row more."""
    session.put(session.key("rows", *map(str, path), case_id), rows(case_id, *path) + 1)


def load(case_id: str, report: Report) -> None:
    """Put a report into the fields. Only in a callback, or before they are drawn."""
    values = content(report)
    _put(case_id, KIND, values)
    _put(case_id, (BRANCHES,), values)
    _put(case_id, AGENCY, values.get("agency") or {}, "agency")
    activity = values.get("activity", {})
    _put(case_id, ACTIVITY, activity, "activity")
    _put_lists(case_id, ACTIVITY_LISTS, activity, "activity")
    subjects = values.get("subjects", [])
    session.put(session.key("rows", "subjects", case_id), max(len(subjects), 1))
    for place, subject in enumerate(subjects):
        _put(case_id, SUBJECT, subject, "subjects", place)
        _put_lists(case_id, SUBJECT_LISTS, subject, "subjects", place)
    session.put(session.key("attached", case_id), values.get("attachment"))
    session.put(session.key("begun", case_id), report)


def _put(case_id: str, fields: tuple[Field, ...], values: Mapping[str, Any], *path: object) -> None:
    for field in fields:
        given = values.get(field.name, blank(field))
        session.put(key(case_id, *path, field.name), given if field.sort is not Sort.TEXT else str(given))


def blank(field: Field) -> Any:
    """Return what a report that says nothing of a field says: the first of its choices."""
    return next(iter(field.options or {""})) if field.sort is Sort.CHOICE else field.empty


def _put_lists(
    case_id: str, lists: Mapping[str, tuple[str, tuple[Field, ...]]], values: Mapping[str, Any], *path: object
) -> None:
    for name, (_, fields) in lists.items():
        held = values.get(name, [])
        session.put(session.key("rows", *map(str, path), name, case_id), max(len(held), 1))
        for place in range(max(len(held), rows(case_id, *path, name))):
            _put(case_id, fields, held[place] if place < len(held) else {}, *path, name, place)


def begun(case_id: str) -> Report | None:
    """Return the report that was loaded into the fields, or None before the first time."""
    found: Report | None = session.value(session.key("begun", case_id), None)
    return found


def gather(case_id: str) -> Report:
    """Make a report of what stands in the fields.

    :raises BadReport: naming the fields that hold what no report can hold.
    """
    activity = _values(case_id, ACTIVITY, "activity")
    for name in _AMOUNTS:
        if name in activity:
            activity[name] = str(activity[name]).replace(",", "").replace("$", "").strip()
    agency = _values(case_id, AGENCY, "agency")
    attached: Attachment | dict[str, Any] | None = session.value(session.key("attached", case_id), None)
    return made(
        {
            **_values(case_id, (*KIND, BRANCHES)),
            "subjects": list(_subjects(case_id)),
            "activity": {**activity, **_lists(case_id, ACTIVITY_LISTS, "activity")},
            **({"agency": agency} if agency else {}),
            **({"attachment": attached} if attached else {}),
        }
    )


def _subjects(case_id: str) -> Iterator[dict[str, Any]]:
    for place in range(rows(case_id, "subjects")):
        path = ("subjects", place)
        subject = {**_values(case_id, SUBJECT, *path), **_lists(case_id, SUBJECT_LISTS, *path)}
        if any(subject.values()):
            yield subject


def _lists(
    case_id: str, lists: Mapping[str, tuple[str, tuple[Field, ...]]], *path: object
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, (_, fields) in lists.items():
        held = [_values(case_id, fields, *path, name, place) for place in range(rows(case_id, *path, name))]
        found[name] = [row for row in held if _says_something(row, fields)]
    return found


def _says_something(row: dict[str, Any], fields: tuple[Field, ...]) -> bool:
    """A row in which nothing but a choice stands as it was says nothing."""
    return any(row.get(f.name) for f in fields if f.sort is not Sort.CHOICE or row.get(f.name, "") != blank(f))


def _values(case_id: str, fields: tuple[Field, ...], *path: object) -> dict[str, Any]:
    """Return what stands in some fields, without the empty ones."""
    held = {field.name: session.value(key(case_id, *path, field.name), field.empty) for field in fields}
    return {name: value.strip() if isinstance(value, str) else value for name, value in held.items() if value}
