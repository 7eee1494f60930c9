"""The table of what each role may do on which case, and the desk on which every cell of it is tried.

The table is written from the trade's rules (domain.md, "Roles" and "Case states"), not from the code's own tables.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Person, Role
from casedesk.domain.reports.report import Report
from casedesk.errors import CasedeskError
from casedesk.services import (
    advice,
    advising,
    api_keys,
    assignment,
    casefile,
    decisions,
    default_model,
    exporting,
    intake,
    model_performance,
    models,
    outgoing,
    party_lists,
    payment_scores,
    policies,
    purging,
    quality,
    reminding,
    report_forms,
    retention,
    retraining,
    rule_sets,
    scores,
    scoring,
    webhooks,
    withdrawing,
)
from casedesk.services.assignment import Seen
from casedesk.services.scorers import Scorers
from casedesk.store.engines import make_engine
from tests.builders import FAIL, NARRATIVE, PASS, RATIONALE, START, TestDesk
from tests.services import filing_ways

#: The model that ships, loaded once.
SCORERS = Scorers()

#: Where the case stands and what the actor ("me") has to do with it. Who has another role than the past required got
#: it later: a change of role washes nobody clean.
COLUMNS = {
    "n0": "new, untouched",
    "n1": "new, I wrote a note",
    "wm": "in review, mine",
    "wo": "in review, another's, untouched",
    "wt": "in review, another's, I wrote a note",
    "wu": "in review, nobody's, untouched",
    "wv": "in review, nobody's, I wrote a note",
    "em": "escalated, mine",
    "eo": "escalated, another manager's, untouched",
    "et": "escalated, another manager's, I wrote a note",
    "eu": "escalated, nobody's, untouched",
    "ev": "escalated by me, nobody's",
    "am": "waiting, made by me",
    "ao": "waiting, another's, untouched",
    "at": "waiting, another's, I wrote a note",
    "ar": "waiting again, another's, I returned it before",
    "cm": "closed, decided by me",
    "co": "closed, another's, untouched",
    "ct": "closed, another's, I wrote a note",
    "cs": "closed with an approved SAR, untouched",
    "ca": "closed with a SAR that I approved",
    "cr": "closed again, I failed its first review",
}

#: y allowed | . the role may not | s no such step from this stage | o only the owner | h somebody holds it
#: m managers only | d who touched it may not judge it | c makes no sense here
#: r it is not a case that is reported
ALLOWED = """
                n0 n1 | wm wo wt wu wv | em eo et eu ev | am ao at ar | cm co ct cs ca cr
Analyst
  attach        y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | s  s  s  s  s  s
  take          y  y  | h  h  h  y  y  | h  h  h  m  m  | h  h  h  h  | s  s  s  s  s  s
  hand_over     s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  release       s  s  | y  o  o  c  c  | y  o  o  c  c  | s  o  o  o  | s  s  s  s  s  s
  note          y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | s  s  s  s  s  s
  no_sar        s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  sar           s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  escalate      s  s  | y  o  o  o  o  | c  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  draft         s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | r  o  o  o  o  o
  suspicion     s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  read          y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
QA
  pass          s  s  | s  s  s  s  s  | s  s  s  s  s  | s  s  s  s  | d  y  d  y  d  y
  fail          s  s  | s  s  s  s  s  | s  s  s  s  s  | s  s  s  s  | d  y  d  y  d  y
  read          y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
Manager
  attach        y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | s  s  s  s  s  s
  take          y  y  | h  h  h  y  y  | h  h  h  y  y  | h  h  h  h  | s  s  s  s  s  s
  assign        y  y  | y  y  y  y  y  | y  y  y  y  y  | s  s  s  s  | s  s  s  s  s  s
  bulk_assign   y  y  | y  y  y  y  y  | y  y  y  y  y  | s  s  s  s  | s  s  s  s  s  s
  preview       y  y  | y  y  y  y  y  | y  y  y  y  y  | s  s  s  s  | s  s  s  s  s  s
  hand_over     s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  release       s  s  | y  y  y  c  c  | y  y  y  c  c  | s  s  s  s  | s  s  s  s  s  s
  note          y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | s  s  s  s  s  s
  no_sar        s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  sar           s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  escalate      s  s  | y  o  o  o  o  | c  o  o  o  o  | s  o  o  o  | s  s  s  s  s  s
  draft         s  s  | y  o  o  o  o  | y  o  o  o  o  | s  o  o  o  | r  o  o  o  o  o
  approve       s  s  | s  s  s  s  s  | s  s  s  s  s  | d  y  d  y  | s  s  s  s  s  s
  return        s  s  | s  s  s  s  s  | s  s  s  s  s  | d  y  d  y  | s  s  s  s  s  s
  reopen        s  s  | s  s  s  s  s  | s  s  s  s  s  | s  s  s  s  | y  y  y  y  y  y
  suspicion     s  s  | y  y  y  y  y  | y  y  y  y  y  | s  s  s  s  | s  s  s  s  s  s
  export_audit  y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
  export_sum    y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
  preview_sum   y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
  read          y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
Auditor
  export_audit  y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
  export_sum    y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
  preview_sum   y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
  read          y  y  | y  y  y  y  y  | y  y  y  y  y  | y  y  y  y  | y  y  y  y  y  y
"""

#: Steps that are about no single case: who may. Everybody else is refused by role.
AT_THE_DESK = {
    "propose_rules": {"Manager"},
    "see_rule_sets": {"Manager", "Auditor"},
    "propose_model": {"Manager"},
    "retrain_model": {"Manager"},
    "see_performance": {"QA", "Manager", "Auditor"},
    "see_models": {"Manager", "Auditor"},
    "open_case": {"Analyst", "Manager"},
    "take_next": {"Analyst", "Manager"},
    "draw": {"QA", "Manager"},
    "redraw": {"QA", "Manager", "Auditor"},
    "recent_exports": {"Manager", "Auditor"},
    "propose_policy": {"Manager"},
    "see_policy": {"Manager", "Auditor"},
    "remind": {"Manager"},
    "advise": {"Manager"},
    "see_agreement": {"QA", "Manager", "Auditor"},
    "hold": {"Manager"},
    "propose_purge": {"Manager"},
    "see_retention": {"Manager", "Auditor"},
    "see_outgoing": {"Manager"},
    "withdraw": {"Manager"},
    "create_key": {"Manager"},
    "see_keys": {"Manager"},
    "load_list": {"Manager"},
    "screen_names": {"Manager"},
    "decide_match": {"Analyst", "Manager"},
    "score": {"Manager"},
    "see_scores": {"Analyst", "QA", "Manager", "Auditor"},
    "score_payment": {"Analyst", "QA", "Manager", "Auditor"},
    "create_webhook": {"Manager"},
    "see_webhooks": {"Manager"},
}

#: Where each step leads, by the stage it is taken from.
LEADS_TO = {
    "attach": {"n": "new", "w": "in review", "e": "escalated to the managers", "a": "waiting for approval"},
    "take": {"n": "in review", "w": "in review", "e": "escalated to the managers"},
    "assign": {"n": "in review", "w": "in review", "e": "in review"},
    "bulk_assign": {"n": "in review", "w": "in review", "e": "in review"},
    "hand_over": {"w": "in review", "e": "escalated to the managers"},
    "release": {"w": "new", "e": "escalated to the managers"},
    "note": {"n": "new", "w": "in review", "e": "escalated to the managers", "a": "waiting for approval"},
    "no_sar": {"w": "closed", "e": "closed"},
    "sar": {"w": "waiting for approval", "e": "waiting for approval"},
    "escalate": {"w": "escalated to the managers"},
    "draft": {"w": "in review", "e": "escalated to the managers"},
    "approve": {"a": "closed"},
    "return": {"a": "in review"},
    "reopen": {"c": "in review"},
    "pass": {"c": "closed"},
    "fail": {"c": "in review"},
    "suspicion": {"w": "in review", "e": "escalated to the managers"},
}

REFUSALS = {
    ".": "RoleForbids",
    "s": "IllegalStep",
    "o": "NotOwner",
    "h": "AlreadyOwned",
    "m": "NotPermitted",
    "d": "DutiesNotSeparated",
    "c": "BadChoice",
    "r": "NotReported",
}

VERIFIED_AFTER = {"n0", "wm", "em", "eu", "ao", "co", "cs"}  # one of each kind: a verification is what takes longest

READS = {
    "see_scores",
    "score_payment",
    "see_rule_sets",
    "see_agreement",
    "see_models",
    "retrain_model",
    "see_performance",
    "see_policy",
    "see_retention",
    "see_outgoing",
    "see_keys",
    "see_webhooks",
    "read",
    "preview",
    "preview_sum",
    "redraw",
    "recent_exports",
}  # leave no event
BY_THE_DESK = {"advise"}  # what the desk says by itself when somebody asks it to
TWO_EVENTS = {"open_case": 2, "draw": 2}  # the opening and its alert; the population and the seed


def expected_cells() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield role, step and the letter of each column, with the steps a role has no row for all refused."""
    lines = ALLOWED.strip().splitlines()
    columns = lines[0].replace("|", " ").split()
    assert columns == list(COLUMNS)
    rows: dict[tuple[str, str], dict[str, str]] = {}
    role = ""
    for line in lines[1:]:
        if not line.startswith(" "):
            role = line.strip()
            continue
        step, *letters = line.replace("|", " ").split()
        rows[role, step] = dict(zip(columns, letters, strict=True))
    steps = sorted({step for _, step in rows})
    for role in ("Analyst", "QA", "Manager", "Auditor"):
        for step in steps:
            yield role, step, rows.get((role, step), dict.fromkeys(columns, "."))


@dataclass
class Stand:
    """A desk on which "me" stands in every relation to a case, and the cases by column."""

    desk: TestDesk
    cases: dict[str, str]
    loose: dict[str, str]  # an alert that no case holds, of the customer of each column
    draw_id: str
    match_id: str


def list_file(stand_or_desk: Any, account: str) -> Path:
    """Write a list beside the desk's database."""
    desk = getattr(stand_or_desk, "desk", stand_or_desk)
    path = Path(str(desk.engine.url.database)).with_suffix(".listed.csv")
    path.write_text(f"kind,party,reason\naccount,{account},fraud desk\nname,Customer new,fraud desk\n")
    return path


def build(desk: TestDesk) -> Stand:
    desk.staff()
    desk.hire(Role.ANALYST, "leo")
    desk.hire(Role.MANAGER, "me")
    cases: dict[str, str] = {}
    for column in COLUMNS:
        desk.customer(f"K-{column}", f"Customer {column}")
        cases[column] = desk.open(f"K-{column}")
    touched = {"n1", "wt", "wv", "et", "at", "ct"}
    for column in sorted(touched):
        desk.note("me", cases[column])
    for column in ("wm", "ev", "am", "cm"):
        desk.take("me", cases[column])
    for column in ("wo", "wt", "em", "eo", "et", "eu", "ao", "at", "ar", "co", "ct", "cs", "ca", "cr"):
        desk.take("ben", cases[column])
    for column in ("em", "eo", "et", "eu"):
        desk.decide("ben", cases[column], Disposition.ESCALATE)
    desk.take("me", cases["em"])
    desk.take("max", cases["eo"])
    desk.take("max", cases["et"])
    desk.decide("me", cases["ev"], Disposition.ESCALATE)
    desk.decide("me", cases["am"], Disposition.SAR)
    for column in ("ao", "at", "ar", "cs", "ca"):
        desk.decide("ben", cases[column], Disposition.SAR)
    desk.send_back("me", cases["ar"])
    desk.decide("ben", cases["ar"], Disposition.SAR)
    desk.approve("max", cases["cs"])
    desk.approve("me", cases["ca"])
    desk.decide("me", cases["cm"], Disposition.NO_SAR)
    for column in ("co", "ct", "cr"):
        desk.decide("ben", cases[column], Disposition.NO_SAR)
    for column in ("wu", "wv"):  # their maker has left, so a failed review gives them to nobody
        desk.take("leo", cases[column])
        desk.decide("leo", cases[column], Disposition.NO_SAR)
    desk.dismiss("leo")
    for column in ("wu", "wv"):
        desk.review("queenie", cases[column], FAIL)
    desk.hire(Role.QA, "me")
    desk.review("me", cases["cr"], FAIL)
    desk.decide("ben", cases["cr"], Disposition.NO_SAR)
    loose = {column: desk.alert(f"K-{column}") for column in COLUMNS}
    desk.customer("K-new")
    loose["new"] = desk.alert("K-new")
    desk.customer("K-sent")
    filing_ways.approved(desk, "K-sent", by="max")
    filing_ways.produce(desk, who="mia")
    drawn, _ = quality.draw_sample(
        freeze=desk.writing(),
        uow=desk.writing(),
        actor=desk.people["mia"],
        at=desk.at(),
        period_from=START.date(),
        period_to=START.date(),
    )
    party_lists.load(uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), path=list_file(desk, "K-co/1"))
    party_lists.screen(look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), least=0.5)
    waiting = party_lists.matches(uow=desk.reading(), actor=desk.people["mia"]).shown
    return Stand(desk, cases, loose, drawn.draw_id, waiting[0].match_id)


class Template:
    """The files of a built stand, one for each role of "me", from which every cell gets its own copy."""

    def __init__(self, file: Path, stand: Stand) -> None:
        self.file = file
        self._stand = stand
        self._roles: dict[Role, tuple[Path, dict[str, Person]]] = {}

    def copy(self, to: Path, role: Role) -> Stand:
        if role not in self._roles:
            self._roles[role] = self._with_role(role)
        file, people = self._roles[role]
        for left in to.parent.glob(to.name + "*"):
            left.unlink()
        shutil.copyfile(file, to)
        desk = TestDesk(make_engine(f"sqlite:///{to}"), self._stand.desk.at())
        desk.people = dict(people)
        return Stand(desk, self._stand.cases, self._stand.loose, self._stand.draw_id, self._stand.match_id)

    def _with_role(self, role: Role) -> tuple[Path, dict[str, Person]]:
        file = self.file.with_name(f"{self.file.name}-{role.value}")
        shutil.copyfile(self.file, file)
        desk = TestDesk(make_engine(f"sqlite:///{file}"), self._stand.desk.at())
        desk.people = dict(self._stand.desk.people)
        desk.hire(role, "me")
        into_one_file(desk.engine)
        return file, desk.people


def into_one_file(engine: Engine) -> None:
    """Bring the write-ahead log home, so that copying the database file copies everything."""
    with engine.connect() as connection:
        connection.rollback()
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def content(desk: TestDesk) -> bytes:
    """Return every byte of the database: a refusal must leave them all."""
    path = str(desk.engine.url.database)
    return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())


Try = Callable[[Stand, str], object]


def _on_case(call: Callable[..., object], **more: Any) -> Try:
    return lambda stand, column: call(**stand.desk.who("me", stand.cases[column]), **more)


def _without_version(call: Callable[..., object], **more: Any) -> Try:
    def attempt(stand: Stand, column: str) -> object:
        arguments = stand.desk.who("me", stand.cases[column])
        del arguments["seen_version"]
        return call(**arguments, **more)

    return attempt


def _seen(stand: Stand, column: str) -> list[Seen]:
    return [Seen(stand.cases[column], stand.desk.case(stand.cases[column]).version)]


def _preview(stand: Stand, column: str) -> object:
    """Preview, and turn the one refusal it lists into the error that it stands for."""
    found = assignment.preview_assignment(
        uow=stand.desk.reading(),
        actor=stand.desk.people["me"],
        selected=_seen(stand, column),
        to="ann",
        at=stand.desk.at(),
    )
    if found.refused:
        ((case_id, sentence),) = found.refused
        assert case_id == stand.cases[column]
        raise type("IllegalStep", (CasedeskError,), {})(sentence)
    assert len(found.assignable) == 1
    return found


def _me(stand: Stand) -> dict[str, Any]:
    return {"uow": stand.desk.writing(), "actor": stand.desk.people["me"], "at": stand.desk.at()}


def _retrain(stand: Stand, _: str) -> None:
    """Ask for it: whoever may is told that the desk has too few closed cases."""
    with contextlib.suppress(retraining.TooFewDecided):
        retraining.retrain(look=stand.desk.reading(), actor=stand.desk.people["me"], options=retraining.Options())


STEPS: dict[str, Try] = {
    "attach": lambda stand, column: intake.attach_alert(
        **stand.desk.who("me", stand.cases[column]), alert_id=stand.loose[column]
    ),
    "take": _on_case(assignment.take),
    "assign": _on_case(assignment.assign, to="ann"),
    "bulk_assign": lambda stand, column: assignment.bulk_assign(
        **_me(stand), selected=_seen(stand, column), to="ann", reason="Leave."
    ),
    "preview": _preview,
    "hand_over": _on_case(assignment.hand_over, to="mia", reason="Leave."),
    "release": _on_case(assignment.release),
    "note": _on_case(decisions.add_note, text="Called the branch."),
    "no_sar": _on_case(decisions.set_disposition, base_currency="USD", disposition=Disposition.NO_SAR, text=RATIONALE),
    "sar": _on_case(decisions.set_disposition, base_currency="USD", disposition=Disposition.SAR, text=NARRATIVE),
    "escalate": _on_case(
        decisions.set_disposition, base_currency="USD", disposition=Disposition.ESCALATE, text="Too large for me."
    ),
    "draft": _on_case(report_forms.save, report=Report()),
    "approve": _on_case(decisions.approve),
    "return": _on_case(decisions.send_back, reason="Name the branches."),
    "reopen": _on_case(decisions.reopen, reason="A subpoena came in."),
    "pass": _on_case(quality.review, form=PASS),
    "fail": _on_case(quality.review, form=FAIL),
    "suspicion": _on_case(
        decisions.move_suspicion, suspicion_at=START, suspect_identified=False, reason="The branch called on that day."
    ),
    "export_audit": _without_version(exporting.audit_csv),
    "export_sum": _without_version(exporting.summary, base_currency="USD"),
    "preview_sum": lambda stand, column: exporting.preview_summary(
        uow=stand.desk.reading(),
        actor=stand.desk.people["me"],
        at=stand.desk.at(),
        case_id=stand.cases[column],
        base_currency="USD",
    ),
    "read": lambda stand, column: casefile.read(
        uow=stand.desk.reading(), actor=stand.desk.people["me"], case_id=stand.cases[column]
    ),
    "open_case": lambda stand, _: intake.open_case(**_me(stand), alert_ids=[stand.loose["new"]]),
    "take_next": lambda stand, _: assignment.take_next(**_me(stand)),
    "draw": lambda stand, _: quality.draw_sample(
        **_me(stand), freeze=stand.desk.writing(), period_from=START.date(), period_to=START.date()
    ),
    "redraw": lambda stand, _: quality.redraw(
        uow=stand.desk.reading(), actor=stand.desk.people["me"], draw_id=stand.draw_id
    ),
    "propose_rules": lambda stand, _: rule_sets.propose(
        **_me(stand),
        look=stand.desk.reading(),
        base_currency="USD",
        changes={"structuring": {"count": 6}},
        reason="Five deposits are everyday business.",
    ),
    "see_rule_sets": lambda stand, _: rule_sets.overview(look=stand.desk.reading(), actor=stand.desk.people["me"]),
    "propose_model": lambda stand, _: models.propose(
        **_me(stand),
        files=models.in_folder(default_model.FOLDER),
        reason="Trained on the last quarter of our own data.",
    ),
    "retrain_model": _retrain,
    "see_performance": lambda stand, _: model_performance.performance(
        look=stand.desk.reading(), actor=stand.desk.people["me"]
    ),
    "see_models": lambda stand, _: models.overview(look=stand.desk.reading(), actor=stand.desk.people["me"]),
    "propose_policy": lambda stand, _: policies.propose(
        **_me(stand),
        name="ctr_days",
        value=10,
        valid_from=date(2030, 1, 1),
        source="Board, 4 May 2026",
        reason="Five days are left for the filing.",
    ),
    "see_policy": lambda stand, _: policies.overview(
        uow=stand.desk.reading(), actor=stand.desk.people["me"], at=stand.desk.at()
    ),
    "remind": lambda stand, _: reminding.give(**(_me(stand) | {"at": START + timedelta(days=25)})),
    "advise": lambda stand, _: advising.run(
        reading=stand.desk.reading,
        writing=stand.desk.writing,
        actor=stand.desk.people["me"],
        at=stand.desk.at(),
        base_currency="USD",
        case_ids=[stand.cases["wm"]],
    ),
    "see_agreement": lambda stand, _: advice.agreement(uow=stand.desk.reading(), actor=stand.desk.people["me"]),
    "hold": lambda stand, _: retention.hold(
        **_me(stand), case_id=stand.cases["co"], reason="Civil action 26-114, counsel's letter."
    ),
    "propose_purge": lambda stand, _: purging.propose(
        **(_me(stand) | {"at": START + timedelta(days=6 * 366)}),
        case_ids=[stand.cases["co"]],
        reason="Its retention ended last year.",
    ),
    "see_retention": lambda stand, _: retention.due(
        uow=stand.desk.reading(), actor=stand.desk.people["me"], at=stand.desk.at()
    ),
    "withdraw": lambda stand, _: withdrawing.withdraw(
        **_me(stand), batch_id="B-000001", reason="The branch corrected the address this morning."
    ),
    "see_outgoing": lambda stand, _: outgoing.outgoing(uow=stand.desk.reading(), actor=stand.desk.people["me"]),
    "create_key": lambda stand, _: api_keys.create(
        **_me(stand), label="Core banking feed", user_id="system", scopes={api_keys.Scope.INGEST}, days=90
    ),
    "see_keys": lambda stand, _: api_keys.listed(uow=stand.desk.reading(), actor=stand.desk.people["me"]),
    "load_list": lambda stand, _: party_lists.load(**_me(stand), path=list_file(stand, "K-co/2"), source="Board"),
    "screen_names": lambda stand, _: party_lists.screen(**_me(stand), look=stand.desk.reading()),
    "decide_match": lambda stand, _: party_lists.decide(
        **_me(stand), match_id=stand.match_id, confirmed=False, reason="Born in another year, by his passport."
    ),
    "score": lambda stand, _: scoring.run(**_me(stand), look=stand.desk.reading(), base_currency="USD"),
    "see_scores": lambda stand, _: scores.overview(uow=stand.desk.reading(), actor=stand.desk.people["me"]),
    "score_payment": lambda stand, _: payment_scores.of_payments(
        uow=stand.desk.reading(), actor=stand.desk.people["me"], at=START, scorers=SCORERS, transaction_ids=["T-1-1"]
    ),
    "create_webhook": lambda stand, _: webhooks.create(
        **_me(stand), key=bytes(32), label="Ticket system", url="https://tickets.bank.example/alerts"
    ),
    "see_webhooks": lambda stand, _: webhooks.listed(uow=stand.desk.reading(), actor=stand.desk.people["me"]),
    "recent_exports": lambda stand, _: exporting.recent(uow=stand.desk.reading(), actor=stand.desk.people["me"]),
}


def outcome(stand: Stand, step: str, column: str) -> tuple[str, str]:
    """Try a step; return the letter of what happened and, when it went wrong in any way, a sentence about it."""
    size, before = stand.desk.size(), content(stand.desk)
    try:
        STEPS[step](stand, column)
    except CasedeskError as refusal:
        letter = next((k for k, name in REFUSALS.items() if name == type(refusal).__name__), repr(refusal))
        if content(stand.desk) != before:
            return letter, "a refusal changed the database"
        if not _is_sentence(str(refusal)):
            return letter, f"not a sentence: {refusal}"
        return letter, ""
    events = stand.desk.size() - size
    wanted = 0 if step in READS else TWO_EVENTS.get(step, 1)
    if events != wanted:
        return "y", f"{events} events instead of {wanted}"
    if not wanted:
        return "y", "" if content(stand.desk) == before else "a look changed the database"
    with stand.desk.reading() as uow:
        if {event.user for event in uow.ledger.newest(wanted)} != {"system" if step in BY_THE_DESK else "me"}:
            return "y", "the event is under another name"
    if column in VERIFIED_AFTER and stand.desk.verify().verdict.value != "VERIFIED":
        return "y", str(stand.desk.verify().sentence())
    if step in LEADS_TO:
        stage = stand.desk.stage(stand.cases[column]).value
        if stage != LEADS_TO[step][column[0]]:
            return "y", f"it led to “{stage}”"
    return "y", ""


def _is_sentence(text: str) -> bool:
    return len(text) > 20 and text[-1] in ".)" and "Error" not in text and "<" not in text and "Action." not in text


CELLS = list(expected_cells())
