"""Ledger and exports: the verdict, what breaks it, the filters, the files."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from app.ui import downloads
from casedesk.anchors import keys
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Person
from casedesk.errors import NotFound, NotPermitted
from casedesk.exports.verifier import verify
from casedesk.services import audit, casefile, exporting, packets
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text


def tamper(bank: Bank, statement: str) -> None:
    """Change the database as somebody would who owns it: the guard goes first."""
    with sqlite3.connect(bank.path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_nothing_is_called_intact_before_it_was_verified(open_as: Open) -> None:
    at = open_as("ines", "ledger")
    assert "Not verified yet in this session." in text(at)
    assert {cell[0] for cell in at.dataframe[0].value["Check"]} == {"? Cannot tell"}


def test_verifying_says_intact_and_marks_every_event(open_as: Open) -> None:
    at = open_as("ines", "ledger")
    at.get_by_key("verify").click().run()
    assert at.success[0].value.startswith("**Intact.** ")
    assert "Verified by Ines Duarte" in at.success[0].value
    assert {cell[0] for cell in at.dataframe[0].value["Check"]} == {"✓ Intact"}


def signed(bank: Bank) -> None:
    """Give the desk a key, and sign its ledger."""
    path = bank.path.with_suffix(".key")
    keys.save(path, keys.generate("desk"))
    desk = bank.desk()
    desk.checkpoints.make()
    desk.close()


def test_a_desk_without_a_key_says_who_makes_one(open_as: Open) -> None:
    at = open_as("ines", "ledger")
    (figure,) = (one for one in at.metric if one.label == "Last signed")
    assert (figure.value, "casedesk audit keygen" in figure.help) == ("none", True)


def test_the_page_says_how_far_signatures_reach(open_as: Open, bank: Bank) -> None:
    signed(bank)
    at = open_as("ines", "ledger")
    figures = {one.label: one.value for one in at.metric}
    assert figures["Unsigned events"] == "0"
    assert figures["Last signed"] != "none"
    at.get_by_key("verify").click().run()
    assert "A signed checkpoint covers all of them." in at.success[0].value


def test_a_cut_ledger_is_broken_at_the_checkpoint(open_as: Open, bank: Bank) -> None:
    signed(bank)
    tamper(bank, "DELETE FROM case_events WHERE event_id = (SELECT max(event_id) FROM case_events)")
    at = open_as("ines", "ledger")
    at.get_by_key("verify").click().run()
    assert "A signed checkpoint covers more events than there are" in sentences(at)[0]


def test_a_torn_checkpoint_is_told_before_anybody_verifies(open_as: Open, bank: Bank) -> None:
    signed(bank)
    (file,) = bank.path.with_suffix(".checkpoints").glob("*.checkpoint")
    file.write_text("torn")
    at = open_as("ines", "ledger")
    assert f"**Checkpoints.** {file.name}: The checkpoint has no signatures" in at.warning[0].value.replace("\\", "")


def test_an_edited_event_is_found_and_marked(open_as: Open, bank: Bank) -> None:
    tamper(bank, "UPDATE case_events SET notes = 'nothing to see' WHERE action = 'note_added'")
    at = open_as("ines", "ledger")
    at.get_by_key("verify").click().run()
    said = sentences(at)[0]
    assert said.startswith("**Broken at event ")
    assert "column `notes`" in said
    assert "Expected `the text whose s…`, got `nothing to see`" in said
    assert "are intact" in said
    assert "! Broken" in [cell[0] for cell in at.dataframe[0].value["Check"]]


def test_a_state_changed_behind_the_desk_is_found(open_as: Open, bank: Bank) -> None:
    tamper(bank, f"UPDATE cases SET owner = 'tomasz' WHERE case_id = '{bank.cases['held']}'")
    at = open_as("marta", "ledger")
    at.get_by_key("verify").click().run()
    assert f"**Broken at {bank.cases['held']}.**" in sentences(at)[0]
    assert "events themselves are intact" in sentences(at)[0]


def test_the_case_page_shows_a_broken_chain(open_as: Open, bank: Bank) -> None:
    assert "Chain intact" in text(open_as("grace", "case", id=bank.cases["held"]))
    tamper(bank, "UPDATE case_events SET notes = 'nothing to see' WHERE action = 'note_added'")
    assert "Chain broken" in text(open_as("grace", "case", id=bank.cases["held"]))


@pytest.mark.parametrize(
    ("key", "value", "column", "expected"),
    [
        ("ledger_search", "3", "Event", {3}),
        ("ledger_search", "grace", "By", {"Grace Adeyemi"}),
        ("ledger_action", "note_added", "Action", {"Note added"}),
        ("ledger_person", "marta", "By", {"Marta Kowalczyk"}),
    ],
)
def test_the_filters_narrow_the_events(open_as: Open, key: str, value: str, column: str, expected: set[object]) -> None:
    at = open_as("ines", "ledger")
    at.get_by_key(key).set_value(value).run()
    assert set(at.dataframe[0].value[column]) == expected


def test_a_search_without_result_says_so(open_as: Open) -> None:
    at = open_as("ines", "ledger")
    at.get_by_key("ledger_search").set_value("nothing like it").run()
    assert "No event matches" in text(at)


def export(bank: Bank, actor: Person) -> exporting.ExportedFile:
    return exporting.audit_csv(uow=bank.desk().writing(), actor=actor, at=NOW, case_id=bank.cases["filed"])


def test_an_exported_file_is_verified_here_and_a_changed_one_is_not(open_as: Open, bank: Bank) -> None:
    content = export(bank, BY_ID["ines"]).content
    at = open_as("ines", "exports")
    at.get_by_key("verify_file").set_value(("a.csv", content, "text/csv")).run()
    assert at.success[0].value.startswith("**Intact.**")
    at.get_by_key("verify_file").set_value(("a.csv", content.replace(b"deposited", b"withdrew."), "text/csv")).run()
    assert sentences(at)[0].startswith("**Broken at row ")
    assert "expected" in sentences(at)[0].lower()


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"PK\x03\x04" + b"\x00" * 50])
def test_a_file_of_another_kind_cannot_be_told(open_as: Open, content: bytes) -> None:
    at = open_as("ines", "exports")
    at.get_by_key("verify_file").set_value(("a.csv", content, "text/csv")).run()
    assert not at.exception
    assert sentences(at)[0].startswith("**Cannot tell.**")


def test_the_summary_is_previewed_and_downloads_are_listed(open_as: Open, bank: Bank) -> None:
    export(bank, BY_ID["marta"])
    at = open_as("ines", "exports")
    at.get_by_key("export_case").set_value(bank.cases["filed"].lower()).run()
    assert "Position in the ledger" in text(at)
    assert not at.get_by_key("download_summary").disabled
    assert any("audit CSV" in str(table.value) for table in at.table)


def test_a_packet_is_offered_once_a_case_is_chosen(open_as: Open, bank: Bank) -> None:
    at = open_as("ines", "exports")
    assert at.get_by_key("download_packet").disabled
    assert "has no signing key, so the packet will not be signed" in text(at)
    signed(bank)
    at = open_as("ines", "exports")
    at.get_by_key("export_case").set_value(bank.cases["filed"]).run()
    assert not at.get_by_key("download_packet").disabled
    assert "will not be signed" not in text(at)
    assert list(at.get_by_key("packet_profile").options) == ["Everything", "Without decisions", "Without personal data"]


def test_a_packet_is_recorded_and_verifies(open_as: Open, bank: Bank) -> None:
    signed(bank)
    desk = bank.desk()
    made = clicked(
        lambda: desk.checkpoints.sealing(
            lambda sealed: packets.of_case(
                uow=desk.writing(), actor=BY_ID["ines"], at=NOW, case_id=bank.cases["filed"], sealed=sealed
            )
        )
    )
    assert made.file is not None
    content = made.file.content
    found = {claim.name: claim.verdict for claim in verify.verify(content)}
    # the alerts of this bank were written by hand, so their amounts do not follow from their evidence
    assert {found[name] for name in ("container", "files", "checkpoint", "events", "chains", "cases")} == {"VERIFIED"}
    desk.close()
    at = open_as("ines", "exports")
    assert any("packet" in str(table.value) for table in at.table)


def test_a_packet_is_verified_where_it_is_uploaded(open_as: Open, bank: Bank) -> None:
    signed(bank)
    desk = bank.desk()
    content = desk.checkpoints.sealing(
        lambda sealed: packets.of_case(
            uow=desk.writing(), actor=BY_ID["ines"], at=NOW, case_id=bank.cases["filed"], sealed=sealed,
            profile=packets.Profile.NO_PERSONAL,
        )
    ).content  # fmt: skip
    desk.close()
    at = open_as("ines", "exports")
    at.get_by_key("verify_file").set_value(("p.zip", content, "application/zip")).run()
    assert at.success[0].value.startswith("**Intact.**")
    assert "**checkpoint** :gray[Intact]" in text(at)
    assert "signed by your key: desk" in text(at).replace("\\", "")
    at.get_by_key("verify_file").set_value(("p.zip", content[:-1] + b"?", "application/zip")).run()
    assert not at.exception
    assert sentences(at)[0].startswith(("**Broken**", "**Cannot tell.**"))
    at.get_by_key("verify_file").set_value(("p.zip", b"no zip", "application/zip")).run()
    assert sentences(at)[0].startswith("**Cannot tell.** The packet cannot be judged")


def test_an_unknown_case_is_a_sentence(open_as: Open) -> None:
    at = open_as("ines", "exports")
    at.get_by_key("export_case").set_value("C-99-1").run()
    assert sentences(at) == ["There is no case “C-99-1”; a case id looks like C-26-00042."]


def events_of(bank: Bank) -> tuple[Recorded, ...]:
    return casefile.read(uow=bank.desk().reading(), actor=BY_ID["ines"], case_id=bank.cases["filed"]).events


def clicked(make: Callable[[], exporting.ExportedFile]) -> downloads.Delivery:
    """Do what a click does: the browser asks for the file, and the run that the click starts answers."""
    return one_of(downloads.Counter(), make)


def one_of(counter: downloads.Counter, make: Callable[[], exporting.ExportedFile]) -> downloads.Delivery:
    with ThreadPoolExecutor(1) as browser:
        asked = browser.submit(counter.content, make)
        answered = counter.answer()
        assert answered is not None
        if answered.file is None:
            assert asked.exception() is answered.refused
        else:
            assert asked.result() == answered.file.content
    return answered


def test_a_download_is_made_and_recorded_when_clicked(bank: Bank) -> None:
    before = events_of(bank)
    made = clicked(lambda: export(bank, BY_ID["ines"]))
    after = events_of(bank)
    assert len(after) == len(before) + 1
    assert made.file is not None
    assert after[-1] == made.file.event
    assert audit.verify_file(made.file.content).rows == len(before)


def test_a_refused_download_leaves_its_reason_and_no_event(bank: Bank) -> None:
    made = clicked(lambda: export(bank, BY_ID["grace"]))
    assert made.file is None
    assert isinstance(made.refused, NotPermitted)
    assert str(made.refused) == "The role Analyst may not export a case; that takes: Manager or Auditor."


def test_no_file_is_made_before_the_run_is_there_that_tells_of_it(bank: Bank) -> None:
    """Streamlit loses an answer that it has before the run starts, and the button would turn for three minutes."""
    before = events_of(bank)
    counter = downloads.Counter()
    with ThreadPoolExecutor(1) as browser:
        asked = browser.submit(counter.content, lambda: export(bank, BY_ID["ines"]))
        time.sleep(0.3)
        assert not asked.done()
        assert events_of(bank) == before
        assert counter.answer() is not None
        asked.result()
    assert len(events_of(bank)) == len(before) + 1


def test_each_click_on_one_page_is_told_of_the_file_that_it_made(bank: Bank) -> None:
    """Whoever clicks again before the page is drawn anew asks by the same button."""
    counter = downloads.Counter()
    told = [one_of(counter, lambda: export(bank, BY_ID["ines"])).file for _ in range(2)]
    assert [one.event for one in told if one is not None] == list(events_of(bank)[-2:])


def test_a_click_that_no_request_for_a_file_follows_gets_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_ARRIVAL", 0.01)
    assert downloads.Counter().answer() is None


def test_a_request_that_no_run_answers_makes_and_records_nothing(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_TURN", 0.01)
    monkeypatch.setattr(downloads, "_ARRIVAL", 0.01)
    before = events_of(bank)
    counter = downloads.Counter()
    with pytest.raises(downloads.NothingMade, match=r"no file was made and nothing was recorded\. Click again\."):
        counter.content(lambda: export(bank, BY_ID["ines"]))
    assert events_of(bank) == before
    assert counter.answer() is None  # the next click's run does not wait for it


def test_a_click_waits_for_no_file_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_PATIENCE", 0.01)
    counter, go = downloads.Counter(), Event()

    def never() -> exporting.ExportedFile:
        go.wait(10)
        raise NotFound("nothing")

    with ThreadPoolExecutor(1) as browser:
        asked = browser.submit(counter.content, never)
        answered = counter.answer()
        assert answered is not None
        assert (answered.file, answered.refused) == (None, None)
        go.set()
    assert isinstance(asked.exception(), NotFound)
