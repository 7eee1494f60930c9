"""What leaves the desk: a case's audit CSV, packet and summary; and files that come back to be verified."""

from __future__ import annotations

import time
from typing import Any, Final

import pandas as pd
import streamlit as st

from app.ui import decision_text, downloads, event_words, flash, formats, session, summary_preview, verdict
from casedesk.domain.counts import counted
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.errors import CasedeskError
from casedesk.exports import packet
from casedesk.exports.packet import Profile
from casedesk.services import audit, casefile, exporting, packets
from casedesk.services.casefile import CaseFile

CASE = "export_case"
MOST_MEGABYTES = 200


def choose_case() -> CaseFile | None:
    """Draw the field for a case and return the case, or say why there is none."""
    given = session.take(CASE).strip()
    if not given:
        return None
    try:
        return casefile.read(uow=session.desk().reading(), actor=session.actor(), case_id=given.upper())
    except CasedeskError as refusal:
        st.error(formats.plain(str(refusal)), icon=":material/block:")
        return None


def show_audit() -> CaseFile | None:
    """Draw the card of the audit CSV and return the chosen case."""
    desk, actor = session.desk(), session.actor()
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Audit CSV**")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            st.text_input("Case", key=CASE, placeholder="C-26-00001", width=155, persist_state="session")
            given = session.take(CASE).strip().upper()
            downloads.button(
                "Download audit CSV", "download_audit", f"{given}-audit.csv", "text/csv",
                lambda: exporting.audit_csv(
                    uow=desk.writing(), actor=actor, at=session.now(), case_id=given
                ),
                "" if given else "Write a case id first.",
            )  # fmt: skip
        file = choose_case()
        flash.show("download_audit", kept="")
        if file is not None:
            events = counted(len(file.events), "event")
            st.markdown(formats.small(f"{events}, canonical body and hashes · UTF-8, RFC 4180 · the download itself becomes "
                                      "the next event"))  # fmt: skip
        else:
            st.markdown(formats.small("Every event of one case, with its canonical body and hashes."))
    return file


#: What each profile leaves out, as its label.
_PROFILES: Final = {
    Profile.FULL: "Everything",
    Profile.NO_DECISIONS: "Without decisions",
    Profile.NO_PERSONAL: "Without personal data",
}


def show_packet() -> None:
    """Draw the card of the packet, which an outsider checks with one file."""
    desk, actor = session.desk(), session.actor()
    given = session.take(CASE).strip().upper()
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Packet for an outsider**")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            profile = st.selectbox("What goes in", list(_PROFILES), format_func=_PROFILES.__getitem__, key="packet_profile",
                                   width=178)  # fmt: skip
            downloads.button(
                "Download packet", "download_packet", f"{given}-packet.zip", "application/zip",
                lambda: desk.checkpoints.sealing(lambda sealed: packets.of_case(
                    uow=desk.writing(), actor=actor, at=session.now(), case_id=given, profile=profile, sealed=sealed
                )),
                "" if given else "Write a case id first.",
            )  # fmt: skip
            st.download_button("verify.py", packet.verifier(), "verify.py", "text/x-python", key="download_verifier",
                               icon=":material/download:", type="tertiary",
                               help="Checks packets with Python 3.9 or newer and nothing else.")  # fmt: skip
        flash.show("download_packet", kept="")
        st.markdown(formats.small("Events with proofs, alerts with their evidence, due dates, samples and the signed checkpoint "
                                  "of the case above: all that derives it again."))  # fmt: skip
        if not desk.checkpoints.signs:
            st.markdown(formats.small("This desk has no signing key, so the packet will not be signed."))


def show_verify() -> None:
    """Draw the card that verifies an uploaded file. The file is read in memory and not kept."""
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Verify a file**")
        upload = st.file_uploader("Audit CSV or packet", type=["csv", "zip"], key="verify_file",
                                  label_visibility="collapsed", max_upload_size=MOST_MEGABYTES)  # fmt: skip
        if upload is None:
            st.markdown(
                formats.small(
                    "An audit CSV or a packet, exported here or on any desk. It is read in memory and not kept."
                )
            )
            return
        began = time.perf_counter()
        content = upload.getvalue()
        if upload.name.lower().endswith(".zip"):
            judged = packets.judge(content, session.desk().checkpoints.keys())
            verdict.show_packet(judged)
            size = counted(len(judged.claims), "claim")
        else:
            found = audit.verify_file(content)
            verdict.show_file(found.report, found.row, {})
            size = counted(found.rows, "row")
        took = (time.perf_counter() - began) * 1000
        st.markdown(formats.small(f"{formats.plain(upload.name)} · {size} · checked in {took:,.0f} ms · the file "
                                  "was not kept"))  # fmt: skip


def show_recent() -> None:
    """Draw the newest downloads."""
    st.markdown("**Recent downloads**")
    recent = exporting.recent(uow=session.desk().reading(), actor=session.actor())
    if not recent:
        st.markdown(formats.small("Nothing has been downloaded yet."))
        return
    names = session.names()
    now = session.now()
    frame = pd.DataFrame(
        {
            "When": [formats.ago(parse(event.ts), now) for event in recent],
            "What": [formats.plain(_what(event, event_words.details(event, names))) for event in recent],
            "By": [formats.plain(names.get(event.user, event.user)) for event in recent],
            "Event": [f"{event.event_id:,} `{event.event_hash[:8]}`" for event in recent],
        }
    )
    st.table(frame, hide_index=True, border="horizontal", alt="Recent downloads")


def _what(event: Recorded, words: str) -> str:
    return words if event.case_id == DESK else f"{event.case_id} {words[:1].lower()}{words[1:]}"


_PAPERS: Final = ("download_summary", "download_summary_pdf", "download_case_file")


def _show_papers(case_id: str) -> None:
    """Draw the downloads of the summary, and of the whole case on paper."""
    desk, actor, reason = session.desk(), session.actor(), "" if case_id else "Write a case id first."

    def common() -> dict[str, Any]:
        return {"uow": desk.writing(), "actor": actor, "at": session.now(), "case_id": case_id,
                "base_currency": session.currency()}  # fmt: skip

    markdown, pdf, whole = _PAPERS
    with st.container(horizontal=True, width="content", gap="xsmall"):
        downloads.button("Download .md", markdown, f"{case_id}-summary.md", "text/markdown",
                         lambda: exporting.summary(**common()), reason)  # fmt: skip
        downloads.button("Download .pdf", pdf, f"{case_id}-summary.pdf", "application/pdf",
                         lambda: exporting.summary(**common(), pdf=True), reason)  # fmt: skip
        downloads.button("Case file .pdf", whole, f"{case_id}-case-file.pdf", "application/pdf",
                         lambda: exporting.case_file(**common(), look=desk.reading()), reason)  # fmt: skip


def show_summary(file: CaseFile | None) -> None:
    """Draw the preview of a case's summary, and its download."""
    desk, actor, code = session.desk(), session.actor(), session.currency()
    case_id = file.case.case_id if file else ""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown("**Case summary** :gray[preview]", width="content")
        _show_papers(case_id)
    for scope in _PAPERS:
        flash.show(scope, kept="")
    if file is None:
        with st.container(border=True, height=260, horizontal_alignment="center", vertical_alignment="center"):
            st.markdown("**No case is chosen**", width="content")
            st.markdown(":gray[Write a case id on the left.]", width="content")
        return
    decision_text.note_reading(file, events=True)  # a draft that was returned is in the summary
    with st.container(border=True, height=700):
        summary_preview.show(
            exporting.preview_summary(
                uow=desk.reading(), actor=actor, at=session.now(), case_id=case_id, base_currency=code
            )
        )
