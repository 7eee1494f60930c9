"""What this process is: its database and where that stands, its checkpoints, its versions."""

from __future__ import annotations

import platform
from datetime import datetime
from importlib.metadata import version
from typing import Final

import streamlit as st

import casedesk
from app.ui import checkpoint, formats
from casedesk.bootstrap import Desk, database_state
from casedesk.domain.counts import counted

_PARTS: Final = ("streamlit", "sqlalchemy", "duckdb", "ibis-framework", "pyarrow", "fastapi")


def show(desk: Desk, now: datetime) -> None:
    """Draw the table. Neither user nor password of the database is in it."""
    state, signed = database_state(desk.settings), desk.checkpoints.status()
    stands = "at the desk's own" if state.current == state.head else f"behind the desk's own, {state.head}"
    at = f"{formats.ago(signed.written_at, now)}, {formats.moment(signed.written_at)}" if signed.written_at else "never"
    rows = {
        "Database": desk.settings.shown_database,
        "Migration": f"{state.current}, {stands}",
        "Checkpoints": f"{desk.settings.checkpoint_path or 'none'} · last signed {at} · covers {counted(signed.size, 'event')}",
        "Signing": "with a key" if desk.checkpoints.signs else "no key",
        "Base currency": desk.settings.base_currency,
        "Desk": f"{casedesk.__version__} on Python {platform.python_version()}, {platform.system()}",
        "Parts": ", ".join(f"{name} {version(name)}" for name in _PARTS),
    }
    st.table(
        {"": list(rows), "Value": [formats.plain(value) for value in rows.values()]},
        hide_index=True,
        border="horizontal",
    )
    checkpoint.warn(signed)
