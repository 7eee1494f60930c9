"""The table of what each role may do on which case, by relation to it, and what each step leads to.

The table is written from the trade's rules (domain.md, "Roles" and "Case states"), not from the code's own tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.services.permission_stand import COLUMNS

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


CELLS = list(expected_cells())
