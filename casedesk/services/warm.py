"""What one process keeps from run to run: the data loaded, so that a run takes up only what came since the one before.

It vouches for nothing. Before each run it is compared with the run to build upon: the digest of what is loaded and of what that
run had not seen, or of what it saw beyond, has to add up to the digest that the run recorded. Another database, one that was
put back to an earlier state, an account that changed, another currency or other limits: everything is loaded anew. So it is
after a failure within the engine; a run that was refused, or overtaken by another process's, leaves rows loaded that the next
run will see as well.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from casedesk.detection.engine import Crowded, KeptData
from casedesk.detection.fingerprint import Digest
from casedesk.detection.limits import Limits
from casedesk.services.kept_figures import Leaving
from casedesk.services.known_findings import KnownFindings
from casedesk.services.run_copying import Arrived, Everything, everything
from casedesk.store.run_store import Finding
from casedesk.store.unit_of_work import Reading

#: Beyond so many, some 700 bytes each, what was found is read from the database each time.
_MOST_FOUND: Final = 500_000


@dataclass(slots=True)
class _Held:
    """What is loaded: all that had arrived by ``arrival``."""

    data: KeptData
    arrival: int
    limits: Limits
    base_currency: str


class Warm:
    """What a process keeps; one for each database. Runs with it follow one another.

    It takes as much memory as the limits of its runs allow DuckDB, some 210 bytes a transaction, and no more: beyond, DuckDB
    spills to its folder. What the last run found stays as well, up to half a million findings,
    of rules whose findings go on, up to half a million rows of evidence each, some 65 MB, and up to two million transfers of the last
    weeks, some 60 MB.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held: _Held | None = None
        #: What the last run left to the next one.
        self.left: Leaving | None = None
        self._noted = ""
        self._found: KnownFindings | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let one run at a time use it."""
        with self._lock:
            yield

    def forget(self) -> None:
        """Give everything back; the next run loads it anew."""
        with self._lock:
            if self._held is not None:
                self._held.data.close()
            self._held = None
            # in another database, or one that was put back, another run may have the number of the one that was noted
            self._noted, self._found, self.left = "", None, None

    def found_by(self, run_id: str) -> KnownFindings | None:
        """Return all that a run found, where it was the last that was noted."""
        return self._found if self._noted == run_id else None

    def note(
        self, run_id: str, found: KnownFindings, gone: Collection[Finding] = (), new: Collection[Finding] = ()
    ) -> None:
        """Note what a run found that was stored, where that is not too much: what was known, but for what is gone and what is new."""
        self._noted, self._found = "", None
        found.change(gone, new)
        if len(found) <= _MOST_FOUND:
            self._noted, self._found = run_id, found

    def brought_up(self, look: Reading, arrived: Arrived, limits: Limits, base_currency: str) -> KeptData:
        """Return everything that had arrived, loaded."""
        held = self._held
        if held is not None and (held.limits, held.base_currency) == (limits, base_currency):
            with suppress(Crowded):
                if _fits(look, held, arrived):
                    _take_up(look, held, arrived)
                    return held.data
        self.forget()
        data = _load(everything(look, arrived), arrived, limits, base_currency)
        self._held = _Held(data, arrived.upto, limits, base_currency)
        return data


def _load(rows: Everything, arrived: Arrived, limits: Limits, base_currency: str) -> KeptData:
    data = KeptData(rows.transactions, rows.accounts, limits, base_currency)
    data.take_digests(arrived.total(data.digests_of(*arrived.new)))
    return data


def _fits(look: Reading, held: _Held, arrived: Arrived) -> bool:
    """Say whether what is loaded is what the database holds, up to the same arrival."""
    if held.data.broken or arrived.upto < held.arrival:
        return False
    if held.arrival == arrived.since:
        return not arrived.changed and held.data.digests == arrived.digests
    if look.run_data.first_changed(held.arrival):
        return False
    first, last = sorted((held.arrival, arrived.since))
    between = held.data.digests_of(*_rows(look, first, last))
    earlier, later = (held.data.digests, arrived.digests)[:: 1 if held.arrival == first else -1]
    return _sum(earlier, between) == later


def _take_up(look: Reading, held: _Held, arrived: Arrived) -> None:
    total = arrived.total(held.data.digests_of(*arrived.new))
    rows = arrived.new
    if held.arrival != arrived.since:  # another process's run came between, or one that was not stored
        rows = _rows(look, held.arrival, arrived.upto)
        if any(part.num_rows for part in _rows(look, *sorted((held.arrival, arrived.since)))):
            held.data.forget_found()
    held.data.add(*rows, total)
    held.arrival = arrived.upto


def _rows(look: Reading, since: int, upto: int) -> tuple[pa.Table, pa.Table]:
    return look.run_data.transactions(upto, since=since), look.run_data.accounts(upto, since=since)


def _sum(one: Mapping[str, Digest], other: Mapping[str, Digest]) -> dict[str, Digest]:
    return {name: one[name] + other[name] for name in one}
