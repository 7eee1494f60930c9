"""A jurisdiction's goAML as data: each unit publishes a schema of its own, with code lists of its own, and there is no world schema.

A profile is a TOML file. It may begin with ``base``, the name of one that comes with the desk or of a file beside it, and then
holds only what differs: the number under which the institution reports, its indicators, other codes.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from casedesk.domain.reports.part import Part, wrong_fields
from casedesk.domain.reports.parties import Gender, PhoneKind
from casedesk.domain.transactions import Channel
from casedesk.errors import Invalid

Code = Annotated[str, Field(min_length=1, max_length=50)]


class BadProfile(Invalid):
    """A profile cannot be read, or a field of it is missing, unknown or wrong."""


class Head(Part):
    """What stands at the head of each report. ``rentity_id`` is the number under which the institution is registered."""

    rentity_id: Annotated[int, Field(ge=1, le=2_147_483_647)]
    rentity_branch: Annotated[str, Field(max_length=255)] = ""
    submission_code: Code
    date_element: Literal["submission_date", "report_date"]
    currency: Annotated[str, Field(pattern="[A-Z]{3}")]
    reporting_user_code: Annotated[str, Field(max_length=50)] = ""


class Conducted(Part):
    """How money that moved by a channel is said to have been sent, and as what."""

    conducted: Code
    funds: Code


class Codes(Part):
    """Single codes. Of a phone the first says whose it is, the second what it is."""

    remark: Annotated[str, Field(min_length=1, max_length=1)]
    sender: Code
    receiver: Code
    country_unknown: Code
    gender: dict[Gender, Code]
    address: Code
    signatory: Code
    phones: dict[PhoneKind, tuple[Code, Code]]
    phone: tuple[Code, Code]


class Indicators(Part):
    """Why the activity is suspicious: those of every report, and those of a kind of activity, by FinCEN's subtype."""

    always: tuple[Code, ...] = ()
    by_subtype: dict[str, tuple[Code, ...]] = Field(default_factory=dict)


class Kinds(Part):
    """What a report of transactions, and one of an activity, is called."""

    STR: Code
    SAR: Code


class Profile(Part):
    """A jurisdiction, and the institution in it. ``xsd`` is a path, from the profile's folder where it is not absolute."""

    title: Code
    schema_version: Annotated[str, Field(max_length=25)] = ""
    xsd: str = ""
    unknown: Code
    names: str
    narrative_max: Annotated[int, Field(ge=1)]
    report: Head
    kinds: Kinds
    channels: dict[Channel, Conducted]
    codes: Codes
    indicators: Indicators

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not (self.indicators.always or self.indicators.by_subtype):
            raise ValueError("indicators names none, and a report needs one")
        try:
            re.compile(self.names)
        except re.error as error:
            raise ValueError(f"names is no pattern ({error})") from None
        return self


def read_profile(path: Path) -> Profile:
    """Read a profile from a TOML file.

    :raises BadProfile: naming the file, and each field that is wrong.
    """
    try:
        values = _values(path.read_text(encoding="utf-8"), path.parent)
        if values.get("xsd"):
            values["xsd"] = str(path.parent / values["xsd"])
        return Profile.model_validate(values)
    except OSError as error:
        raise BadProfile(f"{path.name}, the profile, cannot be read ({error.strerror}).") from None
    except ValidationError as error:
        raise BadProfile(f"{path.name}, the profile: {wrong_fields(error, 'The profile')}") from None
    except ValueError as error:
        raise BadProfile(f"{path.name}, the profile, is no TOML ({error}).") from None


def _values(text: str, folder: Path, depth: int = 0) -> dict[str, Any]:
    values = tomllib.loads(text)
    base = values.pop("base", "")
    if not base:
        return values
    if depth > _DEEPEST:
        raise BadProfile("The profile is its own base.")
    return _over(_values(_base(str(base), folder), folder, depth + 1), values)


_DEEPEST = 5


def _base(name: str, folder: Path) -> str:
    """Return the text of a profile that comes with the desk, or of a file beside the one that names it."""
    if name != Path(name).name:
        raise BadProfile(
            f"“{name}” cannot be a base; name one of {', '.join(shipped())}, or a file beside the profile."
        )
    ours = files(__package__).joinpath("profiles", f"{name}.toml")
    if ours.is_file():
        return ours.read_text(encoding="utf-8")
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError:
        raise BadProfile(f"There is no profile “{name}”; the desk has {', '.join(shipped())}.") from None


def shipped() -> list[str]:
    """Return the names of the profiles that come with the desk."""
    found = files(__package__).joinpath("profiles").iterdir()
    return sorted(one.name.removesuffix(".toml") for one in found if one.name.endswith(".toml"))


def _over(base: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Lay values over those of the base, tables within tables."""
    merged = dict(base)
    for name, value in values.items():
        old = merged.get(name)
        merged[name] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
