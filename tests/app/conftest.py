"""The app under AppTest: a copied bank, signed in by a click, one run for each step."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from app.ui import signin
from tests.app.bank import Bank, build

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
Open = Callable[..., AppTest]
#: Every AppTest looks through each package that is installed for components, as a server does once when it starts.
components = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(scope="session")
def built_bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return build(tmp_path_factory.mktemp("bank") / "desk.db")


@pytest.fixture
def bank(built_bank: Bank, tmp_path: Path) -> Bank:
    path = tmp_path / "desk.db"
    shutil.copyfile(built_bank.path, path)
    return Bank(path, built_bank.cases)


@pytest.fixture
def start(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], AppTest]]:
    """Start the app from its entrypoint, before the sign-in."""
    monkeypatch.setenv("CASEDESK_DATABASE_URL", bank.url)
    monkeypatch.setenv("CASEDESK_LOCK_TIMEOUT_SECONDS", "1")
    monkeypatch.setattr(signin, "bound_to", lambda: "127.0.0.1")
    # AppTest forgets before each run that the pages are named in code, and would run a file of pages/ by itself. The
    # server is told once, when it starts: app.ui.navigation.declare.
    monkeypatch.setattr(PagesManager, "main_script_parent", property(lambda _: bank.path.parent))
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", components)
    # It also leaves the app behind as the main program, and every process that a later test spawns would start it.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    st.cache_resource.clear()
    yield lambda: AppTest.from_file(str(MAIN), default_timeout=30)
    st.cache_resource.clear()


@pytest.fixture
def open_as(start: Callable[[], AppTest]) -> Open:
    """Open a page as somebody: ``open_as("grace", "case", id=...)``."""

    def opened(user: str, page: str = "", /, **query: str) -> AppTest:
        at = start()
        if not page:
            at.query_params.update(query)
        at.run()
        at.get_by_key(f"persona_{user}").click().run()
        if page:
            at.switch_page(f"pages/{page}.py")
            at.query_params.clear()
            at.query_params.update(query)
            at.run()
        return at

    return opened
