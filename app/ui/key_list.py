"""The list of API keys, usable ones apart from those that are over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import columns, empty, formats, picker, session
from app.ui.formats import Badge
from casedesk.services.api_keys import ApiKey

USABLE: Final = "Usable"
OVER: Final = "Over"

_STATES: Final = {
    "Usable": Badge("Usable", "key", "●", "green"),
    "Ends soon": Badge("Ends soon", "schedule", "◷", "orange"),
    "Revoked": Badge("Revoked", "block", "–", "gray"),
    "Expired": Badge("Expired", "history", "○", "gray"),
}
_SOON: Final = 7  # days


def state(key: ApiKey, now: datetime) -> Badge:
    """Say whether a key opens the desk."""
    if key.revoked_at is not None:
        return _STATES["Revoked"]
    if now >= key.expires_at:
        return _STATES["Expired"]
    return _STATES["Ends soon" if (key.expires_at - now).days < _SOON else "Usable"]


def usable(key: ApiKey, now: datetime) -> bool:
    """Say whether a key opens anything."""
    return key.revoked_at is None and now < key.expires_at


def show_views(keys: Sequence[ApiKey], now: datetime) -> tuple[ApiKey, ...]:
    """Draw the views with their counts; return the keys of the chosen one."""
    by_view = {
        USABLE: tuple(key for key in keys if usable(key, now)),
        OVER: tuple(key for key in keys if not usable(key, now)),
    }
    view = st.segmented_control("View", list(by_view), key="keys_view", default=USABLE, required=True,
                                format_func=lambda name: f"{name} :gray[{len(by_view[name]):,}]",
                                label_visibility="collapsed", persist_state="session") or USABLE  # fmt: skip
    return by_view[view]


def show(keys: Sequence[ApiKey], uses: Mapping[str, datetime], now: datetime) -> ApiKey | None:
    """Draw the list; return the chosen key."""
    if not keys:
        empty.show(
            "No key here",
            "A key lets a program send transactions, follow alerts or work on cases. It is shown once, when it is made.",
        )
        return None
    names = session.names()
    states = [state(key, now) for key in keys]
    frame = pd.DataFrame(
        {
            "State": columns.cells(states),
            "Key": [key.key_id for key in keys],
            "What for": [key.label for key in keys],
            "Acts as": [names.get(key.user_id, key.user_id) for key in keys],
            "Scopes": [", ".join(sorted(key.scopes)) for key in keys],
            "Last used": [formats.ago(uses[key.key_id], now) if key.key_id in uses else "never" for key in keys],
            "Until": [formats.day(key.expires_at) for key in keys],
            "Made by": [names.get(key.created_by, key.created_by) for key in keys],
        }
    )
    config = {
        "State": columns.chips("State", states, 104), "Key": columns.text(124), "What for": columns.text(228),
        "Acts as": columns.text(140), "Scopes": columns.text(150), "Last used": columns.text(90), "Until": columns.text(92),
        "Made by": columns.text(150),
    }  # fmt: skip
    ids = [key.key_id for key in keys]
    chosen = picker.show(f"keys_{len(keys)}", frame, config, ids, "API keys", most=8)
    return keys[ids.index(chosen)]
