"""What a run of scoring noted down of itself, as its readers need it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from casedesk.domain.scores import ScoringRun
from casedesk.scoring.parameters import ExposureParameters


@dataclass(frozen=True, slots=True)
class ScoringRecord:
    """Up to which arrival and event a run saw, by which lists and names, on what software, and how long its steps took."""

    arrival: int
    events: int
    base_currency: str
    data_format: str
    copied: bool
    lists: tuple[str, ...]
    matches: tuple[str, ...]
    timings: Mapping[str, int]  # milliseconds
    versions: Mapping[str, str]
    parameters: ExposureParameters


def read_record(run: ScoringRun) -> ScoringRecord:
    """Read the record of a run, and the formula's values it was computed with.

    :raises BadExposure: if these are none any more.
    """
    values = json.loads(run.record)
    told = json.loads(run.parameters)
    parameters = ExposureParameters.read({**told, "hop_weights": [float(one) for one in told["hop_weights"]]})
    names = ("arrival", "events", "base_currency", "data_format", "copied", "timings", "versions")
    return ScoringRecord(
        **{name: values[name] for name in names}, lists=tuple(values["lists"]), matches=tuple(values["matches"]),
        parameters=parameters,
    )  # fmt: skip
