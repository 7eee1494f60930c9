"""Forgeries: what a forger who knows the format, and a bank that owns desk and key, could do to a packet.

Each takes a packet of everything and the same without decisions, and returns a packet that differs from one of them.
"""

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


FORGERIES: dict[str, Forgery] = {
    # reports on their way
    "a report's state": row("filings", lambda f: f[0].update(state="transmitted")),
    "a report's number": row("filings", lambda f: f[0].update(bsa_id="31000055053799")),
    "a report's form": row("filings", lambda f: f[0]["report"].update(note="Something else")),
    "a report more": row("filings", lambda f: f.append({**f[0], "filing_id": "F-000009"})),
    "a report left out": row("filings", lambda f: f.clear()),
    "a report of another case": row("filings", lambda f: f[0].update(case_id="C-26-00001")),
    "a batch left out": row("batches", lambda f: f.clear()),
    "a batch more": row("batches", lambda f: f.append({**f[0], "batch_id": "B-000009"})),
    "a batch's hash": row("batches", lambda f: f[0].update(sha256="0" * 64, content=None)),
    "a batch's file": row("batches", lambda f: f[0].update(content=f[0]["content"] + " ")),
    "an answer's hash": row("batches", lambda f: f[0].update(answer_sha256="0" * 64, answer=None)),
    "an answer's file": row("batches", lambda f: f[0].update(answer=f[0]["answer"] + " ")),
    "reports where decisions are withheld": lambda whole, redacted: edited(
        redacted, "filings", lambda f: f.extend(rows(whole, "filings"))
    ),
    "a batch with another narrative": _batch(lambda text: text.replace("paid in", "paid out")),
    "a batch of another report": _batch(lambda text: text.replace("F-000001", "F-000002")),
    "a batch with a document type": _batch(lambda text: text.replace("<fc2:E", "<!DOCTYPE x><fc2:E", 1)),
    "an answer with another number": _answer(lambda text: text.replace("31000055053784", "31000055053785")),
    "a form approved that nobody drafted": event(lambda b: of(b, "filing_drafted", 1)["meta"].update(digest="0" * 64)),
    "a form that was produced otherwise": event(lambda b: of(b, "filing_produced", 1)["meta"].update(digest="0" * 64)),
    "a form approved with another decision": lambda whole, redacted: edited(
        reforged(_without_files(whole), lambda b: of(b, "filing_approved", 1)["meta"].update(decision=1), True),
        "filings",
        lambda f: f[0].update(decision=1),
    ),
    "an alert that lapsed by no event": row("alerts", lambda f: f[0].update(lapsed_in="R-000002")),
    "a stranger's alert that lapsed": event(
        lambda b: of(b, "note_added").update(
            action="alert_lapsed",
            meta={"v": 1, "alert_id": "A-000000000009", "rule": "velocity", "run_id": "R-000002", "by": ""},
        )
    ),
    "a note on a closed case": event(lambda b: _trade(of(b, "note_added"), of(b, "disposition_set"))),
    "a form approved by its maker": lambda whole, redacted: edited(
        reforged(whole, lambda b: of(b, "filing_approved", 1).update(user="ann"), True),
        "filings",
        lambda f: f[0].update(approved_by="ann"),
    ),
    "a report transmitted before it was produced": event(
        lambda b: _trade(of(b[::-1], "filing_produced", 1), of(b, "filing_transmitted", 1))
    ),
    # what a forger without the key can do
    "an event's text": row(
        "events", lambda f: _of_system(f).update(body=_of_system(f)["body"].replace("system", "sYstem"))
    ),
    "an event's hash": row(
        "events", lambda f: next(e for e in reversed(f) if e["case_id"] != "DESK").update(event_hash="1" * 64)
    ),
    "an event's leaf": row("events", lambda f: f[0].update(leaf_hash="1" * 64)),
    "an event left out": row(
        "events", lambda f: f.pop(next(n for n, e in enumerate(f) if e["case_seq"] == 3 and e["case_id"] != "DESK"))
    ),
    "the last event of a case left out": row(
        "events", lambda f: f.pop(max(n for n, e in enumerate(f) if e["case_id"] != verify.DESK))
    ),
    "an event of the desk twice": row("events", lambda f: f.insert(0, next(e for e in f if e["case_id"] == "DESK"))),
    "two streams out of order": row(
        "events", lambda f: f.append(f.pop(next(n for n, e in enumerate(f) if e["case_id"] == "DESK")))
    ),
    "a proof": row("events", lambda f: f[0]["proof"].__setitem__(0, "0" * 64)),
    "a proof cut": row("events", lambda f: f[0]["proof"].pop()),
    "a column beside the body": row(
        "events", lambda f: next(e for e in f if e["case_id"] == "DESK").update(case_seq=99)
    ),
    "content withheld after all": row("events", lambda f: f[0].update(body=None, leaf_hash="1" * 64)),
    "an owner": row("cases", lambda f: f[0].update(owner="max")),
    "a disposition": row("cases", lambda f: f[0].update(disposition="SAR")),
    "a column more": row("cases", lambda f: f[0].update(comment="fine")),
    "a case more": row("cases", lambda f: f.append({**f[0], "case_id": "C-26-99999"})),
    "a case left out": row("cases", lambda f: f.pop()),
    "a flag as a number": row("cases", lambda f: f[0].update(is_open=0)),
    "a case hidden": _case_hidden,
    "a sentence": row("alerts", lambda f: f[0].update(sentence="Nothing special.")),
    "an alert's case": row("alerts", lambda f: _first_case_geography(f).update(case_id="C-26-00002")),
    "evidence left out": row("alerts", lambda f: f[0]["transaction_ids"].pop()),
    "an alert left out": row("alerts", lambda f: f.pop()),
    "an amount": row("transactions", lambda f: f[0].update(base_minor=1)),
    "a transaction more": row("transactions", lambda f: f.append({**f[0], "transaction_id": "more"})),
    "a transaction left out": row("transactions", lambda f: f.pop()),
    "a due date": bare("clocks", lambda f: f[0].update(due_on="2031-01-01")),
    "the event of a clock": row("clocks", lambda f: f[0].update(source_event=1 + f[0]["source_event"])),
    "a clock kept in time": row("clocks", lambda f: f[0].update(closed_in_time=False)),
    "a clock left out": row("clocks", lambda f: f.remove(_reports(f)[-1])),
    "the source of a policy": row("clocks", lambda f: f[0]["policy"].update(source="custom")),
    "29 days": lambda whole, redacted: edited(
        edited(redacted, "policy", lambda f: f[-1].update(value=29)),
        "clocks",
        lambda f: (
            [c["policy"].update(value=29) or c.update(due_on=_plus_one(c["due_on"])) for c in _reports(f)] and None
        ),
    ),
    "31 days where 30 are shipped": row("policy", lambda f: f[0].update(value=31)),
    "the policy left out": row("policy", lambda f: f.clear()),
    "a value that nobody put in force": row(
        "policy", lambda f: f.append({**f[-1], "event": 1, "version": 3, "name": "continuing_review"})
    ),
    "a value put in force left out": row("policy", lambda f: f.pop()),
    "who demands a value": row("policy", lambda f: f[-1].update(source="31 CFR 1020.320(b)(3)")),
    "the version of a value": lambda whole, redacted: edited(
        edited(whole, "policy", lambda f: f.append({**f.pop(), "version": 3})),
        "clocks",
        lambda f: [c["policy"].update(version=3) for c in _reports(f)] and None,
    ),
    "a gap in the versions of a value": lambda whole, redacted: edited(
        edited(
            reforged(whole, lambda b: of(b, "policy_put_in_force")["meta"].update(number=3), True),
            "policy",
            lambda f: f.append({**f.pop(), "version": 3}),
        ),
        "clocks",
        lambda f: [c["policy"].update(version=3) for c in _reports(f)] and None,
    ),
    "another number of a value": event(lambda b: of(b, "policy_put_in_force")["meta"].update(number=1)),
    "a value put in force by its maker": event(
        lambda b: of(b, "policy_put_in_force").update(user=of(b, "policy_proposed")["user"])
    ),
    "a value that somebody else proposed": event(lambda b: of(b, "policy_proposed").update(user="queenie")),
    "another value than was proposed": event(lambda b: of(b, "policy_proposed")["meta"].update(value=30)),
    "a value without its proposal": event(lambda b: of(b, "policy_put_in_force")["meta"].update(proposal=99_999)),
    "the first day of a clock": row("clocks", lambda f: _kept(f).update(started_on="2026-06-30", due_on="2031-06-30")),
    "the last day a case is kept": row("clocks", lambda f: _kept(f).update(due_on="2031-01-01")),
    "a currency report left out": row("clocks", lambda f: f.remove(_cash(f))),
    "an approval taken for a filing": row("clocks", lambda f: f.append({**_kept(f), "case_id": f[-1]["case_id"]})),
    "a note": row("events", _another_note),
    "texts gone without a purge": lambda whole, redacted: _purged(whole, covered=False),
    "a purge by who proposed it": lambda whole, redacted: _purged(whole, lambda b: b[1].update(user="mia")),
    "a purge that was proposed otherwise": lambda whole, redacted: _purged(
        whole, lambda b: b[0]["meta"].update(cases=[["C-26-00002", "0" * 64]])
    ),
    "a purge after another event": lambda whole, redacted: _purged(whole, tip="0" * 64),
    "a purge on the last day a case is kept": lambda whole, redacted: _purged(whole, at="2031-07-01"),
    "a purge under a hold": lambda whole, redacted: _held(whole),
    "a batch taken back by who produced it": event(lambda b: of(b, "filing_withdrawn", 1).update(user="max")),
    "a batch taken back that somebody else produced": event(
        lambda b: of(b, "filing_withdrawn", 1)["meta"].update(maker="otto")
    ),
    "another batch taken back": event(lambda b: of(b, "filing_withdrawn", 1)["meta"].update(batch_id="B-000009")),
    "a purged form that is there": lambda whole, redacted: edited(
        _report_purged(whole), "filings", lambda f: f[0].update(report={})
    ),
    "a purged report that can be read": lambda whole, redacted: edited(
        _report_purged(whole), "batches", lambda f: f[0].update(content=rows(whole, "batches")[0]["content"])
    ),
    "what surrounds a purged report": lambda whole, redacted: _around(
        whole, lambda text: text.replace('PartyCount="1"', 'PartyCount="2"')
    ),
    "a report beside a purged one": lambda whole, redacted: _around(
        whole, lambda text: text.replace("</fc2:EFilingBatchXML>", '<fc2:Activity SeqNum="1"/></fc2:EFilingBatchXML>')
    ),
    "a report that nobody vouches for beside a purged one": lambda whole, redacted: _beside(whole),
    "a batch whose part is another": event(lambda b: of(b[::-1], "filing_produced", 1)["meta"].update(part="0" * 64)),
    "a reason not to file": row("register", lambda f: f[0].update(reason="Because.")),
    "a decision not to file left out": row("register", lambda f: f.clear()),
    "a register where decisions are withheld": lambda whole, redacted: edited(
        redacted, "register", lambda f: f.extend(rows(whole, "register"))
    ),
    "draws where decisions are withheld": lambda whole, redacted: edited(
        redacted, "draws", lambda f: f.extend(rows(whole, "draws"))
    ),
    "alerts called withheld that are there": _manifest(lambda m: m["withheld"].append("alerts"), of_redacted=True),
    "a pick": row("draws", lambda f: f[0]["picks"].pop()),
    "a draw left out": row("draws", lambda f: f.clear()),
    "a rate": _draw(lambda r: r["rates"].update(new_analyst=1000, default=999)),
    "a population": _draw(lambda r: r["population"].append(["C-26-99999", "SAR", "High", "ann", True])),
    "a period": _draw(lambda r: r.update(period_from="2026-01-01")),
    "a seed": _draw(lambda r: r.update(seed="6" * 64)),
    "a run's data": row("runs", lambda f: f[0].update(data_fingerprint="0" * 64)),
    "a rule's version": row("runs", lambda f: f[0]["versions"].update(structuring="9")),
    "a run left out": row("runs", lambda f: f.clear()),
    "a rule set left out": row("rule_sets", lambda f: f.clear()),
    "a rule set's content": _rule_set(lambda one: one.update(content=one["content"] + " ")),
    "a rule set's sheet": _rule_set(lambda one: one.update(sheet=one["sheet"] + " ")),
    "a rule set's hash": _rule_set(lambda one: one.update(hash_before="0" * 64)),
    "a country": _evidence("geography", _same("to_country")),
    "no country": _evidence("geography", lambda mine: mine[1].update(to_country="")),
    "another account": _evidence("geography", lambda mine: mine[1].update(from_account="K-9/1")),
    "amounts that reach no threshold": _evidence("structuring", _flatten),
    "a channel that is not counted": _evidence("structuring", lambda mine: mine[1].update(channel="CARD")),
    "one sender for all": _evidence("fan_in", _same("from_account")),
    "a sender by card": _evidence("fan_in", lambda mine: mine[1].update(channel="CARD")),
    "cash that is none": _evidence("cash_aggregation", lambda mine: mine[1].update(channel="ACH")),
    "a piece that is no cash": _evidence("structuring_over_days", lambda mine: mine[1].update(channel="ACH")),
    "cash of two days": deep_alert("cash_aggregation", _later(3, slice(1, None))),
    "cash that crosses no line": deep_alert("cash_aggregation", _small),
    "pieces over months": deep_alert("structuring_over_days", _later(21, slice(3, None))),
    # what a bank that owns desk and key can do
    "a body in another writing": event(lambda b: b[0].update(raw=json.dumps(dict(b[0]), sort_keys=True)), relink=False),
    "an event of another format": event(lambda b: b[0].update(format="casedesk.event/9"), relink=False),
    "a gap in a case": event(_last_far_away, relink=False),
    "a broken link": event(lambda b: of(b, "case_taken").update(prev_hash="7" * 64), relink=False),
    "a case that does not begin": _attached_before_it_was_opened,
    "a step in the wrong place": _taken_while_waiting,
    "a maker who approved": lambda whole, redacted: edited(
        reforged(
            whole, lambda b: of(b, "disposition_approved", 1).update(user=of(b, "disposition_set", 1)["user"]), True
        ),
        "cases",
        lambda f: f[1].update(approved_by=f[1]["decided_by"]),
    ),
    "a figure of a narrative": lambda whole, redacted: _said_otherwise(_without_files(whole)),
    "a figure bound to less": event(
        lambda b: of(b, "disposition_set", 1)["meta"]["bound"]["selections"]["case/in"].pop()
    ),
    "an alert left out with its evidence": lambda whole, redacted: _without_geography(whole),
    "a seed drawn before the population": event(
        lambda b: _trade(of(b, "qa_population_frozen"), of(b, "qa_sample_drawn"))
    ),
    "picks recorded otherwise": event(lambda b: of(b, "qa_sample_drawn")["meta"].update(picks_sha256="0" * 64)),
    "a rule set approved by its maker": event(
        lambda b: of(b, "rule_set_put_in_force").update(user=of(b, "rule_set_proposed")["user"])
    ),
    "evidence out of order": deep_alert(
        "structuring", lambda alert, _: alert["transaction_ids"].insert(1, alert["transaction_ids"].pop(2))
    ),
    "a longer window": deep_alert(
        "structuring", lambda alert, _: alert.update(window_end="2026-12-31T00:00:00.000000Z")
    ),
    "parameters of another run": deep_alert(
        "structuring",
        lambda alert, _: alert.update(
            parameters=alert["parameters"].replace('"smallest_minor":0', '"smallest_minor":1')
        ),
    ),
    "evidence long after the hits": deep_alert("geography", _later(1, slice(3, None))),
    "a slow burst": deep_alert("velocity", _later(1, slice(5, None))),
    "two episodes as one": lambda whole, redacted: deep_alert("structuring", _later(3, slice(6, None)))(
        _second_first(whole), redacted
    ),
}


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


#: The same of a packet with advice.
OF_ADVICE: dict[str, Forgery] = {
    "the level of an advice": event(lambda b: of(b, "advice_given")["meta"].update(level=1)),
    "the recommendation of an advice": event(lambda b: of(b, "advice_given")["meta"].update(verdict="DISMISS")),
    "the priority of an advice": event(lambda b: of(b, "advice_given")["meta"].update(priority=5)),
    "a report that is not recommended": event(lambda b: of(b, "advice_given")["meta"].update(report=False)),
    "the score of an advice": event(lambda b: of(b, "advice_given")["meta"].update(score=6000)),
    "a cut-off": row("advice_tables", lambda f: f[0].update(escalate_from=6600)),
    "a cut-off that changes nothing here": row("advice_tables", lambda f: f[0].update(reject_severity=24)),
    "a cut-off more": row("advice_tables", lambda f: f[0].update(spare=1)),
    "a table that never was": lambda whole, redacted: edited(
        advised(lambda steps: None, lambda meta: meta.update(table=2))(whole, redacted),
        "advice_tables",
        lambda f: f[0].update(version=2),
    ),
    "the cut-offs left out": row("advice_tables", lambda f: f.clear()),
    "an answer of a level": advised(lambda steps: steps[1]["output"].update(verdict="REVIEW")),
    "parts of a score": advised(lambda steps: steps[1]["output"]["parts"][0].__setitem__(1, 4000)),
    "what a level cost": advised(lambda steps: steps[0].update(cost_micros=1)),
    "the steps that an advice names": event(lambda b: of(b, "advice_given")["meta"].update(steps_sha256="0" * 64)),
    "the steps of an advice left out": row("advice", lambda f: f.pop()),
    "steps of no advice": row("advice", lambda f: f.append({**f[0], "event_id": 1})),
    "the figures that an advice names": event(lambda b: of(b, "advice_given")["meta"].update(facts_sha256="0" * 64)),
    "an amount behind an advice": advised(_figures(amount_minor="9384014")),
    "a count behind an advice": advised(_figures(transactions=27)),
    "a severity behind an advice": advised(_alert),
}
