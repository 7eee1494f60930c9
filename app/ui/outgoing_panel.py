"""Produce a batch, hand its file out, say that it was transmitted, and take its acknowledgement."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256

import streamlit as st

from app.ui import downloads, filing_story, flash, formats, navigation, outgoing_list, session, withdrawal_form
from casedesk.bootstrap import Desk
from casedesk.domain.counts import counted
from casedesk.domain.people import Person
from casedesk.errors import CasedeskError
from casedesk.services import answers, outgoing, withdrawing
from casedesk.services.exporting import ExportedFile
from casedesk.services.outgoing import Batch, Defective, Ready

_PRODUCE = "outgoing_produce"
_LINES = "outgoing_lines"
_SHOWN = 20


def show_produce(ready: tuple[Ready, ...]) -> None:
    """Draw the button that makes a batch of what can go, and what the linter had against it."""
    count = sum(not one.hindrance for one in ready)
    going = min(count, outgoing.MOST)
    why = f"A batch has at most {counted(outgoing.MOST, 'report')}; the oldest go first." if count > going else None
    st.button(f"Produce a batch of {going:,}" if count else "Produce a batch", key="produce", type="primary",
              icon=":material/inventory_2:", disabled=not count,
              help=why if count else "Nothing waits that is approved with its case's decision.", on_click=_produce)  # fmt: skip
    flash.show(_PRODUCE, kept="")
    for line in session.flashes().get(_LINES, ())[:_SHOWN]:
        st.markdown(formats.small(f":red[:material/block:] {formats.plain(line)}"))


def _produce() -> None:
    session.flashes().pop(_PRODUCE, None)
    session.flashes().pop(_LINES, None)
    desk = session.desk()
    try:
        made = outgoing.produce(
            uow=desk.writing(), actor=session.actor(), at=session.now(), institution=desk.institution()
        )
    except CasedeskError as refusal:
        flash.refuse(_PRODUCE, refusal)
        if isinstance(refusal, Defective):
            session.flashes()[_LINES] = refusal.lines[1:]
        return
    session.put("outgoing_batches_chosen", made.batch.batch_id)
    flash.say(f"{made.batch.batch_id} produced; it was not transmitted yet.")


def show(batch: Batch, names: dict[str, str]) -> None:
    """Draw the chosen batch with what comes next, and its reports."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{batch.batch_id}** :gray[{outgoing_list.word(batch)}{', a test' if batch.test else ''}]")
        for line in _story(batch, names):
            st.markdown(formats.small(formats.plain(line)))
        flash.show(_scope(batch))
        if batch.withdrawn_at is None:
            _show_file(batch)
            flash.show(f"download_{batch.batch_id}", kept="")
        if batch.state == "produced":
            _show_transmission(batch)
            withdrawal_form.show(batch, _scope(batch))
        elif batch.state == "transmitted":
            _show_answer(batch)
    _show_reports(batch, names)


def _story(batch: Batch, names: dict[str, str]) -> list[str]:
    def who(user: str) -> str:
        return names.get(user, user)

    lines = [
        f"Produced by {who(batch.produced_by)}, {formats.moment(batch.produced_at)} · {counted(batch.reports, 'report')}"
    ]
    if batch.transmitted_at:
        by = f"{who(batch.transmitted_by)}, {formats.moment(batch.transmitted_at)}"
        lines.append(f"Transmitted, says {by}, under tracking ID {batch.tracking_id}")
    if batch.withdrawn_at:
        reason = withdrawing.reason_of(uow=session.desk().reading(), actor=session.actor(), batch=batch)
        by = f"{who(batch.withdrawn_by)}, {formats.moment(batch.withdrawn_at)}"
        lines.append(f"Taken back by {by}: {reason or 'the reason was purged'}")
    if batch.answered_at:
        lines.append(f"Answer recorded by {who(batch.answered_by)}, {formats.moment(batch.answered_at)}")
    return lines


def _show_file(batch: Batch) -> None:
    desk, actor = session.desk(), session.actor()  # the file is made on a thread that knows no session
    name = outgoing.file_name(batch.batch_id)
    downloads.button(
        "Download file", f"download_{batch.batch_id}", f"{name.removesuffix('.xml')}.zip", "application/zip",
        lambda: _zipped(desk, actor, batch.batch_id),
    )  # fmt: skip


def _zipped(desk: Desk, actor: Person, batch_id: str) -> ExportedFile:
    found = outgoing.export(uow=desk.writing(), actor=actor, at=session.now(), batch_id=batch_id)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.files.items():
            archive.writestr(name, content)
    content = out.getvalue()
    return ExportedFile(f"{batch_id}.zip", content, sha256(content).hexdigest(), found.event)


def _show_transmission(batch: Batch) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.text_input("Tracking ID", key=_field(batch), width=220, placeholder="as the filing system gave it",
                      persist_state="session")  # fmt: skip
        st.button("It was transmitted", key="transmitted", icon=":material/send:", on_click=_transmit,
                  args=(batch.batch_id,))  # fmt: skip
    st.markdown(formats.small("Send the file yourself, then record it here. The desk sends nothing."))


def _transmit(batch_id: str) -> None:
    scope = session.key("outgoing", batch_id)
    session.flashes().pop(scope, None)
    try:
        done = answers.transmitted(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), batch_id=batch_id,
            tracking_id=session.take(session.key("tracking", batch_id)),
        )  # fmt: skip
    except CasedeskError as refusal:
        flash.refuse(scope, refusal)
        return
    session.clear(session.key("tracking", batch_id))
    flash.say(f"{done.batch_id} is transmitted; nothing is acknowledged yet.")


def _show_answer(batch: Batch) -> None:
    upload = st.file_uploader("Acknowledgement", type=["xml"], key=session.key("answer", batch.batch_id),
                              label_visibility="collapsed", max_upload_size=200)  # fmt: skip
    content = upload.getvalue() if upload is not None else b""
    st.button("Record the acknowledgement", key="acknowledge", type="primary", disabled=not content,
              help=None if content else "Choose the XML file first.", on_click=_acknowledge,
              args=(batch.batch_id, batch.tracking_id, content, upload.name if upload is not None else ""))  # fmt: skip


def _acknowledge(batch_id: str, tracking_id: str, content: bytes, name: str) -> None:
    scope = session.key("outgoing", batch_id)
    session.flashes().pop(scope, None)
    try:
        found = answers.acknowledge(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), content=content, name=name,
            tracking_id=tracking_id,
        )  # fmt: skip
    except CasedeskError as refusal:
        flash.refuse(scope, refusal)
        return
    taken = sum(one.filing.state == "acknowledged" for one in found.said)
    flash.say(f"{batch_id}: {taken:,} acknowledged, {len(found.said) - taken:,} rejected.")


def _show_reports(batch: Batch, names: dict[str, str]) -> None:
    found = outgoing.show(uow=session.desk().reading(), actor=session.actor(), batch_id=batch.batch_id)
    said = answers.read_remarks(uow=session.desk().reading(), actor=session.actor(), batch_id=batch.batch_id)
    parts = {one.filing.filing_id: one.parts for one in said}
    for filing in found.filings[:_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            badge = formats.FILINGS[filing.state]
            st.badge(badge.word, icon=f":material/{badge.icon}:", color=badge.color)
            st.button(filing.case_id, key=session.key("open", filing.case_id), type="tertiary",
                      on_click=navigation.open_case, args=(filing.case_id,))  # fmt: skip
            st.markdown(formats.small(formats.plain(filing_story.facts(filing, names))), width="content")
        filing_story.show_remarks(filing, parts.get(filing.filing_id, ()))
    if len(found.filings) > _SHOWN:
        st.markdown(formats.small(f"And {len(found.filings) - _SHOWN:,} more; “casedesk filing show” lists all."))


def _scope(batch: Batch) -> str:
    return session.key("outgoing", batch.batch_id)


def _field(batch: Batch) -> str:
    return session.key("tracking", batch.batch_id)
