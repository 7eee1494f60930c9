"""The desk's browser face: sign-in, the pages of the actor's role, and a sentence for whatever fails.

``streamlit run app/main.py`` imports this file and finds ``app``, the server. The server then runs this same file as a
script, once for each click, under the name ``__main__``.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.ui import failures, flash, navigation, signin
from casedesk.domain.people import Person
from casedesk.errors import CasedeskError


def draw() -> None:
    """Draw the frame, and in it either the sign-in or the page asked for."""
    navigation.configure()
    actor: Person | None = None
    refusal: CasedeskError | None = None
    try:
        actor = signin.actor()
    except CasedeskError as error:
        refusal = error
    # Whatever happened, the pages are named: until then Streamlit would run a file of pages/ without this one.
    page = navigation.choose(actor)
    if refusal is not None:
        failures.show(refusal)
        signin.show_way_out(refusal)
    elif actor is None:
        signin.show()
    else:
        flash.show_toast()
        page.run()


def draw_or_say_why() -> None:
    """Draw; turn any failure into a sentence for the browser."""
    try:
        draw()
    except Exception as error:
        failures.show(error)


if __name__ == "__main__":
    draw_or_say_why()
else:
    navigation.declare()
    # Streamlit's own box for an error is worded for another host. This says ours, also for a failure in a callback.
    app = st.App(Path(__file__), on_script_error=failures.show)
