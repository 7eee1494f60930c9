"""The risk of a case, part by part: what the rules say, how near its money is to listed parties,
what the model says, how cases like it ended.

Each part is one line in ``PARTS``: its title, a grey gloss, and the function that draws it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st

from app.ui import exposure_part, model_part, rules_part, similar_part
from casedesk.services.casefile import CaseFile


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the panel."""

    title: str
    gloss: str
    show: Callable[[CaseFile], None]


PARTS: Final = (
    Part("Rules", "the case has the severity of its worst alert, and the alerts and evidence of all", rules_part.show),
    Part("Exposure", "how near the customer's money is to listed parties; the parts of a line add up to it", exposure_part.show),
    Part("Model", "how likely a payment of the account is suspicious, by the model in force", model_part.show),
    Part("Similar past cases", "closed ones, by what they have in common", similar_part.show),
)  # fmt: skip


def show(file: CaseFile) -> None:
    """Draw every part under its head."""
    for part in PARTS:
        st.markdown(f"**{part.title}** :gray[{part.gloss}]")
        part.show(file)
