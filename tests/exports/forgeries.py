"""Forgeries: what a forger who knows the format, and a bank that owns desk and key, could do to a packet.

Each takes a packet of everything and the same without decisions, and returns a packet that differs from one of them.
"""

from __future__ import annotations

import json

from casedesk.exports.verifier import verify
from tests.exports.forging import (
    Forgery,
    _alert,
    _another_note,
    _answer,
    _around,
    _attached_before_it_was_opened,
    _batch,
    _beside,
    _case_hidden,
    _cash,
    _draw,
    _evidence,
    _figures,
    _first_case_geography,
    _flatten,
    _held,
    _kept,
    _last_far_away,
    _later,
    _manifest,
    _of_system,
    _plus_one,
    _purged,
    _report_purged,
    _reports,
    _rule_set,
    _said_otherwise,
    _same,
    _second_first,
    _small,
    _taken_while_waiting,
    _trade,
    _without_files,
    _without_geography,
    advised,
    bare,
    deep_alert,
    event,
    of,
    row,
)
from tests.exports.packets import edited, reforged, rows

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
