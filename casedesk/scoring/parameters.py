"""What the exposure is computed with; a run records it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from casedesk.errors import Invalid

_Weight = Annotated[float, Field(gt=0, le=1)]


class BadExposure(Invalid):
    """A value the exposure cannot be computed with."""


class ExposureParameters(BaseModel):
    """The values of the formula in docs/scoring.md.

    ``hop_weights`` has one weight for each hop looked back or ahead, the nearest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hop_weights: tuple[_Weight, ...] = Field(
        (1.0, 0.6, 0.3), min_length=1, max_length=6, description="what money counts after one hop, two, three ..."
    )
    half_life_days: int = Field(
        365, ge=30, le=3650, description="after so many days a payment counts half; each further so many halve it again"
    )
    reference_minor: int = Field(
        100_000,
        ge=1,
        le=10**12,
        description="minor units of the base currency that every party is taken to have received cleanly besides, so that a "
        "trifle from a listed party makes nobody suspicious",
    )

    @field_validator("hop_weights")
    @classmethod
    def _never_rise(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if any(later > earlier for earlier, later in pairwise(weights)):
            raise PydanticCustomError("rising", "a hop must not count more than the one before it")
        return weights

    @classmethod
    def read(cls, values: Mapping[str, object]) -> Self:
        """Build from outside values; what is not named keeps its default.

        :raises BadExposure: naming each wrong field, what was given, and what is allowed.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise BadExposure(" ".join(_sentence(detail) for detail in error.errors())) from None


def _sentence(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"]) or "the parameters"
    if detail["type"] == "extra_forbidden":
        known = ", ".join(sorted(ExposureParameters.model_fields))
        return f"There is no exposure parameter {name}; choose one of {known}."
    return f"Exposure parameter {name} is {detail['input']!r}: {detail['msg'].removeprefix('Value error, ')}."
