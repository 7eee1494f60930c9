"""The figures of peer groups inside DuckDB: made of everything, or brought up from those that the last run left."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.checks import Expression
from casedesk.detection.legs import Views
from casedesk.detection.peers import ASKED, FIGURES, LAG, SCHEMA, AmongPeers, Figures
from casedesk.detection.subjects import ALWAYS

#: A percentage of a figure may be larger than 64 bits hold.
_SHOWN: Final = f"""
CREATE OR REPLACE TEMP TABLE {FIGURES.get_name()} AS
SELECT peer_group, period, figure::HUGEINT AS figure, customers FROM shown_figures"""

_MADE: Final = """
SELECT peer_group, period, figure::DECIMAL(38, 0) AS figure, customers
FROM ({text}) WHERE period >= {first} AND period < {until} ORDER BY peer_group, period"""

_ASKED: Final = """
CREATE OR REPLACE TEMP TABLE {asked} AS
SELECT peer_group, unnest(range({first}, {until})) AS period FROM (SELECT DISTINCT peer_group FROM {figures})"""


class PeerFigures:
    """Makes and shows figures over data that is loaded.

    :param connected: returns the connection, once a statement is to be run: to be asked for it may cost something.
    :param sql: returns an expression as SQL, by its name.
    :param show: lets the legs be those from a moment on.
    :param ending: tells when the last transaction was booked, in microseconds since 1970 UTC; ``ALWAYS`` where there is none.
    """

    def __init__(
        self,
        connected: Callable[[], duckdb.DuckDBPyConnection],
        sql: Callable[[Expression, str], str],
        show: Callable[[int], None],
        ending: Callable[[], int],
    ) -> None:
        self._connected, self._sql, self._show, self._ending = connected, sql, show, ending

    def made(self, rule: AmongPeers) -> Figures:
        """Make the figures of all periods that are there."""
        until = self._last(rule) + 1
        return Figures(until, self._between(rule, None, until))

    def brought_up(self, rule: AmongPeers, kept: Figures, since: int) -> tuple[Figures, bool]:
        """Return the figures that a hit may ask for now, and whether others may be judged otherwise than they were.

        :param kept: those that the last run left, of which there are all that a hit in its data may have asked for.
        :param since: when the earliest of all that is new was booked, in microseconds since 1970 UTC.
        """
        first = min(kept.before, since // rule.period)
        until = max(first, self._last(rule) + 1 - LAG)
        if until == first == kept.before:
            return kept, False
        stands = kept.table.filter(pc.less(kept.table["period"], first))
        if until == first:
            return Figures(first, stands), False
        now = Figures(until, pa.concat_tables([stands, self._between(rule, first, until)]))
        return now, self._moved(rule, kept, now, first)

    def show(self, figures: Figures) -> None:
        """Let rules read these figures."""
        connection = self._connected()
        connection.register("shown_figures", figures.table)
        connection.execute(_SHOWN)
        connection.unregister("shown_figures")

    def _last(self, rule: AmongPeers) -> int:
        """Return the period in which the last transaction was booked; one before all others where there is none."""
        return self._ending() // rule.period

    def _between(self, rule: AmongPeers, first: int | None, until: int) -> pa.Table:
        """Make the figures of the periods from the first one on, or of all, that are before another one."""
        self._show(ALWAYS if first is None else (first - 1) * rule.period)
        text = self._sql(partial(rule.figures, Views()), f"figures of {_named(rule)}")
        first = ALWAYS if first is None else first
        made = self._connected().sql(_MADE.format(text=text, first=first, until=until))
        return made.to_arrow_table().cast(SCHEMA)

    def _moved(self, rule: AmongPeers, kept: Figures, now: Figures, first: int) -> bool:
        """Say whether what a hit has to exceed differs where there was somebody to judge by it."""
        until = min(kept.before, now.before) + LAG
        told = []
        for figures in (kept.table.filter(pc.less(kept.table["period"], now.before)), now.table):
            self.show(Figures(now.before, figures))
            names = {"asked": ASKED.get_name(), "figures": FIGURES.get_name()}
            self._connected().execute(_ASKED.format(first=first + LAG, until=until, **names))
            text = self._sql(partial(rule.peers, FIGURES, ASKED), f"peers of {_named(rule)}")
            told.append(self._connected().execute(f"FROM ({text}) WHERE peers IS NOT NULL").fetchall())
        return sorted(told[0]) != sorted(told[1])


def _named(rule: AmongPeers) -> str:
    return f"{rule.name} {rule.version} {rule.parameters.canonical()}"
