"""Endpoints on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.language.loopback import Behaviour, Loopback


@pytest.fixture
def endpoint() -> Iterator[Callable[[Behaviour], Loopback]]:
    """A function that starts an endpoint with a behaviour; it is closed after the test."""
    started: list[Loopback] = []

    def start(behave: Behaviour) -> Loopback:
        started.append(Loopback(behave))
        return started[-1]

    yield start
    for one in started:
        one.close()
