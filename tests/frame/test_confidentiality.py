"""That a report exists is confidential (31 USC 5318(g)(2)): what leaves the process for people without need to know says nothing of it.

A whole journey is gone on the command line, with the log at its most talkative: a report is written, returned, written anew,
approved, exported, reviewed and read, and one command fails where nobody foresaw it. Then everything is searched.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casedesk.cli.main import main
from casedesk.exports import confidentiality
from casedesk.services import audit
from casedesk.store.engines import make_engine
from tests.builders import NARRATIVE, TestDesk
from tests.databases import Sqlite
from tests.logs import restored

CANARY = "heliotrope"
BATCH = "B-000001"
TODAY = datetime.now(UTC).date().isoformat()
REASON = "Name the branches of vermilion street."
#: What tells of a report: the words of the trade, and what only this journey knows.
TELLING = re.compile(
    r"(?<![a-z])sars?(?![a-z])|suspicious|narrative|disposition|approv|returned|filing|decided|"
    rf"{CANARY}|vermilion|deposits of just under|\bmax\b",
    re.IGNORECASE,
)


@dataclass
class Journey:
    """A desk of its own, what its commands said to whom, and where its files are."""

    desk: TestDesk
    folder: Path
    case: str = ""
    twin: str = ""  # a case of the same make, closed without a report
    waiting: str = ""  # a case whose report waits for approval
    working: str = ""  # a case of the same make, in review
    log: list[str] = field(default_factory=list)
    looks: list[tuple[str, str, str]] = field(default_factory=list)  # at the two reports: who, what, which file

    def by(self, user: str, *words: object) -> str:
        """Give a command that must succeed; keep what it said on standard error."""
        code, out, err = _call(*words, "--as", user)
        assert code == 0, err
        self.log.append(err)
        return out


def _call(*words: object) -> tuple[int, str, str]:
    """Give a command, and return its exit code and what it said."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    said = [stream.buffer.getvalue().decode(errors="replace") for stream in (out, err)]  # type: ignore[attr-defined]
    return code, said[0], said[1]


@pytest.fixture(scope="module")
def journey(sqlite_kind: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """The journey, gone once; a test that gives further commands changes nothing that another looks at."""
    address, folder = sqlite_kind.fresh(), tmp_path_factory.mktemp("journey")
    engine = make_engine(address, lock_timeout=5.0)
    settings = {
        "DATABASE_URL": address, "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "CHECKPOINT_DIR": folder / "checkpoints",
        "CHECKPOINT_KEY": folder / "keys" / "desk.key", "CHECKPOINT_EVERY_EVENTS": 3,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patched, restored():
        for name, value in settings.items():
            patched.setenv(f"CASEDESK_{name}", str(value))
        # a command before this test may have hushed it
        logging.getLogger("alembic.runtime.migration").setLevel(logging.NOTSET)
        found = Journey(TestDesk(engine), folder)
        found.desk.staff()
        _go(found)
        history = (*found.desk.history(found.case), *found.desk.history(found.waiting))
        found.looks = [(e.user, e.action, e.data.get("what", "")) for e in history]
        yield found
    engine.dispose()
    sqlite_kind.drop(address)


def _go(j: Journey) -> None:
    """Walk a case through a report, and its twin to a close without one; leave another one waiting, and its twin in review."""
    _call("audit", "keygen")
    for name in ("case", "twin", "waiting", "working"):
        customer = j.desk.customer(f"K-{name}", name="Kim Roe")
        setattr(j, name, j.desk.open(customer))
        j.by("ann", "case", "take", getattr(j, name))
        j.by("ann", "case", "note", getattr(j, name), "--text", "Called the branch.")
    # advice on two of the four: that there is any is for nobody else either
    j.by("mia", "advise", "run", j.case, j.waiting)
    for case_id in (j.case, j.waiting):
        form = j.folder / "form.json"
        form.write_text(j.by("ann", "filing", "form", case_id), encoding="utf-8")
        j.by("ann", "filing", "draft", case_id, form)
    report = ("case", "dispose", j.case, "sar", "--text", f"{NARRATIVE} The colour was {CANARY}.")
    j.by("ann", *report)
    j.by("ann", *report[:2], j.waiting, *report[3:])
    j.by("mia", "case", "return", j.case, "--text", REASON)
    j.by("ann", *report)
    j.by("max", "case", "approve", j.case)
    j.by("ann", "case", "dispose", j.twin, "no-sar", "--text", "Salary of two employers; the pay slips are on file.")
    for kind in ("audit", "summary", "packet"):
        j.by("otto", "export", kind, j.case, "--out", j.folder)
    j.by("otto", "export", "case-file", j.case, "--out", j.folder)
    (j.folder / "sent").mkdir()
    j.by("mia", "filing", "produce", j.case, "--out", j.folder / "sent")
    j.by("mia", "filing", "export", BATCH, "--out", j.folder / "sent")
    j.by("otto", "export", "packet", "--period", "2026-01-01", TODAY, "--out", j.folder)
    j.by("queenie", "qa", "draw", "--from", "2026-01-01", "--to", TODAY, "--rate", "1")
    j.by("otto", "case", "show", j.case)
    j.by("queenie", "filing", "form", j.waiting)
    rows = j.folder / "transactions.csv"
    rows.write_text(
        "transaction_id,booked_at,from_account,to_account,amount,currency,channel\n"
        "T-9,yesterday,,K-case/1,9500.00,USD,CASH\n"
    )
    j.log.append(_call("import", rows, "--rejects", j.folder / "rejects")[2])


def _fail(*_: object, **__: object) -> None:
    secret = f"SAR of {CANARY}"
    raise RuntimeError(secret)


def test_the_log_at_its_most_talkative_says_nothing(journey: Journey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "verify_database", _fail)
    code, _, said = _call("audit", "verify")
    assert (code, bool(re.search(r"Tell your operator: [0-9a-f]{4}-[0-9a-f]{2}\.", said))) == (2, True)
    lines = [line for text in (*journey.log, said) for line in text.splitlines() if line.startswith("{")]
    events = [json.loads(line) for line in lines]
    assert {"command_failed", "withheld"} <= {event["event"] for event in events}, (
        "the log was not at its most talkative"
    )
    assert {event["level"] for event in events} >= {"info", "error"}
    for line in lines:
        assert not TELLING.search(line), line


def test_what_is_said_beside_the_result_says_nothing(journey: Journey) -> None:
    """Standard error goes to terminals, schedulers and their mails."""
    said = "\n".join(journey.log)
    assert f"{journey.case}-summary.md (SHA-256" in said
    assert not TELLING.search(said)


def test_no_name_of_a_file_and_nothing_in_a_checkpoint_or_the_rejects_tells(journey: Journey) -> None:
    files = [path for path in journey.folder.rglob("*") if path.is_file()]
    names = {str(path.relative_to(journey.folder)) for path in files}
    assert {f"{journey.case}-{kind}" for kind in ("audit.csv", "summary.md", "packet.zip")} <= names
    for name in names:
        assert not TELLING.search(name)
    open_to_all = [path for path in files if path.suffix == ".checkpoint" or "rejects" in path.parts]
    assert {path.suffix for path in open_to_all} == {".checkpoint", ".csv"}
    for path in open_to_all:
        # hashes and signatures are left out: among so many letters any short word comes up once in a while
        assert not TELLING.search(re.sub(r"[\w+/]{40,}=*", "", path.read_text("utf-8"))), path


#: What somebody can ask of a case.
OF_A_CASE = (
    ["case", "show"], ["case", "show", "--json"], ["case", "take"], ["case", "hand-over", "mia", "--text", "x"], ["case", "release"],
    ["case", "dispose", "escalate", "--text", "x"], ["case", "suspicion", "--at", "2026-06-01", "--text", "x"],
    ["case", "reopen", "--text", "x"], ["case", "approve"], ["export", "audit"], ["export", "summary"], ["export", "packet"],
    ["export", "case-file"], ["filing", "form"], ["filing", "draft", "FORM"], ["filing", "approve"], ["filing", "produce"],
    ["filing", "goaml", "--profile", "none.toml"], ["case", "note", "--text", "Any news?", "--json"], ["case", "show", "--json"],
    ["advise", "show"], ["advise", "run"],
)  # fmt: skip
#: What somebody can ask of the desk.
OF_THE_DESK = (
    ["cases"], ["cases", "--include-closed", "--json"], ["cases", "--view", "awaiting"],
    ["cases", "--status", "awaiting approval", "--json"], ["cases", "--search", "helio"], ["export", "packet", "--period",
    "2026-01-01", TODAY], ["qa", "list"], ["qa", "draw", "--from", "2026-01-01", "--to", TODAY], ["suppressions", "list"],
    ["rules", "list"], ["rules", "history"], ["lab", "scorecard"], ["filing", "produce"], ["filing", "list"], ["filing", "show", BATCH],
    ["filing", "export", BATCH], ["remind"], ["remind", "--log", TODAY], ["retention", "due"], ["policy", "list"],
    ["advise", "run"], ["advise", "agreement"], ["advise", "replay"], ["advise", "budget"],
)  # fmt: skip


def test_no_command_tells_an_analyst_without_a_part_in_the_case(journey: Journey) -> None:
    for words in OF_A_CASE:
        for case_id, twin in ((journey.case, journey.twin), (journey.waiting, journey.working)):
            of_a_report = _asked(journey, "ben", *words[:2], case_id, *words[2:])
            assert of_a_report == _asked(journey, "ben", *words[:2], twin, *words[2:]), words
            assert not TELLING.search(KEYS.sub("", of_a_report)), words
    for words in OF_THE_DESK:
        assert not TELLING.search(KEYS.sub("", _asked(journey, "ben", *words))), words


def test_a_stranger_to_the_desk_is_told_nothing(journey: Journey) -> None:
    for words in (["case", "show", journey.case], ["cases"], ["export", "summary", journey.case], ["filing", "list"]):
        said = _asked(journey, "nobody", *words)
        assert said.startswith("2\n\nNobody has the user id “nobody”")
        assert not TELLING.search(KEYS.sub("", said)), words


#: What is said whatever the case: keys of JSON with nothing behind them, the name of a step, which steps there are, which policy sets a due date, who works here.
KEYS = re.compile(
    r'"(disposition|decision_text|decided_\w+|approved_\w+)": ("+|null)|may not approve a decision|(approve|draft) a filing|policy sar_days_suspect_|known are: [a-z, ]+'
)


def _asked(journey: Journey, who: str, *words: object) -> str:
    code, out, err = _call(*(journey.folder / "form.json" if w == "FORM" else w for w in words), "--as", who)
    said = "\n".join(line for line in err.splitlines() if not line.startswith("{"))
    return f"{code}\n{_alike(out)}\n{_alike(said)}"


def _alike(text: str) -> str:
    """Write out what differs from case to case anyway: ids, numbers of events, hashes and times."""
    text = re.sub(r"C-26-\d+|K-[a-z]+", "ID", text)
    text = re.sub(r"\b(A-[0-9A-F]{8,}|[0-9a-f]{8,64}|T-\d+-\d|R-test-\d+)\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "TIME", text)
    text = re.sub(r"(event |\"event_id\": |\"suspicion_event\": )\d+", r"\1N", text)
    return re.sub(r"(?m)^ *\d+ +TIME", "N TIME", text)


def test_every_look_at_a_report_and_every_file_of_it_is_an_event(journey: Journey) -> None:
    assert [one for one in journey.looks if one[0] == "otto"] == [
        ("otto", "case_exported", "audit"),
        ("otto", "case_exported", "summary"),
        ("otto", "case_exported", "packet"),
        ("otto", "case_exported", "case_file"),
        ("otto", "narrative_read", ""),
    ]
    assert [one for one in journey.looks if one[0] == "queenie"] == [("queenie", "narrative_read", "")]  # fmt: skip


def test_what_leaves_the_desk_says_that_it_is_confidential_whatever_was_decided(journey: Journey) -> None:
    for case_id in (journey.case, journey.twin):
        assert confidentiality.LINE in journey.by("otto", "export", "summary", case_id, "--out", "-")
        journey.by("otto", "export", "packet", case_id, "--out", journey.folder)
        with zipfile.ZipFile(journey.folder / f"{case_id}-packet.zip") as packet:
            assert confidentiality.LINE in packet.read("README.md").decode()
    with (journey.folder / f"{journey.case}-audit.csv").open(encoding="utf-8", newline="") as stream:
        assert "case_id" in next(csv.reader(stream)), "a table has no room for a sentence"
