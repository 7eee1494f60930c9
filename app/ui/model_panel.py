"""One version of the model: who proposed it and why, the form to decide it, and its figures beside those it would replace."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import streamlit as st

from app.ui import formats, model_card, model_drift, model_figures, model_performance, session
from app.ui.model_list import STATES
from app.ui.proposal_form import Form
from casedesk.domain.people import Action
from casedesk.errors import CasedeskError
from casedesk.services import models
from casedesk.services.models import SHIPPED, ModelVersion, Overview, Shown

_FORM: Final = Form(
    "model",
    "the shipped model",
    Action.PROPOSE_MODEL,
    Action.PUT_MODEL_IN_FORCE,
    models.approve,
    models.reject,
    models.withdraw,
)


def show(found: Overview, chosen: str, now: datetime) -> None:
    """Draw the chosen version, or the shipped model, with what may be done to it."""
    one = next((version for version in found.versions if version.version_id == chosen), None)
    if one is not None:
        _version(one, found.names, now)
    shown = _read(chosen)
    if shown is None:
        return
    if one is not None:
        _beside(one, shown)
    model_card.show(shown)
    model_drift.show(shown)
    standing = [version.version_id for version in (found.champion, found.challenger) if version]
    if chosen in standing or (chosen == SHIPPED and found.champion is None):
        model_performance.show(chosen)


def _read(version_id: str) -> Shown | None:
    """Read a model's card; where its files are missing or others, say so."""
    try:
        return models.show(look=session.desk().reading(), actor=session.actor(), version_id=version_id)
    except CasedeskError as refusal:
        st.warning(formats.plain(str(refusal)), icon=":material/folder_off:")
        return None


def _version(one: ModelVersion, names: dict[str, str], now: datetime) -> None:
    badge = STATES[one.state]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"`{one.version_id}`", width="content")
            st.badge(badge.word, icon=f":material/{badge.icon}:", color=badge.color)
            hashes = f"model `{one.model_id[:8]}` · card `{one.card_sha256[:8]}`"
            st.markdown(formats.small(hashes), width="content")
        st.markdown(f"**{formats.plain(one.name)}**")
        st.markdown(formats.plain(one.reason))
        st.markdown(formats.small(_FORM.story(one, names, now)))
        _FORM.show(one, names)


def _beside(one: ModelVersion, shown: Shown) -> None:
    """Draw the version's figures beside those of the model it was proposed against."""
    st.markdown(f"**Beside {one.base_id or 'the shipped model'}** :gray[which it was proposed against]")
    base = _read(one.base_id)
    if base is not None:
        model_figures.show(base, shown, (model_figures.head(one.base_id), model_figures.head(one.version_id)))
