"""What of a language model's answer is believed: strict JSON of one shape, words without figures, evidence that exists.

Whatever is not exactly so is discarded as a whole. A model that is wrong in one place has no claim to be right in the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from casedesk.errors import Invalid

#: Letters, spaces and the marks of plain English. No digit: figures come from the desk. No brace, link or markup.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z ,.;:'()\-]*")


class Discarded(Invalid):
    """The answer is not what was asked for. The sentence says what is wrong and quotes nothing of it."""


def _plain(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise ValueError("not plain words")
    return text


class Line(BaseModel):
    """One reason."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    text: Annotated[str, Field(min_length=3, max_length=300), AfterValidator(_plain)]
    cites: Annotated[list[Annotated[str, Field(max_length=8)]], Field(min_length=1, max_length=8)]


class Answer(BaseModel):
    """The whole answer."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    verdict: Literal["ESCALATE", "REVIEW", "DISMISS"]
    reasons: Annotated[list[Line], Field(min_length=1, max_length=5)]


@dataclass(frozen=True, slots=True)
class Opinion:
    """An answer that was believed, with real ids in place of pseudonyms."""

    verdict: str
    reasons: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an endpoint sent: the model's words, and how many tokens it says it took; None where it does not say."""

    content: str
    tokens_in: int | None
    tokens_out: int | None


def unwrap(body: bytes) -> Envelope:
    """Take the model's words out of a completion.

    :raises Discarded: if it is none.
    """
    try:
        value = json.loads(body)
        content = value["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError):
        raise Discarded("The endpoint sent no completion.") from None
    if not isinstance(content, str):
        raise Discarded("The endpoint sent a completion without words.")
    usage = value.get("usage")
    told: dict[str, Any] = usage if isinstance(usage, dict) else {}
    return Envelope(content, _count(told.get("prompt_tokens")), _count(told.get("completion_tokens")))


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def read(content: str, known: Mapping[str, str]) -> Opinion:
    """Hold the model's words against the shape and against the evidence that it was shown.

    :param known: what each pseudonym stands for.
    :raises Discarded: for anything else.
    """
    try:
        answer = Answer.model_validate(json.loads(content, object_pairs_hook=_once))
    except (ValidationError, ValueError, RecursionError):
        raise Discarded("The answer is not the JSON that was asked for.") from None
    strangers = {one for line in answer.reasons for one in line.cites} - known.keys()
    if strangers:
        raise Discarded(f"The answer cites evidence that does not exist ({len(strangers)} of its citations).")
    return Opinion(
        answer.verdict,
        tuple((line.text, tuple(dict.fromkeys(known[one] for one in line.cites))) for line in answer.reasons),
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: two readers would take two meanings from it."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
