"""What is shown when a page cannot be drawn: a refusal as its sentence, anything else as a reference into the log."""

from __future__ import annotations

import streamlit as st
import structlog

from app.ui import flash
from app.ui.formats import plain
from casedesk import logs
from casedesk.errors import CasedeskError, Conflict, Unavailable

_log = structlog.get_logger("app")


def show(error: Exception) -> bool:
    """Draw one sentence for an error that nobody caught, and log what is not a refusal. Streamlit's own box stays away.

    Every write is one transaction that commits on its last line, so nothing is half-saved when this is reached; what
    a callback saved before the drawing failed is named.
    """
    if isinstance(error, CasedeskError):
        icon = ":material/database_off:" if isinstance(error, Unavailable) else ":material/block:"
        st.error(plain(str(error)), icon=icon)
        if isinstance(error, (Unavailable, Conflict)):
            st.button("Try again", key="try_again", icon=":material/refresh:")
        return True
    reference = logs.reference()
    _log.error("page_failed", reference=reference, exc_info=error)
    saved = flash.saved()
    st.error(
        f"This page could not be drawn. {f'Saved: {saved}' if saved else 'Nothing was saved.'} "
        f"Reference **{reference}**: give it to your administrator.",
        icon=":material/error:",
    )
    return True
