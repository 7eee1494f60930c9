"""The evidence sheet of a rule set in Markdown, with the commands by which an examiner sees the same figures again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from casedesk.domain.moments import canonical
from casedesk.domain.rule_sets import BadContent
from casedesk.exports import confidentiality
from casedesk.exports.documents.markdown import escape, line

#: As many alerts of a list are written out; the frozen JSON has them all.
MOST: Final = 500

#: Titles of the plain figures, and their names in the sheet.
FIGURES: Final = (
    ("Alerts that reach the queue", "alerts"),
    ("Hidden by suppressions, counted nowhere else", "hidden"),
    ("Customers", "customers"),
    ("Cases a week", "cases_a_week"),
    ("Alerts per 1,000 customers", "alerts_per_1000_customers"),
)


def read(sheet: str, rule_set_id: str) -> dict[str, Any]:
    """Read a frozen sheet.

    :raises BadContent: if it was damaged.
    """
    try:
        value = json.loads(sheet)
    except ValueError:
        value = None
    if not isinstance(value, dict) or "rules" not in value:
        raise BadContent(f"The evidence sheet of {rule_set_id} was damaged; run “casedesk audit verify”.")
    return value


def write(
    sheet: Mapping[str, Any], decided: Mapping[str, Any], names: Mapping[str, str], title: Callable[[str], str]
) -> str:
    """Write the sheet.

    :param decided: state, by, at, words and sheet_sha256, as the rule set stands now.
    :param names: the name of each user id.
    :param title: what a rule is called.
    """
    parts = [
        _header(sheet, decided, names, title),
        *(part for rule in sheet["rules"] for part in _rule(rule)),
        _data(sheet, decided),
        _commands(sheet),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _header(
    sheet: Mapping[str, Any], decided: Mapping[str, Any], names: Mapping[str, str], title: Callable[[str], str]
) -> str:
    at: datetime | None = decided["at"]
    by = f", by {_name(decided['by'], names)} on {canonical(at)}" if at else ""
    rows = [
        ("State", f"{decided['state']}{by}"),
        ("Proposed", f"by {_name(sheet['proposed_by'], names)} on {sheet['proposed_at']}"),
        ("Made upon", sheet["base_id"] or "the rules as shipped"),
        ("Rule-set hash before", f"`{sheet['hash_before']}`"),
        ("Rule-set hash after", f"`{sheet['hash_after']}`"),
        ("Rules switched off", ", ".join(map(title, sheet["off_after"])) or "none"),
        ("SHA-256 of this sheet as frozen (JSON)", f"`{decided['sheet_sha256']}`"),
    ]
    lines = [f"# Evidence sheet {sheet['rule_set_id']}", "", confidentiality.LINE, "", "| | |", "|---|---|"]
    lines += [f"| {name} | {text if text.startswith('`') else line(text)} |" for name, text in rows]
    lines += ["", "**Reason.** " + escape(sheet["reason"])]
    if decided["words"]:
        lines += ["", "**Decision.** " + escape(decided["words"])]
    lines += ["", *(f"- {line(sentence)}" for sentence in sheet["adrift"])] if sheet["adrift"] else []
    return "\n".join(lines)


def _name(user_id: str, names: Mapping[str, str]) -> str:
    return f"{names.get(user_id, user_id)} ({user_id})"


def _rule(rule: Mapping[str, Any]) -> list[str]:
    turned = {(True, False): ", switched off", (False, True): ", switched on"}
    state = turned.get((rule["on_before"], rule["on_after"]), "")
    head = f"## {line(rule['title'])} (`{rule['rule']}`, version {line(rule['version'])}){state}"
    parts = [head, _parameters(rule["parameters"]), _figures(rule["before"], rule["after"]), _sars(rule)]
    parts += [_alerts("Alerts gained", rule["gained"]), _alerts("Alerts lost", rule["lost"])]
    return parts


def _parameters(parameters: Sequence[Mapping[str, str]]) -> str:
    lines = ["| Parameter | Unit | Before | After | Shipped | Reason for the shipped value | Source |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for one in parameters:
        before, after = (line(one[side]) or "off" for side in ("before", "after"))
        bold = "**" if one["before"] != one["after"] else ""
        lines.append(
            f"| {bold}{line(one['name'])}{bold} | {line(one['unit'])} | {before} | {bold}{after}{bold} "
            f"| {line(one['shipped'])} | {line(one['reason'])} | {line(one['source'])} |"
        )
    return "\n".join(lines)


def _figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    lines = ["| Over the whole history | Before | After |", "|---|---:|---:|"]
    lines += [f"| {title} | {before[name]} | {after[name]} |" for title, name in figures_of(before)]
    lines.append(
        f"| Decided alerts whose case ended in a SAR (exact 95 % interval) | {_share(before)} | {_share(after)} |"
    )
    lines.append(f"| Past SARs caught | {len(before['sar_cases'])} | {len(after['sar_cases'])} |")
    return "\n".join(lines)


def figures_of(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the plain figures that a sheet has; one frozen before suppressions were counted has none of them."""
    return [(title, name) for title, name in FIGURES if name in told]


def _share(figures: Mapping[str, Any]) -> str:
    if not figures["decided"]:
        return "none decided"
    low, high = figures["sar_share_low"], figures["sar_share_high"]
    return f"{figures['decided_as_sar']} of {figures['decided']} ({low} to {high})"


def _sars(rule: Mapping[str, Any]) -> str:
    lost, caught = rule["lost_sar_cases"], set(rule["lost_sar_cases_caught_by_another_rule"])
    lines = [f"Past SARs it would miss: {len(lost)}."]
    lines += [f"- {line(case)}{', which another rule alerted, too' if case in caught else ''}" for case in lost]
    lines += ["", f"Past SARs it would catch in addition: {', '.join(map(line, rule['gained_sar_cases'])) or 'none'}."]
    return "\n".join([lines[0], "", *lines[1:]] if lost else lines)


def _alerts(title: str, alerts: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"### {title}: {len(alerts):,}"]
    if not alerts:
        return lines[0]
    lines += ["", "| Alert | Customer | Account | Severity | Until | What was found |", "|---|---|---|---:|---|---|"]
    lines += [
        f"| {line(a['alert_id'])} | {line(a['customer_id'])} | {line(a['account_id'])} | {a['severity']} | {a['until']} "
        f"| {line(a['sentence'])} |"
        for a in alerts[:MOST]
    ]
    if len(alerts) > MOST:
        lines += ["", f"The {MOST} worst are listed; the frozen JSON has all {len(alerts):,}."]
    return "\n".join(lines)


def _data(sheet: Mapping[str, Any], decided: Mapping[str, Any]) -> str:
    data = sheet["data"]
    rows = [
        ("Transactions", f"{data['transactions']:,}"),
        ("Accounts", f"{data['accounts']:,}"),
        ("Customers", f"{data['customers']:,}"),
        ("Data fingerprint", f"`{data['fingerprint']}`"),
        ("Data up to arrival", str(data["arrival"])),
        *(_suppressions(data) if "as_of" in data else ()),
        ("Base currency", sheet["base_currency"]),
        ("Software", ", ".join(f"{name} {version}" for name, version in sorted(sheet["software"].items()))),
    ]
    lines = ["## Data and software", "", "| | |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {text if text.startswith('`') else line(text)} |" for name, text in rows])


def _suppressions(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say which suppressions the figures were held against, and as of which event of the ledger."""
    named = ", ".join(data["suppressions"]) or "none"
    return [("Suppressions in force", f"{named}, as of event {data['as_of']}")]


def _commands(sheet: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            "## To see the same again",
            "",
            "Type these on the desk, or on a copy of it (`casedesk load-csv`), with your own user id for USER. The first ones run",
            "the same rules over the same data and name rules, data, figures and alerts as above; the data fingerprint must be",
            "the one above. What was decided since the proposal changes the shares of decided alerts and the lists of past SARs,",
            "and nothing else. The replay exits with 0 when the rules as they were in force find what they found then.",
            "",
            "```",
            *sheet["commands"],
            "```",
        ]
    )
