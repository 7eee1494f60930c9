"""The steps of the permission table as calls, and what comes of one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from casedesk.domain.cases import Disposition
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
from tests.builders import FAIL, NARRATIVE, PASS, RATIONALE, START
from tests.services.permission_stand import Stand, content, list_file
from tests.services.permission_table import (
    BY_THE_DESK,
    LEADS_TO,
    READS,
    REFUSALS,
    TWO_EVENTS,
    VERIFIED_AFTER,
)

#: The model that ships, loaded once.
SCORERS = Scorers()


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
