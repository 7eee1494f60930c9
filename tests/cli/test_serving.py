"""`casedesk serve`: what cannot be served is refused before anything is loaded. That it serves, the browser's tests show."""

from __future__ import annotations

import socket

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--ui", "--api"), "Choose one of --ui and --api"),
        (("--workers", "2"), "casedesk serve --api --workers N"),
        (("--ui", "--workers", "2"), "casedesk serve --api --workers N"),
        (("--api", "--", "--server.headless", "true"), "is an option of the app, and --api serves none"),
        (("--host", "nowhere.invalid"), "cannot listen at nowhere.invalid"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_way_out(
    casedesk: Command, words: tuple[str, ...], sentence: str
) -> None:
    told = casedesk("serve", *words)
    assert (told.code, sentence in told.err) == (2, True), told.err


def test_a_port_that_is_taken_is_named(casedesk: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = casedesk("serve", "--api", "--port", port)
    assert (told.code, f"port {port}" in told.err) == (2, True)


def test_wrong_settings_are_refused_before_anything_is_served(casedesk: Command) -> None:
    told = casedesk("serve", "--api", api_rate="0")
    assert (told.code, "CASEDESK_API_RATE" in told.err) == (2, True)
