"""Find a Chromium that the browser tests can drive, or get one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from process import PYTHON, run

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_PLACES: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
#: Each system's own package, for machines where Playwright's download is not to be had.
_PACKAGES: Final = (
    ("apt-get", ("update",), ("install", "--yes", "--no-install-recommends", "chromium")),
    ("dnf", ("install", "--assumeyes", "chromium")),
    ("apk", ("add", "chromium")),
    ("pacman", ("--sync", "--noconfirm", "chromium")),
    ("zypper", ("--non-interactive", "install", "chromium")),
)
#: A name on the PATH proves little (a stub, a missing library): the trial is to open a page.
_TRIAL: Final = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=sys.argv[1] or None, timeout=30_000)
    browser.new_page().goto("about:blank")
    browser.close()
"""


def find() -> str | None:
    """Return the path of a working Chromium, "" for Playwright's own, None if there is none and none could be got."""
    for path in _installed():
        if _opens(path):
            return path
    if _opens(""):
        return ""
    print("No Chromium was found; fetching Playwright’s ...", flush=True)
    run([PYTHON, "-m", "playwright", "install", "chromium"])
    if _opens(""):
        return ""
    if os.name == "nt" or os.geteuid() != 0:
        return None
    print("Asking the system’s package manager for Chromium ...", flush=True)
    for manager, *commands in _PACKAGES:
        if shutil.which(manager):
            for words in commands:
                run([shutil.which(manager) or manager, *words], extra={"DEBIAN_FRONTEND": "noninteractive"})
            break
    return next((path for path in _installed() if _opens(path)), None)


def _installed() -> Iterator[str]:
    named = os.environ.get("CASEDESK_TEST_CHROMIUM")
    candidates = [named] if named else [*(shutil.which(name) for name in _NAMES), *_PLACES]
    return (path for path in candidates if path and Path(path).exists())


def _opens(path: str) -> bool:
    return run([PYTHON, "-c", _TRIAL, path], quiet=True) == 0
