"""Headless Chromium, a desk for it to look at, and an identity provider. All on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from tests.app.bank import Bank, build
from tests.browser.screen import Screen
from tests.browser.server import Process, free_port, serve_desk

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NewScreen = Callable[..., Screen]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    named = os.environ.get("CASEDESK_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=named or None, args=ARGS)
        except Error as error:
            words = f"no Chromium to drive: {str(error).splitlines()[0]}; ./run.sh test gets one"
            if os.environ.get("CI") == "true":
                pytest.fail(words)
            pytest.skip(words)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def built_bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return build(tmp_path_factory.mktemp("bank") / "desk.db")


@pytest.fixture(scope="module")
def bank(built_bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    path = tmp_path_factory.mktemp("desk") / "desk.db"
    shutil.copyfile(built_bank.path, path)
    return Bank(path, built_bank.cases)


@pytest.fixture(scope="module")
def desk(bank: Bank) -> Iterator[Process]:
    served = serve_desk(bank.path, bank.path.parent / "desk.log", free_port())
    yield served
    served.stop()


#: With this the stand-in for an identity provider dresses its own page, which is none of the desk's.
_OF_THE_PROVIDER = "https://cdn.jsdelivr.net/npm/@picocss/"


@pytest.fixture
def pages(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open windows that share nothing and reach nothing but this machine."""
    contexts = []

    def opened(**options: object) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(12_000)
        context.route("**/*", only_this_machine)
        contexts.append(context)
        return context.new_page()

    elsewhere: list[str] = []

    def only_this_machine(route: Route) -> None:
        if urlsplit(route.request.url).hostname in (None, "localhost", "127.0.0.1"):
            route.continue_()
        else:
            if not route.request.url.startswith(_OF_THE_PROVIDER):
                elsewhere.append(route.request.url)
            route.abort()

    yield opened
    for context in contexts:
        context.close()
    assert elsewhere == []


@pytest.fixture
def screen(pages: Callable[..., Page], desk: Process) -> NewScreen:
    """Open a window and sign in: ``screen("Grace Adeyemi", "/?view=mine")``."""
    return lambda name, path="/": Screen(pages(), desk.url).sign_in(name, path)
