"""The graph that explanations are read from, kept in the memory of a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from casedesk.domain.scores import ScoringRun
from casedesk.store.unit_of_work import Reading

if TYPE_CHECKING:  # most commands never look at a graph, and what computes one takes half a second to load
    from casedesk.scoring.exposure import Exposure


class Graphs:
    """The graph of the newest run, which explanations are read from: one in each process, some 300 bytes a payment.

    It is built when it is first asked for, and anew when there is a newer run.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[str, Exposure] | None = None

    def holds(self, run: ScoringRun) -> bool:
        """Say whether the run's graph is there, so that an explanation takes no time."""
        return self._held is not None and self._held[0] == run.run_id

    def of(self, reading: Callable[[], Reading], run: ScoringRun, *, anew: bool = False) -> Exposure:
        """Return what a run computed, from the payments and listed accounts that it saw.

        :param anew: build it again, even if it is there.
        """
        with self._lock:
            if anew or self._held is None or self._held[0] != run.run_id:
                self._held = None  # two of them need not fit into memory
                self._held = (run.run_id, _built(reading(), run))
            return self._held[1]


def _built(look: Reading, run: ScoringRun) -> Exposure:
    from casedesk.scoring.exposure import exposure
    from casedesk.scoring.graph import Graph
    from casedesk.services.score_records import read_record
    from casedesk.services.scoring_data import read_quickly

    record = read_record(run)
    with look:
        data = read_quickly(look, record.base_currency, record.arrival)
        listed = look.scores.listed(run.run_id)
    return exposure(Graph.of(data.transactions), listed, run.as_of, record.parameters)
