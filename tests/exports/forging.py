"""The ways of a forger: edit rows, events, files and answers of a packet, and pack it anew so that it looks whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from casedesk.domain import batch_parts
from casedesk.exports.verifier import verify
from tests.exports.packets import Body, edited, manifest_edited, reforged, rows, told

Forgery = Callable[[bytes, bytes], bytes]
Rows = list[Any]


def row(what: str, edit: Callable[[Rows], Any]) -> Forgery:
    """Edit one file of the whole packet."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        return edited(whole, what, lambda found: edit(found) and None)

    return forge


def bare(what: str, edit: Callable[[Rows], Any]) -> Forgery:
    """Edit one file of the packet without decisions."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        return edited(redacted, what, lambda found: edit(found) and None)

    return forge


def event(rewrite: Callable[[list[Body]], Any], *, relink: bool = True) -> Forgery:
    """Rewrite events of the whole packet and sign again."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        return reforged(whole, lambda bodies: rewrite(bodies) and None, relink)

    return forge


def of(bodies: list[Body], action: str, case: int = 0) -> Body:
    """Find an event by what happened, in the first or the second case, or on the desk."""
    streams = sorted({body["case_id"] for body in bodies} - {verify.DESK})
    chosen = [b for b in bodies if b["action"] == action and b["case_id"] in (streams[case], verify.DESK)]
    return chosen[0]


def advised(on_steps: Callable[[Rows], Any], on_event: Callable[[Body], Any] = lambda meta: None) -> Forgery:
    """Edit the steps behind the first advice, hash them anew in its event as the desk would, edit the event, and sign again."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        steps = rows(whole, "advice")[0]["steps"]
        on_steps(steps)

        def rewrite(bodies: list[Body]) -> None:
            meta = of(bodies, "advice_given")["meta"]
            facts = {"facts": steps[0]["inputs"], "table": meta["table"]}
            meta.update(steps_sha256=verify.digest({"steps": steps}), facts_sha256=verify.digest(facts))
            on_event(meta)

        return edited(reforged(whole, rewrite, True), "advice", lambda found: found[0].update(steps=steps))

    return forge


def _figures(**changed: Any) -> Callable[[Rows], Any]:
    """Change figures that the levels were given; what they made of them comes out alike."""
    return lambda steps: [step["inputs"].update(changed) for step in steps]


def _alert(steps: Rows) -> None:
    for step in steps:
        step["inputs"]["alerts"][1][2] -= 1


def alert_of(found: Rows, rule: str) -> Any:
    """Find an alert of a rule; of those about cash, the one whose transactions no other alert rests on."""
    first = {"cash_aggregation": "w-0", "structuring_over_days": "d-0"}.get(rule, "")
    return next(one for one in found if one["rule"] == rule and (not first or first in one["transaction_ids"]))


def deep_alert(rule: str, change: Callable[[Any, dict[str, Any]], Any]) -> Forgery:
    """Change an alert and its evidence, and let the ledger have recorded it like that."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        transactions = {one["transaction_id"]: one for one in rows(whole, "transactions")}
        alerts = rows(whole, "alerts")
        alert = alert_of(alerts, rule)
        change(alert, transactions)
        values = {name: alert[name] if name == "severity" else str(alert[name]) for name in verify._DIGESTED}
        digest = verify.digest({**values, "transaction_ids": alert["transaction_ids"]})

        def rewrite(bodies: list[Body]) -> None:
            for body in bodies:
                if body["meta"].get("alert_id") == alert["alert_id"]:
                    body["meta"]["digest"] = digest

        def replaced(new: Rows) -> Callable[[Rows], None]:
            return lambda found: found.__setitem__(slice(None), new)

        forged = edited(whole, "alerts", replaced(alerts))
        return reforged(edited(forged, "transactions", replaced(list(transactions.values()))), rewrite, True)

    return forge


def _later(days: int, which: slice) -> Callable[[Any, dict[str, Any]], None]:
    def change(alert: Any, transactions: dict[str, Any]) -> None:
        for name in alert["transaction_ids"][which]:
            at = transactions[name]["booked_at"]
            transactions[name] = {**transactions[name], "booked_at": f"{at[:8]}{int(at[8:10]) + days:02}{at[10:]}"}
        alert["window_end"] = transactions[alert["transaction_ids"][-1]]["booked_at"]

    return change


def _small(alert: Any, transactions: dict[str, Any]) -> None:
    for name in alert["transaction_ids"]:
        transactions[name] = {**transactions[name], "base_minor": 1_00}
    alert["amount_minor"] = 1_00 * len(alert["transaction_ids"])


def _evidence(rule: str, change: Callable[[Rows], Any]) -> Forgery:
    """Change the transactions behind an alert, in ways that neither its amount nor its window tells."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        names = alert_of(rows(whole, "alerts"), rule)["transaction_ids"]

        def edit(found: Rows) -> None:
            change([one for one in found if one["transaction_id"] in names])

        return edited(whole, "transactions", edit)

    return forge


def _flatten(mine: Rows) -> None:
    """Four of the deposits reach the line exactly, and so are not below it; their sum stays."""
    total = sum(one["base_minor"] for one in mine)
    for one in mine:
        one["base_minor"] = 10_000_00
    rest = total - 10_000_00 * (len(mine) - 2)
    mine[0]["base_minor"], mine[1]["base_minor"] = rest - 1, 1


def _same(name: str) -> Callable[[Rows], None]:
    def change(mine: Rows) -> None:
        for one in mine:
            one[name] = mine[0][name]

    return change


def _draw(change: Callable[[Any], Any], *, picks: bool = True, frozen: bool = False) -> Forgery:
    """Change a draw's record, draw again, and let the ledger have recorded the new picks."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        (record,) = rows(whole, "draws")
        change(record)
        if picks:
            record["picks"] = verify.redraw(record)
        forged = edited(whole, "draws", lambda found: found.__setitem__(0, record))
        found = sorted(one[:3] for one in record["picks"])

        def rewrite(bodies: list[Body]) -> None:
            drawn = of(bodies, "qa_sample_drawn")["meta"]
            drawn.update(picks=len(found), picks_sha256=verify.digest({"format": verify.DRAW_FORMAT, "picks": found}))

        return reforged(forged, rewrite, True)

    return forge


def _manifest(change: Callable[[dict[str, Any]], Any], *, of_redacted: bool = False) -> Forgery:
    def forge(whole: bytes, redacted: bytes) -> bytes:
        return manifest_edited(redacted if of_redacted else whole, lambda manifest: change(manifest) and None)

    return forge


def _case_hidden(whole: bytes, redacted: bytes) -> bytes:
    forged = edited(whole, "clocks", lambda found: found.pop(0) and None)
    return manifest_edited(forged, lambda manifest: manifest["cases"].pop(0) and None)


def _attached_before_it_was_opened(whole: bytes, redacted: bytes) -> bytes:
    """The opening and the first alert trade places; what the case adds up to stays the same, but for the event's number."""

    def rewrite(bodies: list[Body]) -> None:
        _trade(of(bodies, "case_opened"), of(bodies, "alert_attached"))

    forged = reforged(whole, rewrite, True)
    bodies = [json.loads(one["body"]) for one in rows(forged, "events")]
    number = of(bodies, "case_opened")["event_id"]
    forged = edited(forged, "cases", lambda f: f[0].update(suspicion_event=number))
    return edited(forged, "clocks", lambda f: f[0].update(source_event=number))


def _last_far_away(bodies: list[Body]) -> None:
    first = of(bodies, "case_opened")["case_id"]
    [body for body in bodies if body["case_id"] == first][-1]["case_seq"] = 77


def _taken_while_waiting(whole: bytes, redacted: bytes) -> bytes:
    """A note while the case waits for its approver becomes a step that nobody may take then."""

    def rewrite(bodies: list[Body]) -> None:
        approved = of(bodies, "disposition_approved", 1)
        mine = [body for body in bodies if body["case_id"] == approved["case_id"]]
        taken = of(bodies, "case_taken", 1)
        decided = of(bodies, "disposition_set", 1)
        assert mine.index(decided) > mine.index(taken)
        content = ("action", "meta", "notes", "user", "ts")
        keep = {name: taken[name] for name in content}
        taken.update({name: decided[name] for name in content})
        decided.update(keep)

    return reforged(whole, rewrite, True)


def _rule_set(change: Callable[[Any], Any]) -> Forgery:
    return row("rule_sets", lambda found: change(found[0]))


def _file(name: str, digest: str, actions: tuple[str, ...], change: Callable[[str], str]) -> Forgery:
    """Change the file of a batch or its answer, and let the ledger have recorded that file."""

    def forge(whole: bytes, redacted: bytes) -> bytes:
        (batch,) = rows(whole, "batches")
        text = change(batch[name])
        assert text != batch[name]
        new = sha256(text.encode()).hexdigest()
        forged = edited(whole, "batches", lambda found: found[0].update({name: text, digest: new}))

        def rewrite(bodies: list[Body]) -> None:
            for body in bodies:
                if body["action"] in actions:
                    body["meta"]["sha256"] = new
                    parts = batch_parts.parts(text.encode())
                    body["meta"].update({"part": batch_parts.digest(parts[0])} if parts else {})

        return reforged(forged, rewrite, True)

    return forge


def _without_files(whole: bytes) -> bytes:
    """Leave the files of batches out, as a packet does where they speak of other cases."""
    return edited(whole, "batches", lambda found: found[0].update(content=None, answer=None))


def _batch(change: Callable[[str], str]) -> Forgery:
    return _file("content", "sha256", ("filing_produced",), change)


def _answer(change: Callable[[str], str]) -> Forgery:
    return _file("answer", "answer_sha256", ("filing_acknowledged",), change)


def _another_note(found: Rows) -> None:
    next(one for one in found if one.get("notes", "").startswith("Called")).update(notes="Did not call anybody.")


def _of_system(found: Rows) -> Any:
    return next(one for one in found if '"system"' in one["body"])


def _reports(found: Rows) -> Rows:
    return [one for one in found if one["kind"] == "report"]


def _kept(found: Rows) -> Any:
    return next(one for one in found if one["kind"] == "retention")


def _cash(found: Rows) -> Any:
    return next(one for one in found if one["kind"] == "currency report")


def _purged(
    whole: bytes, change: Callable[[list[Body]], Any] = lambda bodies: None, *, at: str = "2032-01-01", covered: bool = True,
    tip: str = "", case_id: str = "",
) -> bytes:  # fmt: skip
    """Let the texts of a case, by default the first, be gone, and two proposals of values be the purge that took them."""
    first = min({row["case_id"] for row in rows(whole, "events")} - {verify.DESK})
    case_id = case_id or first
    last = [row["event_hash"] for row in rows(whole, "events") if row["case_id"] == case_id][-1]

    def rewrite(bodies: list[Body]) -> None:
        for body in bodies:
            if body["case_id"] == case_id and "salt" in body:
                body.update(notes="", salt="")
        proposal, purge = [body for body in bodies if body["action"] == "policy_proposed"][-2:]
        pairs = [[case_id, tip or last]]
        if covered:
            proposal.update(action="purge_proposed", meta={"v": 1, "cases": pairs, "via": "app"})
            meta = {"v": 1, "cases": pairs, "maker": "mia", "proposal": proposal["event_id"], "texts": 2, "via": "app"}
            purge.update(action="cases_purged", user="max", ts=f"{at}T09:00:00.000000Z", notes="", meta=meta)
        change([proposal, purge])

    place = 0 if case_id == first else 1
    forged = edited(reforged(whole, rewrite, True), "cases", lambda f: f[place].update(decision_text="", qa_notes=""))
    return forged if place else edited(forged, "register", lambda f: f[0].update(reason=""))


def _report_purged(whole: bytes) -> bytes:
    """Let form, texts and what was sent of the reported case be gone, and two proposals of values be the purge that took them."""
    case_id = max({row["case_id"] for row in rows(whole, "events")} - {verify.DESK})
    forged = _purged(whole, at="2032-01-01", case_id=case_id)
    forged = edited(forged, "filings", lambda f: f[0].update(report=None))
    return edited(forged, "batches", lambda f: f[0].update(content=_cut(f[0]["content"])))


def _cut(text: str) -> str:
    return batch_parts.without(text.encode(), {1}).decode()


def _around(whole: bytes, change: Callable[[str], str]) -> bytes:
    return edited(_report_purged(whole), "batches", lambda f: f[0].update(content=change(f[0]["content"])))


def _beside(whole: bytes) -> bytes:
    more = '<fc2:Activity SeqNum="9"><fc2:x/></fc2:Activity></fc2:EFilingBatchXML>'

    def add(text: str) -> str:
        return text.replace("</fc2:EFilingBatchXML>", more)

    frame = batch_parts.frame(add(_cut(rows(whole, "batches")[0]["content"])).encode())
    forged = reforged(whole, lambda b: of(b[::-1], "filing_produced", 1)["meta"].update(frame=frame), True)
    return _around(forged, add)


def _held(whole: bytes) -> bytes:
    """Make a hold of a note of the first case, and purge the case nevertheless."""

    def rewrite(bodies: list[Body]) -> None:
        of(bodies, "note_added").update(action="hold_placed", meta={"v": 1, "via": "app"})

    forged = reforged(whole, rewrite, True)
    return _purged(edited(forged, "cases", lambda f: f[0].update(version=f[0]["version"] - 1)))


def _say_more(decision: Body) -> None:
    """Let the first bound figure say another amount of the same length."""
    _, _, start, length = decision["meta"]["bound"]["figures"][0]
    said = decision["notes"][start : start + length]
    other = said[:-1] + ("1" if said[-1] != "1" else "2")
    decision["notes"] = decision["notes"][:start] + other + decision["notes"][start + length :]


def _said_otherwise(whole: bytes) -> bytes:
    forged = reforged(whole, lambda bodies: _say_more(of(bodies, "disposition_set", 1)), True)
    text = of([told(one) for one in rows(forged, "events")], "disposition_set", 1)["notes"]
    return edited(forged, "cases", lambda found: found[1].update(decision_text=text))


def _first_case_geography(found: Rows) -> Any:
    return next(one for one in found if one["rule"] == "geography" and one["customer_id"] == "K-1")


def _without_geography(whole: bytes) -> bytes:
    gone = _first_case_geography(rows(whole, "alerts"))
    forged = edited(whole, "alerts", lambda found: found.remove(gone))

    def without(found: Rows) -> None:
        found[:] = [one for one in found if one["transaction_id"] not in gone["transaction_ids"]]

    return edited(forged, "transactions", without)


def _plus_one(day: str) -> str:
    from datetime import date, timedelta

    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _trade(one: Body, other: Body) -> None:
    for name in ("action", "meta", "notes", "user", "ts"):
        one[name], other[name] = other[name], one[name]


def _second_first(whole: bytes) -> bytes:
    """Put the customer with twelve deposits first, so that its alert is the one that is changed."""
    return edited(whole, "alerts", lambda f: f.sort(key=lambda a: -len(a["transaction_ids"])))
