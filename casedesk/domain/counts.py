"""How a count is said: one of a thing, or several of them."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """Say a count: “1 transaction”, “1,204 transactions”; ``several`` is for words that take no “s”, or bring a verb."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
