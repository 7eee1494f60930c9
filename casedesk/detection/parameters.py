"""Rule parameters an examiner can read: each has a value, a unit, a reason and a source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from casedesk.errors import Invalid

#: Source of every value that the desk took over from the rule definitions it replaces.
ORIGINAL = "original rule definition"
#: Source of every value the desk chose itself; the reason says why.
DESK = "desk policy, 2026-11"


class BadParameter(Invalid):
    """A rule was given a value it cannot work with."""


def parameter(default: Any, *, unit: str, reason: str, source: str, **limits: Any) -> Any:
    """Declare one parameter of a rule.

    ``limits`` are pydantic's (``ge``, ``le``, ``min_length`` ...); they are the range the lab page offers.
    """
    return Field(default, description=reason, json_schema_extra={"unit": unit, "source": source}, **limits)


@dataclass(frozen=True, slots=True)
class Described:
    """One parameter as an examiner reads it. ``lowest`` and ``highest`` are None where no order applies.

    ``reason`` and ``source`` belong to ``default``; who changed a value says why in the event that put it in force.
    """

    name: str
    value: object
    unit: str
    reason: str
    source: str
    default: object
    lowest: int | None
    highest: int | None

    @property
    def changed(self) -> bool:
        return self.value != self.default


class RuleParameters(BaseModel):
    """The thresholds of one rule. Whole numbers, words and sets of words only, so that every engine reads the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def read(cls, values: Mapping[str, object], rule: str = "") -> Self:
        """Build from outside values; what is not named keeps its default.

        :param rule: the rule's name, which a refusal says.
        :raises BadParameter: if a name is unknown, a value is out of its range, or two values contradict each other.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise BadParameter(" ".join(cls.refusal(detail, rule) for detail in error.errors())) from None

    def changed_by(self, values: Mapping[str, object], rule: str = "") -> Self:
        """Return the parameters with some values replaced.

        :raises BadParameter: as :meth:`read` does.
        """
        return self.read({**self.model_dump(), **values}, rule)

    @classmethod
    def refusal(cls, detail: ErrorDetails, rule: str = "") -> str:
        """Say what pydantic found wrong: rule, parameter, the value that was given, and what may be."""
        name, of = str(detail["loc"][0]) if detail["loc"] else "", f" of rule “{rule}”" if rule else ""
        if detail["type"] == "extra_forbidden":
            return f"There is no parameter “{name}”{of}; choose one of {', '.join(sorted(cls.model_fields))}."
        message = detail["msg"].removeprefix("Value error, ")
        if not name:
            return f"Rule “{rule}”: {message[0].lower()}{message[1:]}." if rule else f"{message}."
        unit, allowed = _extra(cls, name)["unit"], _allowed(cls.model_fields[name])
        way_out = f"; give {allowed}" if allowed else f": {message[0].lower()}{message[1:]}"
        return f"Parameter “{name}” ({unit}){of} cannot be {detail['input']!r}{way_out}."

    @classmethod
    def undeclared(cls) -> str:
        """Return the first field that is not declared with :func:`parameter`; '' where all are."""
        return next(
            (name for name, field in cls.model_fields.items() if not isinstance(field.json_schema_extra, dict)), ""
        )

    def inexact(self) -> str:
        """Return the first field whose value is no whole number, word or set of words; '' where there is none."""
        return next((name for name in type(self).model_fields if not _exact(getattr(self, name))), "")

    def described(self) -> tuple[Described, ...]:
        """List every parameter with its value, unit, reason and source, in the order the rule declares them."""
        return tuple(
            Described(
                name=name,
                value=getattr(self, name),
                unit=_extra(type(self), name)["unit"],
                reason=field.description or "",
                source=_extra(type(self), name)["source"],
                default=field.default,
                lowest=_limit(field, "ge"),
                highest=_limit(field, "le"),
            )
            for name, field in type(self).model_fields.items()
        )

    def values(self) -> dict[str, Any]:
        """Return the values as JSON types; a set becomes a sorted list."""
        return {
            name: sorted(value) if isinstance(value, list) else value
            for name, value in self.model_dump(mode="json").items()
        }

    def canonical(self) -> str:
        """Write the values as the one JSON text that is stored and hashed: sorted keys, no spaces."""
        return canonical_json(self.values())


class Ruled(Protocol):
    """What identifies a rule in a rule set."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def parameters(self) -> RuleParameters: ...


def rule_set_hash(rules: Iterable[Ruled]) -> str:
    """Return SHA-256 (hex) over name, version and parameter values of the rules, whatever their order."""
    return _hash(tuple((rule.name, rule.version, rule.parameters) for rule in rules))


@lru_cache(maxsize=64)  # each run asks four times, mostly for the same rules
def _hash(rules: tuple[tuple[str, str, RuleParameters], ...]) -> str:
    entries = [{"rule": name, "version": version, "parameters": values.values()} for name, version, values in rules]
    text = canonical_json(sorted(entries, key=lambda entry: str(entry["rule"])))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical_json(value: object) -> str:
    """Write JSON of whole numbers, text, lists and objects in one form only; equal to RFC 8785 for these types."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _exact(value: object) -> bool:
    if isinstance(value, frozenset):
        return all(isinstance(one, str) for one in value)
    return type(value) is int or isinstance(value, str)  # True is no number here


def _extra(model: type[BaseModel], name: str) -> dict[str, str]:
    extra = model.model_fields[name].json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError(f"{model.__name__}.{name} must be declared with parameter(...)")
    return {key: str(value) for key, value in extra.items()}


def _limit(field: FieldInfo, kind: str) -> int | None:
    return next((getattr(limit, kind) for limit in field.metadata if hasattr(limit, kind)), None)


def _allowed(field: FieldInfo) -> str:
    """Say what a parameter may be; '' where pydantic's own words must do."""
    lowest, highest = _limit(field, "ge"), _limit(field, "le")
    if lowest is not None and highest is not None:
        return f"a whole number from {lowest:,} to {highest:,}"
    if get_origin(field.annotation) is frozenset:
        (kind,) = get_args(field.annotation)
        return f"one or more of {', '.join(kind)}" if issubclass(kind, StrEnum) else ""
    *most, last = get_args(field.annotation) or ("",)
    return f"{', '.join(map(str, most))} or {last}" if most else ""
