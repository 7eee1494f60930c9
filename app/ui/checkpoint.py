"""What the ledger's page says of signed checkpoints."""

from __future__ import annotations

import streamlit as st

from app.ui import formats
from casedesk.services.checkpoints import Status


def gloss(status: Status, *, signs: bool) -> str:
    """Explain the figure."""
    if status.size:
        return (
            f"Covers events 1 to {status.size:,}. It is signed by a key outside the database: whoever changes one of these "
            "events, or restores an older backup, is found out."
        )
    if signs:
        return "The first is signed after some steps, or by: casedesk audit checkpoint."
    return "There is no signing key. The operator makes one by: casedesk audit keygen."


def warn(status: Status) -> None:
    """Say what keeps checkpoints from being made or read."""
    if status.problem:
        st.warning(f"**Checkpoints.** {formats.plain(status.problem)}", icon=":material/gpp_maybe:")
