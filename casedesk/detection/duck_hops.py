"""The hops that stay inside DuckDB from one run to the next, with what came since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import duckdb
import pyarrow as pa

from casedesk.detection.checks import Expression
from casedesk.detection.duck_texts import parsed
from casedesk.detection.hops import KEPT, SENT, STALE_FROM, Hopping, sent_anew, told_anew
from casedesk.detection.legs import IDLE, Views
from casedesk.detection.rule import Rule
from casedesk.detection.subjects import NEVER

#: So many windows are kept beyond what is asked for, before they are let go of.
_LONGEST: Final = 4

_NONE: Final = """
CREATE OR REPLACE TABLE {table} (
    "row" BIGINT, "at" BIGINT, source INTEGER, target INTEGER, minor BIGINT, source_own BOOLEAN, target_own BOOLEAN, idle BOOLEAN)"""
_KEPT: Final = f"CREATE OR REPLACE TEMP VIEW {KEPT.get_name()} AS FROM {{table}}"
_IDLE: Final = f"CREATE OR REPLACE TEMP VIEW {IDLE.get_name()} AS SELECT * EXCLUDE idle FROM {{table}} WHERE idle"
_LATER: Final = 'CREATE OR REPLACE TABLE {table} AS FROM {table} WHERE "at" >= {moment}'


@dataclass(slots=True)
class Told:
    """What is kept for one rule: the transfers that idle parties sent from ``first`` on, as they were told before something new was
    booked from ``stale`` on; whether they are hops is told from a window after ``first`` on. In microseconds since 1970 UTC.
    """

    hopping: Hopping
    first: int
    stale: int


def note_new(kept: dict[str, Told], moment: int) -> None:
    """Note that something was added that was booked at a moment, or later."""
    for told in kept.values():
        told.stale = min(told.stale, moment)


def first_hop(rule: Rule, hopping: Hopping, since: int) -> int:
    """Return when the first hop of a path may be booked that ends from a moment on."""
    # what lies two windows before it is read to tell hops
    return since - rule.read_before + 2 * hopping.window


class KeptHops:
    """Brings hops up and shows them.

    :param sql: returns an expression as SQL, by its name.
    :param show: lets the transfers be those from a moment on.
    :param kept: what is kept, by the name of the rule; only one lane at a time asks for a rule.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: Callable[[Expression, str], str],
        show: Callable[[int], None],
        kept: dict[str, Told],
    ) -> None:
        self._connection, self._sql, self._show, self._kept = connection, sql, show, kept

    def show(self, rule: str, hopping: Hopping, first: int) -> None:
        """Let ``IDLE`` be the hops of a rule, all that were booked from a moment on and others before it."""
        table, window = f'"hops of {rule}"', hopping.window
        told = self._kept.get(rule)
        if told is None or told.hopping != hopping or told.first + window > first:
            self._kept.pop(rule, None)  # until it is filled again, nobody may trust the table
            self._connection.execute(_NONE.format(table=table))
            # half a window more, so that what comes a little late does not ask for everything again
            told = Told(hopping, first - window - window // 2, first - window - window // 2)
        self._connection.execute(_KEPT.format(table=table))
        if told.stale != NEVER:
            self._bring_up(table, hopping, max(told.stale, told.first))
        if first - window - told.first > _LONGEST * window:
            told.first = first - window - window // 2
            self._connection.execute(_LATER.format(table=table, moment=told.first))
        self._kept[rule] = Told(hopping, told.first, NEVER)
        self._connection.execute(_IDLE.format(table=table))

    def _bring_up(self, table: str, hopping: Hopping, moment: int) -> None:
        self._show(moment - hopping.window)
        self._connection.register(STALE_FROM.get_name(), pa.table({"moment": pa.array([moment], pa.int64())}))
        sent = self._sql(partial(sent_anew, Views(), hopping), f"sent anew {hopping}")
        anew = self._sql(partial(told_anew, hopping), f"told anew {hopping}")
        self._connection.begin()
        try:
            # kept first, so that DuckDB knows how few they are
            self._connection.execute(parsed(f"CREATE OR REPLACE TEMP TABLE {SENT.get_name()} AS {sent}"))
            self._connection.execute(parsed(f"CREATE OR REPLACE TEMP TABLE told AS {anew}"))
            self._connection.execute(f'DELETE FROM {table} WHERE "at" >= {moment}')
            self._connection.execute(f"INSERT INTO {table} BY NAME FROM told")
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        finally:
            self._connection.unregister(STALE_FROM.get_name())
