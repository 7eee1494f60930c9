"""What a run reads, and the record from which it can be run again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from casedesk.detection.engine import DetectionResult, KeptData, digests_of
from casedesk.detection.engine import versions as software
from casedesk.detection.fingerprint import FORMAT as DATA_FORMAT
from casedesk.detection.fingerprint import Digest, figures, from_figures
from casedesk.detection.limits import Limits
from casedesk.detection.parameters import canonical_json, rule_set_hash
from casedesk.detection.rule import Rule
from casedesk.detection.subjects import Subjects
from casedesk.services.kept_figures import Leaving, left_by
from casedesk.services.run_copying import Arrived, Copying, Everything, copying, everything
from casedesk.services.run_copying import catching_up as caught_up
from casedesk.services.touched import Known, beyond, earliest, sides, touched
from casedesk.services.warm import Warm
from casedesk.store.run_data import Since
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading

FORMAT: Final = "casedesk-run-1"


@dataclass(frozen=True, slots=True)
class Record:
    """What a run noted down of itself: up to which arrival it saw, the ledger's size then, what it ran on, and what it left."""

    run_id: str
    arrival: int
    events: int
    base_currency: str
    digests: Mapping[str, Digest]
    rules: Mapping[str, str]  # version by name
    versions: Mapping[str, str]  # of the software
    data_format: str
    figures: Mapping[str, Any]  # see ``kept_figures``


@dataclass(frozen=True, slots=True)
class RunData:
    """The data of one run. ``base`` is the run it builds upon, ``subjects`` those touched since; both None for all.

    ``arrived`` is what came since the base; ``everything`` where the data comes from, None where some is left out. Where all of
    it is ``kept`` loaded, the tables hold what is new.
    """

    transactions: pa.Table
    accounts: pa.Table
    arrival: int
    events: int
    base: Record | None = None
    subjects: Subjects | None = None
    arrived: Arrived | None = None
    everything: Everything | None = None
    kept: KeptData | None = None
    catching_up: Copying | None = None

    def copying(self) -> Copying:
        """Tell what storing the run does to the copy that the next run reads."""
        return self.catching_up or copying(self.everything, self.arrival)

    def digests(self, limits: Limits, base_currency: str) -> Mapping[str, Digest] | None:
        """Return the digests of everything that had arrived; None where only reading everything tells."""
        if self.arrived is None:
            return None
        return self.arrived.total(digests_of(*self.arrived.new, limits, base_currency))


def read_data(
    look: Reading,
    rules: Sequence[Rule],
    base_currency: str,
    until: datetime | None,
    *,
    full: bool,
    limits: Limits | None = None,
    warm: Warm | None = None,
) -> RunData:
    """Read what the rules need: everything, or what concerns the subjects touched since the last run.

    :param limits: where the rules will run; a run made on other software is not built upon.
    :param warm: has everything loaded where the run is built upon the last one.
    """
    events = look.ledger.head().size
    base = None if full or until is not None else _base(look.runs.last(), rules, base_currency, limits)
    arrival = look.run_data.newest()
    if base is None:
        rows = Everything(look.run_data.transactions(arrival, until=until), look.run_data.accounts(arrival))
        whole = rows if until is None else None
        return RunData(rows.transactions, rows.accounts, arrival, events, everything=whole)
    since = Since(base.arrival, base.events)
    changed = bool(look.run_data.first_changed(base.arrival))
    new = (
        look.run_data.transactions(arrival, since=base.arrival),
        look.run_data.accounts(arrival, since=None if changed else base.arrival),
    )
    arrived = Arrived(base.arrival, base.digests, arrival, new, changed)
    figures = left_by(look, base.figures, None if warm is None else warm.left)
    stirred = changed or look.run_data.stirred(since, arrival)
    if warm is not None and limits is not None and limits.spark is None:
        kept = warm.brought_up(look, arrived, limits, base_currency)
        found = warm.found_by(base.run_id)
        known = Known(kept.with_customers(sides(new[0])), None if found is None else found.stood_about)
        subjects = touched(look, since, arrival, new[0], rules, figures, known)
        subjects = beyond(subjects, new[0], kept.beginning, stirred=stirred)
        copies = caught_up(look, arrived)
        return RunData(*new, arrival, events, base, subjects, arrived, kept=kept, catching_up=copies)
    subjects = touched(look, since, arrival, new[0], rules, figures)
    if all(rule.reach.local and not rule.beginning for rule in rules):
        transactions = look.run_data.transactions_of_touched(since, arrival)
        named = {*sides(transactions), *subjects.account_ids} - {""}
        accounts = look.run_data.named_accounts(arrival, sorted(named))
        return RunData(transactions, accounts, arrival, events, base, subjects, arrived)
    rows = everything(look, arrived)
    subjects = beyond(subjects, new[0], earliest(rows.transactions), stirred=stirred)
    return RunData(rows.transactions, rows.accounts, arrival, events, base, subjects, arrived, rows)


def _base(last: Run | None, rules: Sequence[Rule], base_currency: str, limits: Limits | None) -> Record | None:
    """Return the last run's record if what it found is what these rules would have found in its place."""
    if last is None or last.until is not None or last.rule_set_hash != rule_set_hash(rules):
        return None
    record = read(last)
    now = (base_currency, software(limits), DATA_FORMAT)
    return record if (record.base_currency, dict(record.versions), record.data_format) == now else None


def written(data: RunData, result: DetectionResult, rules: Sequence[Rule], base_currency: str, left: Leaving) -> str:
    """Write a run's record as canonical JSON. Sums are text, because JSON numbers are exact only up to 2**53."""
    return canonical_json(
        {
            "format": FORMAT,
            "arrival": data.arrival,
            "base_currency": base_currency,
            "data": {name: [str(value) for value in values] for name, values in figures(result.digests).items()},
            "data_format": DATA_FORMAT,
            "events": data.events,
            "figures": left.noted(),
            "rules": {rule.name: rule.version for rule in rules},
            "since": data.base.run_id if data.base else "",
            "subjects": None if data.subjects is None else len(data.subjects.chosen),
            "versions": dict(result.versions),
        }
    )


def read(run: Run) -> Record:
    """Read the record of a run that has one."""
    values: dict[str, Any] = json.loads(run.record)
    return Record(
        run_id=run.run_id,
        arrival=values["arrival"],
        events=values["events"],
        base_currency=values["base_currency"],
        digests=from_figures({name: [int(value) for value in row] for name, row in values["data"].items()}),
        rules=values["rules"],
        versions=values["versions"],
        data_format=values["data_format"],
        figures=values.get("figures", {}),
    )
