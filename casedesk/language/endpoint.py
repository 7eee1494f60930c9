"""Reach a language model at any endpoint that speaks OpenAI's protocol: one try, bounded in bytes and in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Final, Protocol

from casedesk.errors import Unavailable

#: Tokens of an answer; five reasons of the allowed length are some 500.
MOST_TOKENS: Final = 700
#: Tokens that an endpoint may add around what is sent: roles, templates.
_AROUND: Final = 200
#: A token is hardly ever more than so many bytes of English; an endpoint that reports less is not believed.
_BYTES_OF_TOKEN: Final = 8


class NoAnswer(Unavailable):
    """The endpoint gave no answer in time, or none at all. The sentence holds nothing that it said."""


class Asks(Protocol):
    """Whatever can be asked."""

    @property
    def version(self) -> str:
        """Name the model, as decisions name it."""

    def most_micros(self, instructions: str, text: str) -> int:
        """Return what a call can cost at most, in millionths."""

    def cost_micros(self, sent: int, got: int, tokens_in: int | None, tokens_out: int | None) -> int:
        """Return what a call did cost, by the bytes sent and got and by what the endpoint reports."""

    def ask(self, instructions: str, text: str) -> bytes:
        """Return the response's bytes.

        :raises NoAnswer: if there is none.
        """


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint, its model, and what it takes. Prices are for a million tokens, in the currency of the budget."""

    url: str
    model: str
    key: str = field(repr=False)
    timeout_seconds: float
    price_in: Decimal
    price_out: Decimal

    @property
    def version(self) -> str:
        return self.model

    def most_micros(self, instructions: str, text: str) -> int:
        # no tokeniser makes more tokens than there are bytes
        return self._price(len(instructions.encode()) + len(text.encode()) + _AROUND, MOST_TOKENS)

    def cost_micros(self, sent: int, got: int, tokens_in: int | None, tokens_out: int | None) -> int:
        least_in, least_out = sent // _BYTES_OF_TOKEN, got // _BYTES_OF_TOKEN
        return self._price(max(tokens_in or 0, least_in), max(tokens_out or 0, least_out))

    def _price(self, tokens_in: int, tokens_out: int) -> int:
        # a price for a million tokens is as many millionths for one
        exact = tokens_in * self.price_in + tokens_out * self.price_out
        return int(exact.to_integral_value(rounding=ROUND_CEILING))

    def ask(self, instructions: str, text: str) -> bytes:
        try:
            from casedesk.language import (
                conversation,
            )  # the client takes a second to import, which is no delay of the endpoint
        except ImportError:
            raise NoAnswer(
                "The desk was installed without the extra “llm”, which speaks to a language model."
            ) from None
        found = conversation.within(
            self.timeout_seconds, url=self.url, key=self.key, model=self.model, most_tokens=MOST_TOKENS,
            instructions=instructions, text=text,
        )  # fmt: skip
        if found is None:
            raise NoAnswer(
                f"The language model gave no answer that could be read within {self.timeout_seconds:g} seconds."
            )
        return found
