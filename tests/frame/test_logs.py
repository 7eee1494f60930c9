"""Logs: what can be read in them, and above all what cannot."""

import json
import logging
import re
from dataclasses import dataclass

import pytest
import structlog

from casedesk.logs import ALLOWED, configure, reference

NOTE = "Jane Roe paid her brother 9,900 in cash, report to follow"

pytestmark = pytest.mark.usefixtures("logging_restored")


@dataclass
class Plain:
    log_level: str = "INFO"
    log_format: str = "json"


@pytest.fixture(params=["json", "console"])
def form(request: pytest.FixtureRequest) -> str:
    configure(Plain(log_format=request.param))
    return request.param


@pytest.fixture
def lines(capsys):
    """What was logged so far, parsed; only for the JSON form."""

    def read() -> list[dict[str, object]]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def test_an_event_with_its_figures_comes_out_as_one_json_line(lines):
    configure(Plain())
    structlog.get_logger("casedesk.services").info(
        "case_opened", event_id=41, duration_ms=2.5, action="open", via="cli"
    )
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "case_opened",
        "level": "info",
        "logger": "casedesk.services",
        "event_id": 41,
        "duration_ms": 2.5,
        "action": "open",
        "via": "cli",
    }


@pytest.mark.parametrize("key", ["note", "name", "narrative", "user", "case_id", "customer", *sorted(ALLOWED)])
def test_no_note_comes_out_under_any_key(form: str, capsys, key: str):
    given = {key: NOTE}
    log = structlog.get_logger("casedesk.test")
    log.info(**given) if key == "event" else log.info("noted", **given)
    written = capsys.readouterr().err
    assert "noted" in written or key == "event"
    for word in ("Jane", "Roe", "9,900", "report"):
        assert word not in written


@pytest.mark.parametrize(
    "fact", ["SarFiled", "sar_approved", "SAR", "disposition=SAR", "NarrativeSaved", "filing_sent", "initial_sar"]
)
def test_a_value_that_tells_of_a_report_is_withheld(form: str, capsys, fact: str):
    structlog.get_logger("casedesk.test").info("decided", action=fact)
    written = capsys.readouterr().err
    assert "withheld" in written
    assert fact not in written


@pytest.mark.parametrize("word", ["sarah-import", "necessary", "rules/structuring.py:12", "A-1F2C", "caesar"])
def test_other_words_are_not_taken_for_a_report(lines, word: str):
    configure(Plain())
    structlog.get_logger("casedesk.test").info("done", rule=word)
    assert lines()[0]["rule"] == word


def fail_with_a_note() -> None:
    secret = NOTE
    try:
        {}[secret]
    except KeyError as error:
        raise ValueError(f"bad note: {secret}") from error


def test_an_exception_is_logged_by_type_and_place_but_without_its_text_and_locals(lines):
    configure(Plain())
    try:
        fail_with_a_note()
    except ValueError:
        structlog.get_logger("app.main").exception("page_failed", reference="7f3a-21")
    (line,) = lines()
    assert line["error_type"] == "builtins.ValueError"
    assert line["error_chain"] == ["builtins.KeyError"]
    assert re.fullmatch(r"tests/frame/test_logs\.py:\d+:fail_with_a_note", line["frames"][-1])
    assert line["reference"] == "7f3a-21"
    assert "Jane" not in json.dumps(line)


def test_an_exception_in_the_console_form_is_without_its_text_too(capsys):
    configure(Plain(log_format="console"))
    try:
        fail_with_a_note()
    except ValueError:
        structlog.get_logger("app.main").exception("page_failed")
    written = capsys.readouterr().err
    assert "fail_with_a_note" in written
    assert "Jane" not in written


@pytest.mark.parametrize("name", ["sqlalchemy.engine.Engine", "streamlit.runtime.scriptrunner", "anything.else"])
def test_a_library_is_logged_in_the_same_form_without_its_text(lines, name: str):
    configure(Plain())
    try:
        fail_with_a_note()
    except ValueError:
        logging.getLogger(name).exception("row %r", {"notes": NOTE})
    (line,) = lines()
    assert (line["logger"], line["level"], line["error_type"]) == (name, "error", "builtins.ValueError")
    assert re.fullmatch(r"tests/frame/test_logs\.py:\d+", line["at"])
    assert "Jane" not in json.dumps(line)


def test_streamlit_s_own_handlers_neither_print_twice_nor_print_the_text(capsys):
    early = logging.getLogger("streamlit.early")
    early.addHandler(logging.StreamHandler())
    early.propagate = False
    configure(Plain())
    late = logging.getLogger("streamlit.late")  # made after the desk, as Streamlit's lazily loaded parts are
    late.addHandler(logging.StreamHandler())
    late.propagate = False
    early.error("about %s", NOTE)
    late.error("about %s", NOTE)
    written = capsys.readouterr().err
    assert written.count("streamlit.early") == 1
    assert "Jane" not in written


def test_libraries_are_quiet_below_warning_and_the_desk_follows_its_level(lines):
    configure(Plain(log_level="INFO"))
    logging.getLogger("watchdog").info("chatter")
    structlog.get_logger("casedesk.x").debug("detail")
    structlog.get_logger("casedesk.x").info("said")
    assert [line["event"] for line in lines()] == ["said"]


def test_configuring_twice_prints_once(lines):
    configure(Plain())
    configure(Plain())
    structlog.get_logger("casedesk.x").warning("said")
    assert len(lines()) == 1


def test_references_are_short_and_differ():
    drawn = {reference() for _ in range(50)}
    assert len(drawn) == 50
    assert all(re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{2}", one) for one in drawn)
