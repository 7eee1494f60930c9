"""What must agree within an exported desk: keys and references, and what the ledger says of people, alerts and cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from casedesk.domain.alerts import Alert, alert_digest
from casedesk.domain.dataset import Value, to_cell
from casedesk.domain.events import AlertAttached, AlertGrown, AlertLapsed, AlertRevised, ModelProposed, PersonAdded
from casedesk.domain.history import columns
from casedesk.domain.ledger import Recorded
from casedesk.domain.policy_changes import policy_of
from casedesk.domain.verification import Verifier
from casedesk.errors import Invalid
from casedesk.exports import audit_csv
from casedesk.exports.audit_csv import BrokenRow, NotAnAuditFile
from casedesk.exports.tables_csv import AlteredFile, Table
from casedesk.modelling import model_files

#: Events that say all that an alert is.
_TOLD: Final = frozenset({AlertAttached.action, AlertGrown.action, AlertRevised.action})


@dataclass(frozen=True, slots=True)
class Ledgered:
    """The events of a file, all of them checked, and the verifier that has seen them."""

    events: list[Recorded]
    verifier: Verifier


def read_ledger(file: str, content: bytes) -> Ledgered:
    """Read and check a whole ledger.

    :raises AlteredFile: at the first row that does not agree.
    """
    verifier = Verifier()
    events: list[Recorded] = []
    try:
        for row in audit_csv.read(content):
            verifier.check(row.event)
            events.append(row.event)
            if verifier.findings:
                found = verifier.findings[0]
                raise AlteredFile(file, row.number, found.column, f"“{found.expected}”", found.got)
    except BrokenRow as broken:
        raise AlteredFile(file, broken.row, broken.column, broken.expected, broken.got) from None
    except NotAnAuditFile as error:
        raise Invalid(f"{file}: {error}") from None
    if not events:
        raise AlteredFile(file, 0, "", "at least one event", "none")
    return Ledgered(events, verifier)


def check_references(tables: Mapping[str, Table]) -> None:
    """Refuse a key that stands twice, and a value that is no key of the table it refers to.

    :raises AlteredFile: at the first.
    """
    keys: dict[str, set[tuple[Value, ...]]] = {}
    for name, table in tables.items():
        names = [column.name for column in table.shape.columns]
        at = [names.index(part) for part in table.shape.key]
        references = [(i, column) for i, column in enumerate(table.shape.columns) if column.refers]
        seen = keys[name] = set()
        for number, row in enumerate(table.rows, start=2):
            key = tuple(row[i] for i in at)
            if key in seen:
                raise AlteredFile(f"{name}.csv", number, table.shape.key[0], "a key of its own", _shown(key))
            seen.add(key)
            for i, column in references:
                if row[i] is not None and (row[i],) not in keys[column.refers]:
                    raise AlteredFile(
                        f"{name}.csv", number, column.name, f"a key of {column.refers}.csv", to_cell(row[i])
                    )


def _shown(key: tuple[Value, ...]) -> str:
    return ", ".join(to_cell(part) for part in key)


def check_against_ledger(tables: Mapping[str, Table], ledger: Ledgered) -> None:
    """Compare people, cases and alerts with what the events say of them, column by column.

    :raises AlteredFile: at the first difference.
    """
    _check_people(tables["users"], ledger.events)
    ledger.verifier.policy = policy_of(ledger.events)
    _check_cases(tables["cases"], ledger.verifier)
    _check_alerts(tables["alerts"], tables["alert_transactions"], ledger)
    _check_models(tables["model_files"], ledger.events)


def _check_people(table: Table, events: list[Recorded]) -> None:
    added = {e.data["user_id"]: e.data for e in events if e.action == PersonAdded.action}
    for number, row in table.records():
        data = added.pop(str(row["user_id"]), None)
        if data is None:
            raise AlteredFile("users.csv", number, "user_id", "a person whom an event added", str(row["user_id"]))
        for name in ("role", "active"):
            _compare("users.csv", number, name, data[name], row[name])
    if added:
        raise AlteredFile("users.csv", 0, "user_id", f"a row for {min(added)}", "none")


def _check_cases(table: Table, verifier: Verifier) -> None:
    missing = set(verifier.cases())
    for number, row in table.records():
        case_id = str(row["case_id"])
        stream = verifier.streams.get(case_id)
        if stream is None or stream.folding is None:
            raise AlteredFile("cases.csv", number, "case_id", "a case with events", case_id)
        missing.discard(case_id)
        for name, expected in columns(stream.folding, verifier.policy).items():
            _compare("cases.csv", number, name, expected, row[name])
    if missing:
        raise AlteredFile("cases.csv", 0, "case_id", f"a row for {min(missing)}", "none")


def _check_alerts(table: Table, links: Table, ledger: Ledgered) -> None:
    recorded: dict[str, Recorded] = {}
    lapsed: dict[str, str] = {}
    for event in ledger.events:
        if event.action in _TOLD:
            recorded[event.data["alert_id"]] = event
            lapsed.pop(event.data["alert_id"], None)
        elif event.action == AlertLapsed.action:
            lapsed[event.data["alert_id"]] = event.data["run_id"]
    evidence: dict[Value, list[tuple[Any, str]]] = {}
    for _, link in links.records():
        evidence.setdefault(link["alert_id"], []).append((link["position"], str(link["transaction_id"])))
    for number, row in table.records():
        found = recorded.pop(str(row["alert_id"]), None)
        if found is None:
            _compare("alerts.csv", number, "case_id", "", row["case_id"])
            continue
        _compare("alerts.csv", number, "lapsed_in", lapsed.get(found.data["alert_id"]), row["lapsed_in"])
        transaction_ids = tuple(name for _, name in sorted(evidence.get(row["alert_id"], [])))
        _check_alert(number, row, found, transaction_ids)
    if recorded:
        raise AlteredFile("alerts.csv", 0, "alert_id", f"a row for {min(recorded)}", "none")


def _check_alert(number: int, row: dict[str, Value], event: Recorded, transaction_ids: tuple[str, ...]) -> None:
    said = event.data
    for name, expected in (
        ("case_id", event.case_id),
        ("sentence", event.notes),
        ("rule", said["rule"]),
        ("rule_version", said["rule_version"]),
        ("severity", said["severity"]),
        ("amount_minor", int(said["amount_minor"])),
        ("transaction_count", said["transactions"]),
    ):
        _compare("alerts.csv", number, name, expected, row[name])
    fields: dict[str, Any] = {
        name: row[name]
        for name in ("alert_id", "rule", "rule_version", "parameters", "customer_id", "account_id", "window_start",
                     "window_end", "amount_minor", "severity", "sentence")
    }  # fmt: skip
    digest = alert_digest(Alert(**fields, transaction_ids=transaction_ids))
    if digest != said["digest"]:
        raise AlteredFile(
            "alerts.csv", number, "the alert with its evidence", f"digest {said['digest']}, as event "
            f"{event.event_id} recorded", digest,
        )  # fmt: skip


def _check_models(table: Table, events: list[Recorded]) -> None:
    """Compare the files of each version with the hash of their manifest; a version may come without any."""
    proposed = {e.data["version_id"]: e.data["model_id"] for e in events if e.action == ModelProposed.action}
    found: dict[str, dict[str, bytes]] = {}
    first: dict[str, int] = {}
    for number, row in table.records():
        version_id, content = str(row["version_id"]), row["content"]
        found.setdefault(version_id, {})[str(row["name"])] = content if isinstance(content, bytes) else b""
        first.setdefault(version_id, number)
    for version_id, contents in found.items():
        expected, got = proposed.get(version_id, "of a proposed model"), model_files.id_of(contents)
        if expected != got:
            raise AlteredFile(
                "model_files.csv",
                first[version_id],
                "content",
                f"the files of a model {expected}, as the events say",
                got,
            )


def _compare(file: str, number: int, column: str, expected: Value, got: Value) -> None:
    if to_cell(expected) != to_cell(got):
        raise AlteredFile(file, number, column, f"“{to_cell(expected)}”, as the events say", to_cell(got))
