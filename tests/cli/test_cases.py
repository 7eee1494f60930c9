"""`casedesk cases` and `casedesk case show`: the queue and one case, with the app's disclosure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casedesk.domain.cases import Disposition
from tests.builders import NARRATIVE, TestDesk
from tests.cli.conftest import Command


@pytest.fixture
def queue(desk: TestDesk) -> dict[str, str]:
    """One case of each sort, by a word."""
    found: dict[str, str] = {}
    for number, word in enumerate(("new", "mine", "escalated", "awaiting", "closed", "reported")):
        customer = desk.customer(f"K-{number}", name=f"{word.capitalize()} Roe")
        found[word] = {
            "new": lambda c: desk.open(c, severity=90),
            "mine": lambda c: desk.open(c, severity=10),
            "escalated": desk.escalated,
            "awaiting": desk.awaiting,
            "closed": desk.closed,
            "reported": lambda c: desk.closed(c, sar_approver="max"),
        }[word](customer)
    desk.take("ben", found["mine"])
    return found


def listed(casedesk: Command, *words: str) -> list[str]:
    told = casedesk("cases", "--json", *words)
    assert told.code == 0, told.err
    return [row["case_id"] for row in told.json]


def test_every_filter_narrows_the_list(casedesk: Command, queue: dict[str, str]) -> None:
    def words(*options: str, user: str = "mia") -> set[str]:
        back = {case_id: word for word, case_id in queue.items()}
        return {back[case_id] for case_id in listed(casedesk, *options, "--as", user)}

    open_ones = {"new", "mine", "escalated", "awaiting"}
    assert words() == open_ones
    assert words("--include-closed") == open_ones | {"closed", "reported"}
    assert words("--view", "mine", user="ben") == {"mine"}
    assert words("--owner", "me", user="ben") == {"mine"}
    assert words("--owner", "ben") == {"mine"}
    assert words("--owner", "-") == {"new", "escalated"}
    assert words("--view", "awaiting") == words("--status", "awaiting approval") == {"awaiting"}
    assert words("--view", "escalated") == {"escalated"}
    assert words("--status", "closed") == {"closed", "reported"}
    assert words("--risk", "high") == {"new"}
    assert words("--risk", "minimal") == {"mine"}
    assert words("--typology", "velocity") == set()
    assert words("--search", "escalated roe") == {"escalated"}


def test_the_due_views_follow_the_clock(casedesk: Command, queue: dict[str, str]) -> None:
    mine = queue["mine"]
    for days, view in ((27, "due-soon"), (40, "overdue")):
        on = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
        assert casedesk("case", "suspicion", mine, "--at", on, "--reason", "Teller", "--as", "ben").code == 0
        assert mine in listed(casedesk, "--view", view, "--as", "ben")
        assert mine not in listed(casedesk, "--view", {"due-soon": "overdue"}.get(view, "due_soon"), "--as", "ben")


def test_the_limit_and_the_order_are_kept(casedesk: Command, queue: dict[str, str]) -> None:
    everything = listed(casedesk, "--include-closed", "--as", "mia", "--sort", "newest")
    assert everything == sorted(everything, reverse=True)
    assert listed(casedesk, "--include-closed", "--as", "mia", "--sort", "newest", "--limit", "2") == everything[:2]
    told = casedesk("cases", "--as", "mia", "--limit", "1")
    assert told.out.splitlines()[-1] == "1 of 4 cases."
    assert "No case matches." in casedesk("cases", "--as", "mia", "--search", "nobody at all").out


def test_the_settings_name_who_acts_where_the_command_does_not(casedesk: Command, queue: dict[str, str]) -> None:
    said = casedesk("cases", "--json", "--view", "mine", user="ben")
    assert said.json == casedesk("cases", "--json", "--view", "mine", "--as", "ben").json != []
    assert casedesk("cases", "--json", "--view", "mine", "--as", "ann", user="ben").json != said.json
    told = casedesk("cases", user="nobody-we-know")
    assert (told.code, told.out) == (2, "")
    assert "nobody-we-know" in told.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--view", "mine"], "Say who acts: add --as USER, or set CASEDESK_USER"),
        (["--view", "yours", "--as", "ann"], "“--view yours” is not a choice; write one of mine, unassigned"),
        (["--risk", "Huge", "--as", "ann"], "“--risk Huge” is not a choice; write one of High, Medium, Low, Minimal"),
        (["--status", "Lost", "--as", "ann"], "“--status Lost”"),
        (["--sort", "name", "--as", "ann"], "“--sort name”"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    casedesk: Command, words: list[str], sentence: str, desk: TestDesk
) -> None:
    told = casedesk("cases", *words)
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err


def test_somebody_inactive_sees_nothing(casedesk: Command, desk: TestDesk, queue: dict[str, str]) -> None:
    desk.dismiss("ben")
    for words in (["cases"], ["case", "show", queue["new"]]):
        told = casedesk(*words, "--as", "ben")
        assert (told.code, told.out) == (2, "")


def test_a_colleague_is_not_told_of_a_decision(casedesk: Command, queue: dict[str, str]) -> None:
    for word in ("awaiting", "reported", "closed"):
        told = casedesk("cases", "--include-closed", "--json", "--as", "ben")
        [row] = [row for row in told.json if row["case_id"] == queue[word]]
        assert row["disposition"] == ""
        for words in ([], ["--json"]):
            told = casedesk("case", "show", queue[word], "--as", "ben", *words)
            assert told.code == 0
            assert "SAR" not in told.out
            assert "deposits of just under" not in told.out  # the narrative
            assert "ecision" not in told.out.replace("decision_text", "")
            assert "approval" not in told.out
    shown = casedesk("case", "show", queue["awaiting"], "--as", "ben", "--json").json
    assert (shown["disclosed"], shown["disposition"], shown["stage"]) == (False, None, "in review")


def test_who_needs_to_know_reads_the_narrative_and_is_recorded_once(
    casedesk: Command, desk: TestDesk, queue: dict[str, str]
) -> None:
    case = queue["awaiting"]
    for _ in range(2):
        shown = casedesk("case", "show", case, "--as", "max", "--json").json
        assert shown["decision_text"] == NARRATIVE
        assert shown["disposition"] == "SAR"
    assert desk.actions(case).count("narrative_read") == 1
    event = desk.history(case)[-1]
    assert (event.user, event.action, event.data["via"]) == ("max", "narrative_read", "cli")
    casedesk("case", "show", case, "--as", "ann")  # the maker
    casedesk("case", "show", case, "--as", "ben")  # is shown nothing
    assert desk.actions(case).count("narrative_read") == 1


def test_a_case_is_shown_whole(casedesk: Command, desk: TestDesk, queue: dict[str, str]) -> None:
    shown = casedesk("case", "show", queue["mine"], "--as", "ben", "--json").json
    assert shown["customer"]["name"] == "Mine Roe"
    assert shown["version"] == desk.case(queue["mine"]).version
    assert [event["action"] for event in shown["events"]] == ["case_opened", "alert_attached", "case_taken"]
    assert len(shown["alerts"][0]["transaction_ids"]) == 2
    assert shown["chain"] == "VERIFIED"
    assert "31 CFR 1020.320(b)(3)" in shown["clock"]
    text = casedesk("case", "show", queue["mine"], "--as", "ben").out
    for words in ("Mine Roe (K-1)", "in review, Minimal risk, held by Ben", "USD 19,000.00", "Chain: VERIFIED"):
        assert words in text
    assert casedesk("case", "show", "C-26-12345", "--as", "ben").code == 2


def test_an_escalation_is_not_hidden(casedesk: Command, desk: TestDesk, queue: dict[str, str]) -> None:
    assert desk.case(queue["escalated"]).disposition is Disposition.ESCALATE
    assert "escalated to the managers" in casedesk("case", "show", queue["escalated"], "--as", "ben").out


def test_people_read_a_rule_by_its_title_and_programs_by_its_name(casedesk: Command, desk: TestDesk) -> None:
    case_id = desk.open(desk.customer("K-1"), rule="fan_in")
    for words in (["cases"], ["case", "show", case_id]):
        told = casedesk(*words, "--as", "mia").out
        assert "Fan-in" in told
        assert "fan_in" not in told
    assert casedesk("cases", "--typology", "fan_in", "--as", "mia", "--json").json[0]["typology"] == "fan_in"
    assert casedesk("case", "show", case_id, "--as", "mia", "--json").json["alerts"][0]["rule"] == "fan_in"


def test_the_summary_names_the_rule_by_its_title(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    case_id = desk.open(desk.customer("K-1"), rule="fan_in")
    file = tmp_path / "summary.md"
    told = casedesk("export", "summary", case_id, "--out", str(file), "--as", "mia")
    assert told.code == 0, told.err
    assert "| Fan-in v" in file.read_text("utf-8")
