"""Reports leave the desk and come back: produced, taken back, handed out, sent, answered, and mended."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from casedesk.bootstrap import Desk
from casedesk.domain.cases import Disposition, Stage
from casedesk.formats.institution_file import read_institution
from casedesk.services import assignment, casefile, decisions, outgoing, report_forms
from tests.app.bank import BY_ID, NARRATIVE, Bank
from tests.browser.screen import Screen
from tests.browser.server import ROOT, Process, free_port, serve_desk
from tests.services.filing_ways import acknowledgement, said

FIRST, SECOND, THIRD = "31000055053784", "31000055053785", "31000055053786"
TOLD = (
    NARRATIVE
    + "Who and why is said above; the funds left by wire. The customer's branch asked, and no source was named."
)


def who(desk: Desk, user: str, case_id: str) -> dict[str, Any]:
    return {
        "uow": desk.writing(), "actor": BY_ID[user], "at": datetime.now(UTC), "case_id": case_id, "seen_version": None,
    }  # fmt: skip


def reported(desk: Desk, case_id: str, *, take: bool = True) -> None:
    """Fill the form in, decide and approve, as an analyst and a manager do."""
    if take:
        assignment.take(**who(desk, "tomasz", case_id))
    form = report_forms.read(uow=desk.reading(), actor=BY_ID["tomasz"], case_id=case_id, base_currency="USD")
    report_forms.save(**who(desk, "tomasz", case_id), report=form.report)
    decisions.set_disposition(
        **who(desk, "tomasz", case_id), disposition=Disposition.SAR, text=TOLD, base_currency="USD"
    )
    decisions.approve(**who(desk, "marta", case_id))


@pytest.fixture
def outbox(built_bank: Bank, tmp_path: Path) -> Iterator[tuple[Bank, Process]]:
    """A bank with two approved reports in a batch, served with an institution's profile."""
    shutil.copyfile(built_bank.path, tmp_path / "desk.db")
    bank = Bank(tmp_path / "desk.db", built_bank.cases)
    desk = bank.desk()
    for name in ("third", "spare"):
        reported(desk, bank.cases[name])
    profile = ROOT / "seeds" / "institution.toml"
    outgoing.produce(
        uow=desk.writing(), actor=BY_ID["marta"], at=datetime.now(UTC), institution=read_institution(profile)
    )
    desk.close()
    served = serve_desk(bank.path, tmp_path / "desk.log", free_port(), CASEDESK_INSTITUTION=str(profile))
    yield bank, served
    served.stop()


def test_a_file_is_still_there_for_a_browser_that_asks_for_it_after_others_have_worked(
    pages: Callable[..., Page], outbox: tuple[Bank, Process]
) -> None:
    _, served = outbox
    omar = Screen(pages(), served.url).sign_in("Omar Nasser").press("nav_outgoing")
    marta = Screen(pages(), served.url).sign_in("Marta")
    held: list[Route] = []
    omar.page.route("**/media/**", lambda route: held.append(route))  # noqa: PLW0108  # Playwright writes on what it is given
    omar.key("download_B-000001").get_by_role("button").click()
    while not held:
        omar.page.wait_for_timeout(50)
    omar.settle()
    for _ in range(3):
        marta.press("nav_calendar").press("nav_triage")
    late = omar.page.request.get(held[0].request.url)
    held[0].abort()
    assert late.status == 200
    assert zipfile.is_zipfile(io.BytesIO(late.body()))


def upload(screen: Screen, content: bytes, name: str = "acknowledgement.xml") -> Screen:
    field = screen.page.locator("[data-testid='stFileUploader'] input[type=file]")
    field.set_input_files({"name": name, "mimeType": "text/xml", "buffer": content})
    screen.sees(name)
    return screen.settle().press("acknowledge")


def test_reports_are_sent_answered_and_sent_again_as_corrections(
    pages: Callable[..., Page], outbox: tuple[Bank, Process], tmp_path: Path
) -> None:
    bank, served = outbox
    second = max(bank.cases[name] for name in ("third", "spare"))
    omar = Screen(pages(), served.url).sign_in("Omar Nasser").press("nav_outgoing")
    omar.page.get_by_text("Take it back").click()
    omar.write("withdrawal_B-000001", "The branch corrected the customer's address.").press("withdraw")
    omar.is_told("B-000001 is taken back; its reports wait for another batch.")
    omar.sees("Taken back by Omar Nasser")

    omar.press("produce").is_told("B-000002 produced")
    download = omar.download("download_B-000002")
    assert download.suggested_filename == "batch-000002.zip"
    download.save_as(tmp_path / "batch.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "batch.zip").read_bytes())) as archive:
        assert archive.namelist() == ["batch-000002.xml"]
        assert archive.read("batch-000002.xml").count(b"<fc2:Activity ") == 2
    omar.write("tracking_B-000002", "TRK-2").press("transmitted").is_told("B-000002 is transmitted")

    upload(omar, acknowledgement(FIRST))
    omar.sees("it answers 1 report, and B-000002 has 2")
    fatal = said("FATAL", "B9", "EFilingBatchXML/Activity[2]", "No address.")
    upload(omar, acknowledgement(FIRST, SECOND, error=fatal), "answer.xml")
    omar.is_told("B-000002: 1 acknowledged, 1 rejected.")
    omar.sees(f"BSA ID {FIRST}")
    omar.sees("B9: No address.")
    desk = bank.desk()
    found = casefile.read(uow=desk.reading(), actor=BY_ID["marta"], case_id=second)
    assert (found.stage, found.case.owner) == (Stage.WORKING, "tomasz")

    reported(desk, second, take=False)
    desk.close()
    omar.press("nav_triage").press("nav_outgoing").sees("corrects")
    omar.press("produce").is_told("B-000003 produced")
    omar.write("tracking_B-000003", "TRK-3").press("transmitted").is_told("B-000003 is transmitted")
    upload(omar, acknowledgement(THIRD), "third.xml")
    omar.is_told("B-000003: 1 acknowledged, 0 rejected.")
    omar.sees(f"BSA ID {THIRD}")
    assert "SAR" not in omar.page.title()
