"""What a rule is called: its name is what is stored, typed and printed as JSON; people read its title."""

from __future__ import annotations

from typing import Final

from casedesk.detection.rules import RULES

_TITLES: Final = {rule.name: rule.title for rule in RULES}


def title(name: str) -> str:
    """Return a rule's title; of a rule this desk does not have, an older or a foreign one, its name in words."""
    words = " ".join(name.replace("_", " ").split())
    return _TITLES.get(name) or words[:1].upper() + words[1:]
