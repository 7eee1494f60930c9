"""The newest imports, and the rows of one that were rejected, with the reason of each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.ui import columns, downloads, empty, flash, formats, picker, session
from casedesk.domain.counts import counted
from casedesk.services import rejected
from casedesk.services.operation_history import Import

_SHOWN = 500
_SCOPE = "download_rejects"


def show(imports: Sequence[Import]) -> Import | None:
    """Draw the list; return the chosen import."""
    if not imports:
        empty.show(
            "Nothing was imported yet", "Files come in by: casedesk import; programs post to /api/v1/transactions."
        )
        return None
    frame = pd.DataFrame(
        {
            "Import": [one.import_id for one in imports],
            "Began UTC": [f"{formats.day(one.started_at)} {one.started_at:%H:%M:%S}" for one in imports],
            "What": [one.kind.capitalize() for one in imports],
            "File or key": [one.file_name for one in imports],
            "Read": [one.rows_read for one in imports],
            "Stored": [one.rows_stored for one in imports],
            "Known": [one.rows_duplicate for one in imports],
            "Rejected": [one.rows_rejected for one in imports],
            "End": ["done" if one.finished_at else "cut short" for one in imports],
        }
    )
    config = {
        "Import": columns.text(124), "Began UTC": columns.text(146), "What": columns.text(100), "File or key": columns.text(300),
        "Read": columns.count(84), "Stored": columns.count(84), "Known": columns.count(76), "Rejected": columns.count(76),
        "End": columns.text(82),
    }  # fmt: skip
    ids = [one.import_id for one in imports]
    chosen = picker.show("operations_imports", frame, config, ids, "The newest imports", most=8)
    return imports[ids.index(chosen)]


def show_rejects(chosen: Import | None) -> None:
    """Draw the rejected rows of an import, and the way to download them."""
    if chosen is None:
        return
    desk, actor, import_id = session.desk(), session.actor(), chosen.import_id
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**Rejected rows** :gray[of {import_id}]", width="content")
        downloads.button(
            "Download rejected rows", _SCOPE, f"{import_id}-rejects.csv", "text/csv",
            lambda: rejected.export(uow=desk.writing(), actor=actor, at=session.now(), import_id=import_id),
            "" if chosen.rows_rejected else "No row of this import was rejected.",
        )  # fmt: skip
    flash.show(_SCOPE, kept="")
    if not chosen.rows_rejected:
        st.markdown(formats.small("Every row was taken or was known already."))
        return
    found = rejected.rows(uow=desk.reading(), actor=actor, import_id=import_id, limit=_SHOWN)
    frame = pd.DataFrame(
        {
            "Row": [one.row_number for one in found],
            "Field": [one.field for one in found],
            "Value": [one.value for one in found],
            "Reason": [one.reason for one in found],
        }
    )
    config = {
        "Row": columns.count(58),
        "Field": columns.text(130),
        "Value": columns.text(240),
        "Reason": columns.text(654),
    }
    st.dataframe(frame, key=f"rejects_{import_id}", hide_index=True, row_height=29, height=29 * min(len(found), 10) + 37,
                 column_config=config, alt=f"Rejected rows of {import_id}")  # fmt: skip
    if chosen.rows_rejected > len(found):
        more = counted(chosen.rows_rejected - len(found), "more row")
        st.markdown(formats.small(f"{more} in the download."))
