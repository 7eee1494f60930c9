"""Samples: what they were drawn from was committed before the seed existed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationFrozen(Event):
    """The closed cases of a period were listed and their hash committed, before any seed existed. Desk event."""

    action: ClassVar[str] = "qa_population_frozen"
    title: ClassVar[str] = "QA population frozen"
    touches: ClassVar[bool] = False
    draw_id: str
    period_from: str
    period_to: str
    rate_per_mille: int
    size: int
    population_sha256: str
    policy_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDrawn(Event):
    """The seed was drawn and with it the sample. Desk event."""

    action: ClassVar[str] = "qa_sample_drawn"
    title: ClassVar[str] = "QA sample drawn"
    touches: ClassVar[bool] = False
    draw_id: str
    seed: str
    picks: int
    picks_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTestFrozen(Event):
    """What looser values of a rule find in addition was listed, band by band, before any seed existed. Desk event.

    ``line`` and ``bands`` are canonical JSON of all parameters, in force and of each band; ``sizes`` counts the customers to
    draw. ``line_hash`` and ``band_hashes`` are those of the rule alone, as a rule set.
    """

    action: ClassVar[str] = "line_test_frozen"
    title: ClassVar[str] = "Bands below a line frozen"
    touches: ClassVar[bool] = False
    test_id: str
    rule: str
    rule_version: str
    line: str
    line_hash: str
    bands: tuple[str, ...]
    band_hashes: tuple[str, ...]
    sizes: tuple[int, ...]
    populations: tuple[int, ...]
    population_sha256: tuple[str, ...]
    data_fingerprint: str
    transactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTestDrawn(Event):
    """The seed was drawn and with it the sample below a line. Desk event.

    It names no case and no alert: whoever works them must not know.
    """

    action: ClassVar[str] = "line_test_drawn"
    title: ClassVar[str] = "Sample below a line drawn"
    touches: ClassVar[bool] = False
    test_id: str
    seed: str
    picks: tuple[int, ...]  # of each band
    picks_sha256: str
    placed_sha256: str  # over which alert stands for each pick, and how it came into its case
