"""Propose a trained model: its folder, how it compares with the model in force, and the maker's reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

import streamlit as st

from app.ui import flash, formats, model_figures, session
from casedesk.domain.people import Action, may
from casedesk.errors import CasedeskError
from casedesk.services import models
from casedesk.services.models import SHIPPED, ModelFiles, Overview

_SCOPE: Final = "model_proposal"
_REASON: Final = "model_proposal_reason"
#: Counts up after each proposal, because an upload can only be taken away with its widget.
_UPLOAD: Final = "model_upload"


def show(found: Overview) -> None:
    """Draw the form, for whoever may propose a model; while a proposal waits, say so in its place."""
    if not may(session.actor().role, Action.PROPOSE_MODEL):
        return
    if found.challenger is not None:
        waits = f"{found.challenger.version_id} waits to be decided. One model is proposed at a time."
        st.markdown(formats.small(formats.plain(waits)))
        return
    number = session.value(_UPLOAD, 0)
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Propose a model**")
        flash.show(_SCOPE)
        uploads = st.file_uploader(
            "The model's folder", accept_multiple_files="directory", key=session.key(_UPLOAD, str(number)),
            max_upload_size=models.MOST_MEGABYTES,
        )  # fmt: skip
        files = _files({PurePosixPath(one.name).name: one.getvalue() for one in uploads})
        if files is not None:
            _compared(found, files)
        st.text_area("Reason", key=_REASON, height=68, persist_state="session",
                     placeholder="What it was trained on, and why it should score.")  # fmt: skip
        missing = "" if files is not None else "Choose the folder of a trained model first."
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button("Propose", key="model_propose", icon=":material/approval:", type="primary", disabled=bool(missing),
                      help=missing or None, on_click=_propose, args=(files, number))  # fmt: skip
        st.markdown(formats.small(formats.plain(missing) or "Another manager puts it in force, or rejects it."))


def _files(contents: Mapping[str, bytes]) -> ModelFiles | None:
    """Check what was uploaded; a refusal is drawn."""
    if not contents:
        return None
    try:
        return models.uploaded(contents)
    except CasedeskError as refusal:
        st.error(formats.plain(str(refusal)), icon=":material/block:")
        return None


def _compared(found: Overview, files: ModelFiles) -> None:
    champion = found.champion.version_id if found.champion else SHIPPED
    try:
        base = models.show(look=session.desk().reading(), actor=session.actor(), version_id=champion)
    except CasedeskError as refusal:
        st.warning(formats.plain(str(refusal)), icon=":material/folder_off:")
        return
    model_figures.show(base, models.shown(files), (model_figures.head(champion), "This one"))


def _propose(files: ModelFiles, number: int) -> None:
    done = flash.attempt(
        _SCOPE,
        lambda: models.propose(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), files=files,
            reason=session.take(_REASON),
        ),
        clears=(_REASON,),
    )  # fmt: skip
    if done is not None:
        session.put(_UPLOAD, number + 1)
        session.put("models_chosen", done.data["version_id"])
