"""The form of a report on the case's page: filled in by the desk, mended and saved by the owner, read by those who may know."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.ui import allowed, filing_fields, filing_story, flash, formats, session
from app.ui.filing_fields import Field, Sort
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.counts import counted
from casedesk.domain.moments import canonical
from casedesk.domain.people import Action
from casedesk.domain.reports.institution import Institution
from casedesk.domain.reports.report import Report
from casedesk.errors import CasedeskError
from casedesk.services import casefile, report_forms
from casedesk.services.casefile import CaseFile
from casedesk.services.report_forms import Form


def wanted(file: CaseFile) -> bool:
    """Say whether the case has a form that this person may be shown."""
    return file.disclosed and file.stage is not Stage.NEW and file.case.disposition is not Disposition.NO_SAR


def show_tab(file: CaseFile) -> None:
    """Draw the reports of the case, and the form."""
    case_id = file.case.case_id
    institution = profile()
    form = report_forms.read(
        uow=session.desk().reading(), actor=session.actor(), case_id=case_id, base_currency=session.currency(),
        institution=institution,
    )  # fmt: skip
    filing_story.show(form.filings, file.names)
    reason = _why_not(file, form)
    _refresh(case_id, form.report, fixed=bool(reason))
    if not form.saved and not reason:
        st.markdown(formats.small("Filled in from the case; nobody saved it yet. What is not known stays empty."))
    _draw(case_id, bool(reason), institution)
    _show_problems(file, institution)
    flash.show(_scope(case_id), names=file.names, disclosed=True, kept="What you filled in is kept")
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"):
        st.markdown(formats.small(formats.plain(reason)), width="content")
        if file.stage is Stage.CLOSED and form.open_filing is not None:
            _show_approval(file)
        st.button("Save form", key=session.key("save_form", case_id), type="primary", icon=":material/save:",
                  disabled=bool(reason), help=reason or None, on_click=_save,
                  args=(case_id, file.seen_version))  # fmt: skip


def profile() -> Institution | None:
    """Return the institution's profile, or None where none is set or it is wrong; then nothing can be produced either."""
    try:
        return session.desk().institution()
    except CasedeskError:
        return None


def _why_not(file: CaseFile, form: Form) -> str:
    reason = allowed.refusal(file, session.actor(), Action.DRAFT_FILING)
    if reason or file.stage is not Stage.CLOSED:
        return reason
    last = form.filings[-1] if form.filings else None
    if last is None or last.state == "draft":
        return ""
    return "The form was approved and stays as it is; a manager can reopen the case for another."


def _refresh(case_id: str, saved: Report, *, fixed: bool) -> None:
    """Load the form into its fields where they hold nothing of one's own; else offer it."""
    begun = filing_fields.begun(case_id)
    if begun == saved:
        return
    try:
        own = None if begun is None or fixed else filing_fields.gather(case_id)
    except CasedeskError:
        own = Report(note="?")  # something that nobody can save yet is somebody's work all the same
    if own is None or own in (begun, saved):
        filing_fields.load(case_id, saved)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(formats.small(":orange[:material/sync_problem:] The saved form is another one than you began with."),
                    width="content")  # fmt: skip
        st.button("Load the saved form", key=session.key("load_form", case_id), type="tertiary",
                  on_click=filing_fields.load, args=(case_id, saved))  # fmt: skip


def _draw(case_id: str, fixed: bool, institution: Institution | None) -> None:
    with st.expander("Kind of report", expanded=True):
        _row(case_id, filing_fields.KIND, fixed)
    for place in range(filing_fields.rows(case_id, "subjects")):
        called = session.take(filing_fields.key(case_id, "subjects", place, "names", 0, "last"))
        with st.expander(f"Subject {place + 1}{': ' if called else ''}{formats.plain(called)}", expanded=place == 0):
            _row(case_id, filing_fields.SUBJECT, fixed, "subjects", place)
            _lists(case_id, filing_fields.SUBJECT_LISTS, fixed, "subjects", place)
    _more(case_id, "Subject", fixed, "subjects")
    with st.expander("Activity, products and traces", expanded=True):
        _row(case_id, filing_fields.ACTIVITY, fixed, "activity")
        _lists(case_id, filing_fields.ACTIVITY_LISTS, fixed, "activity")
        known = (
            {one.code: f"{one.code}, {one.address.city}" for one in institution.filer.branches} if institution else {}
        )
        held = {code: code for code in session.value(filing_fields.key(case_id, "branches"), [])}
        _field(case_id, replace(filing_fields.BRANCHES, options={**held, **known}), fixed)
    with st.expander("Agency told, and attachment"):
        _row(case_id, filing_fields.AGENCY, fixed, "agency")
        _attachment(case_id, fixed)


def _lists(case_id: str, lists: Mapping[str, tuple[str, tuple[Field, ...]]], fixed: bool, *path: object) -> None:
    for name, (title, fields) in lists.items():
        for place in range(filing_fields.rows(case_id, *path, name)):
            if not (fixed and place):
                _row(case_id, fields, fixed, *path, name, place)
        _more(case_id, title, fixed, *path, name)


def _more(case_id: str, title: str, fixed: bool, *path: object) -> None:
    st.button(f"Add {title[:1].lower() if title[:2] != 'IP' and title[:2] != 'CU' else title[:1]}{title[1:]}",
              key=session.key("more", *map(str, path), case_id), type="tertiary", icon=":material/add:", disabled=fixed,
              on_click=filing_fields.add_row, args=(case_id, *path))  # fmt: skip


def _row(case_id: str, fields: tuple[Field, ...], fixed: bool, *path: object) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        for field in fields:
            _field(case_id, field, fixed, *path)


def _field(case_id: str, field: Field, fixed: bool, *path: object) -> None:
    key = filing_fields.key(case_id, *path, field.name)
    if not session.known(key):
        session.put(key, filing_fields.blank(field))
    if field.sort is Sort.TICK:
        st.checkbox(field.label, key=key, disabled=fixed, persist_state="session")
    elif field.sort is Sort.TEXT:
        st.text_input(field.label, key=key, width=field.width, placeholder=field.hint or None, disabled=fixed,
                      persist_state="session")  # fmt: skip
    elif field.sort is Sort.CHOICE:
        options = field.options or {}
        st.selectbox(field.label, list(options), key=key, width=field.width, format_func=lambda one: options[one],
                     disabled=fixed, persist_state="session")  # fmt: skip
    else:
        many = field.options or {}
        st.multiselect(field.label, list(many), key=key, width=field.width, format_func=lambda one: many[one],
                       disabled=fixed, persist_state="session")  # fmt: skip


def _attachment(case_id: str, fixed: bool) -> None:
    held = session.value(session.key("attached", case_id), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if held:
            size = len(held["content"].encode())
            st.markdown(formats.small(f"{formats.plain(held['name'])}, {counted(size, 'byte')}"), width="content")
            st.button("Take it away", key=session.key("detach", case_id), type="tertiary", disabled=fixed,
                      on_click=session.put, args=(session.key("attached", case_id), None))  # fmt: skip
        else:
            st.markdown(formats.small("No file is attached."), width="content")
            st.button("Attach the evidence as CSV", key=session.key("attach", case_id), icon=":material/attach_file:",
                      disabled=fixed, on_click=_attach, args=(case_id,))  # fmt: skip


def _attach(case_id: str) -> None:
    """Attach the transactions of the evidence. The file's name says nothing of what it goes with."""
    legs = casefile.legs(uow=session.desk().reading(), actor=session.actor(), case_id=case_id, evidence_only=True)
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("transaction", "booked_at", "from_account", "to_account", "amount", "channel", "branch"))
    for leg in reversed(legs):
        t = leg.transaction
        rows.writerow((t.transaction_id, canonical(t.booked_at), t.from_account, t.to_account, str(t.amount),
                       t.channel.value, t.branch))  # fmt: skip
    session.put(session.key("attached", case_id), {"name": "transactions.csv", "content": out.getvalue()})


def _show_problems(file: CaseFile, institution: Institution | None) -> None:
    if institution is None:
        st.markdown(formats.small("No institution's profile is set or it is wrong, so the form cannot be checked yet."))
        return
    try:
        report = filing_fields.gather(file.case.case_id)
        found = report_forms.check(report, file.case.decision_text, institution, session.now().date())
    except CasedeskError as refusal:
        st.error(formats.plain(str(refusal)), icon=":material/edit_off:")
        return
    if not found:
        st.markdown(formats.small(":green[:material/check:] The linter finds nothing wrong with the form."))
        return
    st.markdown("**What the linter finds**")
    for one in found:
        mark = ":red[:material/block:]" if one.blocks else ":orange[:material/warning:]"
        st.markdown(formats.small(f"{mark} **{formats.plain(one.part)}** {formats.plain(one.sentence)}"))


def _show_approval(file: CaseFile) -> None:
    reason = allowed.refusal(file, session.actor(), Action.APPROVE_FILING)
    st.button("Approve form", key=session.key("approve_form", file.case.case_id), icon=":material/check:",
              disabled=bool(reason), help=reason or None, on_click=_approve,
              args=(file.case.case_id, file.seen_version))  # fmt: skip


def _save(case_id: str, seen_version: int) -> None:
    flash.attempt(
        _scope(case_id),
        lambda: report_forms.save(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version, report=filing_fields.gather(case_id),
        ),
    )  # fmt: skip


def _approve(case_id: str, seen_version: int) -> None:
    flash.attempt(
        _scope(case_id),
        lambda: report_forms.approve(
            uow=session.desk().writing(), actor=session.actor(), at=session.now(), case_id=case_id,
            seen_version=seen_version,
        ),
    )  # fmt: skip


def _scope(case_id: str) -> str:
    return session.key("filing", case_id)
