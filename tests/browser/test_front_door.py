"""Getting in: an identity provider on this machine, and who is turned away."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.app.bank import Bank
from tests.browser.screen import Screen
from tests.browser.server import Process, free_port, serve_desk

SECRETS = """\
[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "only-for-this-test-0123456789abcdef"
client_id = "desk"
client_secret = "secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    port = free_port()
    users = [
        f'{{"sub": "{name}", "email": "{name}@bank.example", "email_verified": true}}' for name in ("grace", "mallory")
    ]
    served = Process(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port),
         *(word for user in users for word in ("--user-claims", user))],
        f"http://localhost:{port}", tmp_path_factory.mktemp("provider") / "provider.log",
    )  # fmt: skip
    served.wait("/.well-known/openid-configuration")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def guarded_desk(bank: Bank, provider: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    port = free_port()
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.toml"
    secrets.write_text(SECRETS.format(url=f"http://localhost:{port}", provider=provider.url), encoding="utf-8")
    served = serve_desk(
        bank.path, secrets.parent / "desk.log", port, "--", "--secrets.files", str(secrets), CASEDESK_AUTH="oidc"
    )
    yield served
    served.stop()


def through_provider(page: Page, desk: Process, who: str) -> Screen:
    page.goto(desk.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=who).click()
    page.wait_for_url(desk.url + "/**")
    return Screen(page, desk.url).settle()


def test_the_first_visitor_of_a_deep_link_meets_the_sign_in(pages: Callable[..., Page], guarded_desk: Process) -> None:
    page = pages()
    page.goto(guarded_desk.url + "/ledger")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=30_000)
    assert "Root" not in page.inner_text("body")


def test_a_known_address_gets_in_and_out(pages: Callable[..., Page], guarded_desk: Process) -> None:
    screen = through_provider(pages(), guarded_desk, "grace")
    expect(screen.page.get_by_text("Grace Adeyemi").first).to_be_visible()
    expect(screen.key("queue")).to_be_visible()
    screen.key("sign_out").get_by_role("button").click()
    screen.page.get_by_role("button", name="End session").click()  # the provider's own page
    expect(screen.page.get_by_role("button", name="Sign in")).to_be_visible(timeout=20_000)


def test_an_unknown_address_is_turned_away(pages: Callable[..., Page], guarded_desk: Process) -> None:
    screen = through_provider(pages(), guarded_desk, "mallory")
    screen.sees("mallory@bank.example is not an active user of this desk")
    expect(screen.key("queue")).to_have_count(0)
    expect(screen.key("sign_out")).to_be_visible()


def test_personas_are_not_offered_under_another_host_name(
    pages: Callable[..., Page], bank: Bank, tmp_path: Path
) -> None:
    desk = serve_desk(bank.path, tmp_path / "desk.log", free_port(), "--host", "0.0.0.0")
    try:
        page = pages()
        page.goto(desk.url)
        expect(page.locator('[data-testid="stMain"]')).to_contain_text("Demo sign-in has no passwords", timeout=30_000)
        expect(page.get_by_role("button", name="Grace Adeyemi")).to_have_count(0)
    finally:
        desk.stop()


def test_the_api_answers_beside_the_app_in_the_same_process(desk: Process) -> None:
    answers = [
        httpx.get(desk.url + path, trust_env=False)
        for path in ("/health", "/ready", "/docs", "/metrics", "/api/v1/cases", "/api", "/ledger", "/apiary", "/")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 401, 404, 200, 200, 200]
    problem, none, page = answers[4], answers[5], answers[6]
    assert (problem.headers["content-type"], none.json()["title"]) == ("application/problem+json", "Not found")
    assert "set-cookie" not in problem.headers
    assert "<!doctype html>" in page.text.lower()
    assert "content-security-policy" not in page.headers
    with pytest.raises(InvalidStatus) as refused, connect(f"{desk.url.replace('http', 'ws')}/ws/alerts", proxy=None):
        pass
    assert refused.value.response.status_code == 401
