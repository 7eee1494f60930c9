"""One browser window at the desk, and what a person does in it."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Download, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate

_ROW = 31
_HEAD = 36

#: Notes each toast's words as they appear. A toast is gone after four seconds, and a busy machine may look later.
_NOTING = """
const noted = new WeakMap();
window.told = [];
new MutationObserver(() => {
  for (const toast of document.querySelectorAll('[data-testid="stToast"]')) {
    const words = toast.textContent;
    if (words && noted.get(toast) !== words) { noted.set(toast, words); window.told.push(words); }
  }
}).observe(document, {childList: true, subtree: true, characterData: true});
"""

#: Whether a toast with these words has come. It and those before it are told, and answer no second question.
_TOLD = """
words => {
  const place = window.told.findIndex(told => told.includes(words));
  if (place >= 0) window.told.splice(0, place + 1);
  return place >= 0;
}
"""


class Screen:
    """A window. Every step waits until the desk has drawn what it caused."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        page.add_init_script(_NOTING)

    def sign_in(self, name: str, path: str = "/") -> Screen:
        self.page.goto(self.url + path)
        self.page.get_by_role("button", name=name).click()
        expect(self.key("sign_out")).to_be_visible(timeout=20_000)
        return self.settle()

    def settle(self) -> Screen:
        """Wait until no script runs."""
        self.page.wait_for_timeout(120)
        expect(self.page.locator('[data-test-script-state="running"]')).to_have_count(0, timeout=20_000)
        self.page.wait_for_timeout(80)
        return self

    def key(self, key: str) -> Locator:
        """Find a widget by its key."""
        return self.page.locator(f".st-key-{key}")

    def press(self, key: str) -> Screen:
        """Click a button by its key."""
        self.key(key).get_by_role("button").first.click()
        return self.settle()

    def download(self, key: str) -> Download:
        """Click a download button of a page that is drawn, and return the file.

        A page that is being drawn anew under the click still shows the button of before, whose file is gone. A person then clicks again.
        """
        for left in (2, 1, 0):
            self.settle()
            try:
                with self.page.expect_download() as started:
                    self.key(key).get_by_role("button").click()
                return started.value
            except TooLate:
                if not left:
                    raise
        raise AssertionError

    def type_key(self, keys: str) -> Screen:
        """Press a key, once the page has had the time to listen: its shortcuts are bound after it is drawn."""
        self.page.wait_for_timeout(400)
        self.page.keyboard.press(keys)
        return self.settle()

    def write(self, key: str, words: str) -> Screen:
        """Type into a field without leaving it."""
        self.key(key).locator("textarea, input").first.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(words)
        return self

    def choose(self, key: str, label: str) -> Screen:
        """Choose one of the options that stand side by side."""
        self.key(key).get_by_text(re.compile(f"^{re.escape(label)}")).first.click()
        return self.settle()

    def select(self, key: str, label: str) -> Screen:
        """Choose from a list that opens."""
        self.key(key).locator('[data-baseweb="select"], [role="combobox"]').first.click()
        self.page.get_by_role("option", name=label).first.click()
        return self.settle()

    def rows(self, key: str) -> list[list[str]]:
        """Read a canvas table from the table it keeps for screen readers."""
        table = self.key(key).locator("canvas table").first
        table.wait_for(state="attached", timeout=20_000)
        found: list[list[str]] = table.evaluate(
            "t => [...t.querySelectorAll('tbody tr')].map(r => [...r.children].map(c => c.textContent))"
        )
        return found

    def shows_cases(self, key: str, case_ids: set[str]) -> None:
        """Wait until a table of cases holds these: the grid draws a change some time after the page's script has run."""
        give_up = time.monotonic() + 20
        while (shown := {row[2] for row in self.rows(key)}) != case_ids and time.monotonic() < give_up:
            self.page.wait_for_timeout(100)
        assert shown == case_ids

    def click_row(self, key: str, case_id: str) -> Screen:
        """Click the row of a case, in the middle of the table."""
        place = next(n for n, row in enumerate(self.rows(key)) if case_id in row)
        return self.click_at(key, place, 260)

    def click_at(self, key: str, place: int, x: int) -> Screen:
        """Click into a row of a canvas table. A layer over the canvas takes the click, so the mouse goes by position."""
        canvas = self.key(key).locator("canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None, f"the table {key} is not drawn"
        at = box["x"] + x, box["y"] + _HEAD + _ROW * place + _ROW // 2
        self.page.mouse.move(*at)
        self.page.wait_for_timeout(100)  # the grid takes a click only where it has seen the pointer
        self.page.mouse.click(*at, delay=60)
        return self.settle()

    def is_at(self, end: str) -> None:
        """Wait until the address ends like this."""
        expect(self.page).to_have_url(re.compile(re.escape(end) + "$"), timeout=20_000)
        self.settle()

    def is_told(self, words: str) -> None:
        """Wait for a toast with these words, or find that it has come since the last one that was asked for.

        It comes with the first thing that a run draws. What is clicked before the run has ended is drawn anew below the
        click, and a download that the old drawing offered is gone.
        """
        self.page.wait_for_function(_TOLD, arg=words, timeout=20_000)
        self.settle()

    def sees(self, words: str) -> None:
        expect(self.page.locator('[data-testid="stMain"]')).to_contain_text(words, timeout=20_000)
