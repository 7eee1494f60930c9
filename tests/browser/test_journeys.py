"""What people do at the desk in a day, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import expect

from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.people import SYSTEM
from casedesk.domain.verification import Verdict
from casedesk.services import audit, casefile, intake
from tests.app.bank import BY_ID, NARRATIVE, Bank
from tests.app.bank import _alert as made_up_alert
from tests.browser.conftest import NewScreen


def stored(bank: Bank, case_id: str) -> casefile.CaseFile:
    return casefile.read(uow=bank.desk().reading(), actor=BY_ID["marta"], case_id=case_id)


def test_a_case_goes_from_the_queue_through_every_pair_of_hands(screen: NewScreen, bank: Bank, tmp_path: Path) -> None:
    analyst = screen("Grace Adeyemi").type_key("t")
    analyst.page.wait_for_url("**/case?id=*")
    case_id = analyst.page.url.rpartition("=")[2]
    analyst.is_told("Case taken (event ")

    analyst.choose(f"disposition_{case_id}", "SAR")
    analyst.write(f"narrative_{case_id}", NARRATIVE).type_key("Control+Enter")
    analyst.is_told("Decision saved (event ")
    assert "SAR" not in analyst.page.title()
    assert stored(bank, case_id).stage is Stage.AWAITING

    manager = screen("Marta Kowalczyk").press("nav_approvals")
    manager.click_row("approvals_waiting", case_id)
    manager.sees(NARRATIVE[:60])
    manager.press("approve")
    manager.is_told("Approved (event ")
    assert stored(bank, case_id).stage is Stage.CLOSED

    reviewer = screen("Samir Haddad").press("nav_qa")
    reviewer.page.get_by_role("button", name="New draw").click()
    reviewer.press("draw_sample")
    reviewer.is_told("cases drawn (Q-")
    reviewer.page.keyboard.press("Escape")
    reviewer.settle().click_row("qa_To-review", case_id)
    reviewer.choose(f"review_severity_{case_id}", "Major")
    reviewer.write(f"review_notes_{case_id}", "The depositors are not named.").press("fail")
    reviewer.is_told("QA failed (event ")
    assert stored(bank, case_id).stage is Stage.WORKING

    analyst.type_key("Escape")
    analyst.choose("triage_view", "Mine").click_row("queue", case_id)
    analyst.sees("QA failed")
    analyst.write(f"narrative_{case_id}", NARRATIVE + "The depositors are named.")
    analyst.choose(f"disposition_{case_id}", "SAR").press(f"decide_{case_id}")
    assert stored(bank, case_id).stage is Stage.AWAITING

    auditor = screen("Ines Duarte").press("nav_exports")
    auditor.write("export_case", case_id).type_key("Enter")
    auditor.sees("Position in the ledger")
    download = auditor.download("download_audit")
    file = tmp_path / download.suggested_filename
    download.save_as(file)
    assert file.name == f"{case_id}-audit.csv"
    auditor.is_told(f"Audit CSV of {case_id} downloaded (event ")
    assert stored(bank, case_id).events[-1].action == "case_exported"
    assert audit.verify_file(file.read_bytes()).report.verdict is Verdict.VERIFIED

    upload = auditor.key("verify_file").locator("input[type=file]")
    upload.set_input_files(file)
    auditor.sees("Intact.")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(file.read_bytes().replace(b"not named", b"all named"))
    upload.set_input_files(broken)
    auditor.sees("Broken at row")

    auditor.press("nav_ledger").sees("Not verified yet in this session")
    auditor.type_key("v")
    auditor.sees("Intact.")
    auditor.sees("Verified by Ines Duarte")


def test_two_people_collide_on_one_case_and_no_word_is_lost(screen: NewScreen, bank: Bank) -> None:
    case_id = bank.cases["held"]
    analyst = screen("Grace Adeyemi", "/?view=mine").click_row("queue", case_id)
    analyst.choose(f"disposition_{case_id}", "SAR").write(f"narrative_{case_id}", NARRATIVE)

    manager = screen("Marta Kowalczyk", "/?q=" + case_id).click_row("queue", case_id)
    manager.choose(f"panel_{case_id}", "Note").write(f"note_{case_id}", "Ask for the ID copies.")
    manager.type_key("Control+Enter")
    manager.is_told("Note added (event ")

    analyst.type_key("Control+Enter")
    analyst.sees("Not saved. Marta Kowalczyk added a note")
    analyst.sees("Your text is kept: read the change, then submit again.")
    assert analyst.key(f"narrative_{case_id}").locator("textarea").input_value() == NARRATIVE
    assert stored(bank, case_id).case.disposition is Disposition.NONE

    analyst.press(f"decide_{case_id}")
    analyst.is_told("Decision saved")
    assert stored(bank, case_id).stage is Stage.AWAITING


def test_a_word_typed_before_a_click_elsewhere_is_still_there(screen: NewScreen, bank: Bank) -> None:
    case_id = bank.cases["luis"]
    analyst = screen("Luis Ferreira", "/?view=mine").click_row("queue", case_id)
    analyst.choose(f"panel_{case_id}", "Note").write(f"note_{case_id}", "Half a")
    analyst.press("nav_triage")
    analyst.is_at("/?view=mine")
    analyst.click_row("queue", case_id)
    expect(analyst.key(f"note_{case_id}").locator("textarea")).to_have_value("Half a")


def test_back_escape_and_the_keys_walk_the_queue(screen: NewScreen, bank: Bank) -> None:
    someone = screen("Tomasz Wójcik", "/?status=New")
    ids = [row[2] for row in someone.rows("queue")]
    someone.click_row("queue", ids[0])
    someone.sees(f"1 of {len(ids)}")
    someone.type_key("j").is_at(ids[1])
    someone.type_key("k").is_at(ids[0])
    someone.type_key("Escape").is_at("/?status=New")
    someone.click_row("queue", ids[0])
    someone.sees(f"1 of {len(ids)}")  # going back before the case is there would go back further
    someone.page.go_back()
    someone.is_at("/?status=New")
    someone.shows_cases("queue", set(ids))
    assert [row[2] for row in someone.rows("queue")] == ids


def test_ticks_select_and_the_drawer_assigns(screen: NewScreen, bank: Bank) -> None:
    manager = screen("Omar Nasser", "/?view=unassigned&q=Customer")
    ids = [row[2] for row in manager.rows("queue")]
    for place in (0, 1):
        manager.click_at("queue", place, 16)
    manager.type_key("a")
    manager.page.get_by_role("dialog").wait_for()
    manager.select("bulk_assign_to", "Tomasz Wójcik")
    manager.page.get_by_text("2 of 2 can be assigned.").wait_for()
    manager.press("bulk_assign_submit")
    manager.is_told("2 cases assigned to Tomasz Wójcik")
    assert [stored(bank, case_id).case.owner for case_id in ids[:2]] == ["tomasz", "tomasz"]
    assert manager.page.get_by_role("dialog").count() == 0


def test_what_falls_due_opens_from_its_list_and_a_policy_value_is_proposed_by_keyboard(
    screen: NewScreen, bank: Bank
) -> None:
    case_id = bank.cases["second"]
    manager = screen("Marta Kowalczyk", "/calendar?view=list&due=30")
    manager.click_row("calendar_list", case_id)
    manager.page.wait_for_url(f"**/case?id={case_id}")
    manager.press("nav_policy").click_row("policy_values_The-bank-may-set", "Retention")
    manager.write("policy_source_retention_years", "State law, chapter 12")
    manager.write("policy_reason_retention_years", "The state asks for seven years.").type_key("Control+Enter")
    manager.is_told("Policy value proposed (event ")


def test_a_page_tells_of_new_alerts_without_moving_and_shows_them_by_one_key(screen: NewScreen, bank: Bank) -> None:
    manager = screen("Marta Kowalczyk")
    manager.choose("triage_view", "Unassigned").click_at("queue", 0, 16)
    expect(manager.key("assign_selected")).to_contain_text("Assign 1 selected")
    before, place = manager.rows("queue"), manager.key("queue").bounding_box()
    new = alerted(bank, 5)
    expect(manager.key("show_new")).to_contain_text("1 alert, 1 case new", timeout=20_000)
    assert (manager.rows("queue"), manager.key("queue").bounding_box()) == (before, place)

    manager.press("assign_selected").select("bulk_assign_to", "Tomasz")
    manager.sees("Assign 1 selected")  # the list is drawn anew with one row more, and the tick is at its case
    joined = alerted(bank, 6)
    expect(manager.key("show_new")).to_contain_text("2 alerts, 2 cases new", timeout=20_000)
    expect(manager.key("show_new").get_by_role("button").first).to_be_disabled()
    expect(manager.page.get_by_role("combobox", name="To")).to_have_value("Tomasz Wójcik")
    manager.page.keyboard.press("Escape")

    expect(manager.key("show_new").get_by_role("button").first).to_be_enabled()
    manager.settle().type_key("n")
    manager.shows_cases("queue_3", {new, joined})
    manager.press("only_new")
    manager.shows_cases("queue_3", {row[2] for row in before} | {new, joined})
    expect(manager.key("show_new")).to_have_count(0)


def alerted(bank: Bank, number: int) -> str:
    """Let an alert come on a customer whose case is closed; return the case that it opens."""
    desk, alert = bank.desk(), made_up_alert(number, "velocity", 90, 2)
    with desk.writing() as uow:
        uow.alerts.insert([alert])
        uow.commit()
    found = intake.open_case(uow=desk.writing(), actor=SYSTEM, at=datetime.now(UTC), alert_ids=[alert.alert_id])
    desk.close()
    return found.case_id
