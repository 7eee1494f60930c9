"""The report of a case: what the form needs beyond what the desk knows.

The narrative is not in here: it is that of the approved decision. The institution is not either: it is the desk's own, from
its settings. What is frozen at the approval is the digest of exactly this.
"""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Any, Final

import rfc8785
from pydantic import Field, ValidationError

from casedesk.domain.reports.activity import Activity
from casedesk.domain.reports.part import Part, Text, wrong_fields
from casedesk.domain.reports.parties import Subject
from casedesk.errors import Invalid

#: Beside the fields of a stored report: what makes its digest one that nobody can guess.
_SALT: Final = "salt"


class BadReport(Invalid):
    """A field of a report holds what no report can hold."""


class Agency(Part):
    """Whom at a law enforcement agency or regulator the institution told, and when."""

    agency: Text = ""
    person: Text = ""
    phone: Text = ""
    extension: Text = ""
    on: date | None = None


class Attachment(Part):
    """The one file that may go with a report: comma-separated text of at most 1 MB."""

    name: Text
    content: str = Field(max_length=1_048_576)


class Report(Part):
    """A report as an analyst fills it in. Without ``corrects`` and ``continuing`` it is an initial one.

    ``prior_bsa_id`` is the number of the report that it corrects or continues, empty if that is not known.
    """

    corrects: bool = False
    continuing: bool = False
    joint: bool = False
    prior_bsa_id: Text = ""
    note: Text = ""  # to FinCEN, at most 50 characters
    subjects: tuple[Subject, ...] = ()
    activity: Activity = Activity()
    branches: tuple[Text, ...] = ()  # codes of the institution's branches where it happened
    agency: Agency | None = None
    attachment: Attachment | None = None

    @property
    def initial(self) -> bool:
        return not (self.corrects or self.continuing)


def content(report: Report) -> dict[str, Any]:
    """Return a report as JSON values, without what is empty: a later field with a default changes no digest."""
    values: dict[str, Any] = report.model_dump(mode="json", exclude_defaults=True)
    return values


def canonical(report: Report, salt: str = "") -> str:
    """Write a report in RFC 8785.

    :param salt: 32 random bytes in hex that go into what is digested, so that the digest tells nothing once the form is removed.
    """
    return rfc8785.dumps(content(report) | ({_SALT: salt} if salt else {})).decode()


def salted(text: str) -> bool:
    """Say whether a canonical report has a salt; the digest of one without could be guessed at."""
    return _SALT in json.loads(text)


def digest(text: str) -> str:
    """Return the SHA-256 of a canonical report, in hex."""
    return sha256(text.encode()).hexdigest()


def read(text: str) -> Report:
    """Read a report from JSON.

    :raises BadReport: naming the fields that are wrong.
    """
    try:
        return made(json.loads(text))
    except ValueError as error:
        if isinstance(error, BadReport):
            raise
        raise BadReport(f"This is no report in JSON: {error}.") from None


def stored(text: str) -> Report:
    """Read a report as :func:`canonical` wrote it.

    :raises BadReport: if it is none, as after an edit past the desk.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise BadReport(f"This is no report in JSON: {error}.") from None
    return made(
        {name: value for name, value in values.items() if name != _SALT} if isinstance(values, dict) else values
    )


def made(values: Any) -> Report:
    """Make a report of JSON values.

    :raises BadReport: naming the fields that are wrong.
    """
    try:
        return Report.model_validate(values)
    except ValidationError as error:
        raise BadReport(wrong_fields(error, "The report", most=3)) from None
