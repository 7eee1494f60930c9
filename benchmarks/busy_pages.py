"""How much slower pages and queries become for twenty people while transactions come in.

Usage: python benchmarks/busy_pages.py [--desk PATH] [--seconds 30] [--rounds 2] [--rate 1000]
Four Chromium windows open cases and go back to the queue, in turn; sixteen threads read queue pages and case files as such
windows would, each every second. App and API are processes of their own over one SQLite file. Half of the time an HTTP client
sends a batch of --rate transactions every second and has the rules run every five. Quiet and busy spells take turns.
Prints a Markdown table: the median and the 95th percentile in both, and their ratios. Without --desk a demo bank is made first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from casedesk.bootstrap import Desk, open_desk
from casedesk.domain.people import SYSTEM, Person, Role
from casedesk.services import api_keys, casefile, people, queue
from casedesk.services.api_keys import Scope
from casedesk.services.queue import Query
from casedesk.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
WINDOWS, READERS = 4, 16
QUEUE = '[class*="st-key-queue"] canvas'
Taken = dict[str, list[float]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--desk", type=Path)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--rate", type=int, default=1_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="casedesk-bench-") as folder:
        path = Path(folder) / "desk.db"
        make(path, given.desk)
        with served(path, "--ui") as app, served(path, "--api") as api, sync_playwright() as playwright:
            desk = open_desk(Settings(database_url=f"sqlite:///{path}"))
            staff = [one for one in people.everybody(uow=desk.reading()) if one.role is Role.ANALYST and one.active]
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            windows = [signed_in(browser.new_page(), app, staff[n % len(staff)]) for n in range(WINDOWS)]
            sent_as = key(desk)
            spells: list[tuple[Taken, Taken]] = []
            sent, busy_seconds = 0, 0.0
            for _ in range(given.rounds):
                quiet = spell(desk, staff, windows, given.seconds)
                with ingesting(api, sent_as, given.rate, f"B{random.randrange(10**9)}") as count:
                    begun = time.monotonic()
                    spells.append((quiet, spell(desk, staff, windows, given.seconds)))
                    sent, busy_seconds = sent + count[0], busy_seconds + time.monotonic() - begun
            browser.close()
            desk.close()
    show(spells, sent / busy_seconds)


def make(path: Path, source: Path | None) -> None:
    """Copy a desk and bring it to the newest migration, or make the demo bank."""
    if source is not None:
        shutil.copyfile(source, path)
    env = {**os.environ, "CASEDESK_DATABASE_URL": f"sqlite:///{path}"}
    for words in (["db", "upgrade"], *([["seed"]] if source is None else [])):
        subprocess.run(
            [sys.executable, "-m", "casedesk", *words], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL
        )


@contextmanager
def served(path: Path, what: str) -> Iterator[str]:
    """Serve the app or the API on a free port until the block ends."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    env = {
        **os.environ,
        "CASEDESK_DATABASE_URL": f"sqlite:///{path}",
        "CASEDESK_LOG_LEVEL": "ERROR",
        "CASEDESK_API_RATE": "10000",
    }
    command = [sys.executable, "-m", "casedesk", "serve", what, "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        await_answer(url + ("/_stcore/health" if what == "--ui" else "/ready"))
        yield url
    finally:
        process.terminate()
        process.wait(20)


def await_answer(url: str) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an address of this machine
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def key(desk: Desk) -> str:
    issued = api_keys.create(
        uow=desk.writing(), actor=SYSTEM, at=datetime.now(UTC), label="benchmark", user_id=SYSTEM.user_id,
        scopes={Scope.INGEST}, days=1,
    )  # fmt: skip
    return issued.sent_as


def signed_in(page: Page, url: str, who: Person) -> Page:
    page.set_default_timeout(60_000)
    page.goto(url)
    page.get_by_role("button", name=who.name).click()
    page.locator(QUEUE).first.wait_for()
    page.wait_for_timeout(1_000)
    return page


def spell(desk: Desk, staff: list[Person], windows: list[Page], seconds: float) -> Taken:
    """Let everybody work for so long; return what each kind of action took, in seconds."""
    taken: Taken = defaultdict(list)
    end = time.monotonic() + seconds
    readers = [threading.Thread(target=read, args=(desk, staff[n % len(staff)], end, taken)) for n in range(READERS)]
    for reader in readers:
        reader.start()
    while time.monotonic() < end:
        for page in windows:
            taken["Open a case"].append(open_first(page))
            page.wait_for_timeout(400)  # shortcuts are bound after a page is drawn
            taken["Back to the queue"].append(go_back(page))
    for reader in readers:
        reader.join()
    return taken


def open_first(page: Page) -> float:
    """Click the first row, and wait until the case is drawn."""
    box = page.locator(QUEUE).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 260, box["y"] + 51)
    page.wait_for_timeout(200)  # the grid takes a click only where it has seen the pointer
    begun = time.perf_counter()
    page.mouse.click(box["x"] + 260, box["y"] + 51, delay=40)
    page.locator('[role="tab"]:has-text("Timeline")').first.wait_for()
    return time.perf_counter() - begun


def go_back(page: Page) -> float:
    """Go back to the queue, and wait until it is drawn."""
    begun = time.perf_counter()
    page.keyboard.press("Escape")
    page.locator(QUEUE).first.wait_for()
    taken = time.perf_counter() - begun
    page.wait_for_timeout(400)
    return taken


def read(desk: Desk, who: Person, end: float, taken: Taken) -> None:
    """Work as a window would: a page of the queue, and one of its cases, every second."""
    dice = random.Random(who.user_id)
    while time.monotonic() < end:
        begun = time.perf_counter()
        page = queue.list_page(uow=desk.reading(), actor=who, at=datetime.now(UTC), query=Query())
        middle = time.perf_counter()
        casefile.read(uow=desk.reading(), actor=who, case_id=dice.choice(page.lines).row.case_id)
        taken["Queue page, read"].append(middle - begun)
        taken["Case file, read"].append(time.perf_counter() - middle)
        time.sleep(1 + dice.random() / 5)


@contextmanager
def ingesting(url: str, sent_as: str, rate: int, prefix: str) -> Iterator[list[int]]:
    """Send a batch every second, and have the rules run every fifth time, until the block ends; yields the count sent."""
    stop, count = threading.Event(), [0]

    def work() -> None:
        turn = 0
        while not stop.is_set():
            begun = time.monotonic()
            rows = [row(f"{prefix}-{turn}-{n}", n) for n in range(rate)]
            address = f"{url}/api/v1/transactions{'?wait=true' if turn % 5 == 4 else ''}"
            headers = {"Authorization": f"Bearer {sent_as}", "Content-Type": "application/json"}
            request = urllib.request.Request(address, json.dumps(rows).encode(), headers)  # noqa: S310 - as above
            with urllib.request.urlopen(request, timeout=120):  # noqa: S310 - as above
                count[0] += rate
            turn += 1
            stop.wait(max(0.0, 1 - (time.monotonic() - begun)))

    sender = threading.Thread(target=work)
    sender.start()
    try:
        yield count
    finally:
        stop.set()
        sender.join()


def row(name: str, n: int) -> dict[str, str]:
    at = datetime.now(UTC) - timedelta(seconds=n)
    return {
        "transaction_id": name, "booked_at": at.isoformat(), "from_account": f"BENCH-{n % 700}",
        "to_account": f"BENCH-{(n * 7 + 1) % 900}", "amount": f"{100 + n % 900}.00", "currency": "USD", "channel": "WIRE",
    }  # fmt: skip


def show(spells: list[tuple[Taken, Taken]], rate: float) -> None:
    print(
        f"| Action of one of {WINDOWS + READERS} people | quiet, p50 / p95 | {rate:,.0f} transactions/s, p50 / p95 | Ratios |"
    )
    print("|---|---|---|---|")
    for name in ("Open a case", "Back to the queue", "Queue page, read", "Case file, read"):
        quiet, busy = ([value * 1000 for pair in spells for value in pair[n][name]] for n in (0, 1))
        (a, b), (c, d) = ((statistics.median(some), statistics.quantiles(some, n=20)[-1]) for some in (quiet, busy))
        print(
            f"| {name} ({len(quiet)}, {len(busy)}) | {a:.0f} / {b:.0f} ms | {c:.0f} / {d:.0f} ms | {c / a:.2f} / {d / b:.2f} |"
        )


if __name__ == "__main__":
    main()
