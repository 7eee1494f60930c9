"""Take a file again after somebody mended its rejected rows, and say what of it was taken."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.counts import counted
from casedesk.errors import CasedeskError
from casedesk.services import rejected
from casedesk.services.rejected import Imported

_SCOPE: Final = "mended"
_FILE: Final = "mended_file"
_ZONE: Final = "mended_zone"
_TAKEN: Final = "mended_taken"
_TYPES: Final = ["csv", "jsonl", "parquet", "xml"]


def show() -> None:
    """Draw the form, and what became of the last file."""
    number = session.value(_FILE, 0)
    key = session.key(_FILE, str(number))
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Import a mended file**")
        flash.show(_SCOPE, kept="The file is still here")
        for done in session.flashes().get(_TAKEN, ()):
            st.markdown(f":material/check: {told(done)}")
        upload = st.file_uploader("Mended file", type=_TYPES, key=key, max_upload_size=rejected.MOST_MEGABYTES,
                                  label_visibility="collapsed")  # fmt: skip
        st.text_input("Zone of times that name none", key=_ZONE, placeholder="Europe/Warsaw", persist_state="session")
        missing = "" if upload is not None else "Choose the file first."
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button("Import file", key="mended_import", type="primary", icon=":material/upload:", disabled=bool(missing),
                      help=missing or None, on_click=_take, args=(upload, number))  # fmt: skip
        st.markdown(formats.small("The mended rows alone or the whole file: what is stored already is known again. The rules "
                                  "see it in the next run."))  # fmt: skip


def told(done: Imported) -> str:
    """Say what became of a file."""
    refused = (
        f", **{counted(done.rejected, 'row')} rejected again**: see {done.import_id} in the list"
        if done.rejected
        else ""
    )
    return f"{formats.plain(done.file_name)}: {counted(done.stored, 'row')} taken, {done.duplicates:,} known already{refused}."


def _take(upload: Any, number: int) -> None:
    """Import the file. Another uploader is drawn after a success, because the old one would keep the file."""
    for scope in (_SCOPE, _TAKEN):
        session.flashes().pop(scope, None)
    desk = session.desk()
    try:
        done = rejected.take_again(
            reading=desk.reading, writing=desk.writing, actor=session.actor(), at=session.now(), name=upload.name,
            content=upload.getvalue(), base_currency=session.currency(), zone=session.take(_ZONE),
        )  # fmt: skip
    except CasedeskError as refusal:
        flash.refuse(_SCOPE, refusal)
        return
    session.flashes()[_TAKEN] = done
    session.put(_FILE, number + 1)
    flash.say(f"{counted(sum(one.stored for one in done), 'row')} taken.")
