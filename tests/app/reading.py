"""What a reader sees on a page that AppTest drew."""

from __future__ import annotations

import re
from typing import Any

from streamlit.testing.v1 import AppTest


def sentences(at: AppTest) -> list[str]:
    """Return what errors and warnings say, without Markdown's escapes."""
    return [unescaped(box.value) for box in (*at.error, *at.warning)]


def toasts(at: AppTest) -> list[str]:
    return [unescaped(toast.value) for toast in at.toast]


def text(at: AppTest) -> str:
    """Return all Markdown, HTML and alerts of the page as one text."""
    parts = [str(element.value) for element in (*at.markdown, *at.error, *at.warning, *at.info, *at.success)]
    return unescaped("\n".join(parts)) + "\n".join(str(element.value) for element in at.html)


def unescaped(markdown: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


def button(at: AppTest, key: str) -> Any:
    return at.get_by_key(key)


def shortcuts(at: AppTest) -> list[str]:
    """Return the shortcut of every button, greyed ones included: another case may let both fire."""
    return [b.proto.shortcut for b in at.button if b.proto.shortcut]
