"""DuckDB in this process: the data loaded once, the rules' expressions run over it, spilling to disk when it must."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from functools import partial
from typing import Any, Final, Self, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.checks import (
    UNIQUE,
    Expression,
    accounts_by_alert,
    first_of,
    hit_from,
    of_subjects,
    refuse_twice,
    refuse_unfit,
    told,
)
from casedesk.detection.coded import Coded
from casedesk.detection.duck_hops import KeptHops, Told, first_hop
from casedesk.detection.duck_joints import Recent
from casedesk.detection.duck_peers import PeerFigures
from casedesk.detection.duck_screen import Screened
from casedesk.detection.duck_session import digests_here, one_row, opened, show
from casedesk.detection.duck_texts import finding, text_of
from casedesk.detection.episodes import COLUMNS, NOTHING
from casedesk.detection.fingerprint import Digest, data_fingerprint
from casedesk.detection.found_before import FoundBefore, either
from casedesk.detection.keying import (
    CHOSEN,
    NAMED,
    ORDER,
    SUBJECT_IDS,
    SUBJECTS,
    TOLD,
    all_legs,
    chosen_legs,
    keyed_transactions,
    named_accounts,
    narrow_legs,
    own_accounts,
    twice,
)
from casedesk.detection.lanes import Lane, beside, lanes_within
from casedesk.detection.legs import ENDED_FROM, KEYED, LEGS, MOMENTS
from casedesk.detection.limits import Limits, OutOfMemory
from casedesk.detection.near import parted
from casedesk.detection.peers import AmongPeers, Figures
from casedesk.detection.rule import Rule
from casedesk.detection.sources import Source
from casedesk.detection.subjects import ALWAYS, NEVER, Judged, Subjects
from casedesk.domain.alerts import Alert

__all__ = ["Limits", "LoadedData", "OutOfMemory", "digests_of", "later", "loaded"]

T = TypeVar("T")

ENGINE: Final = "duckdb"
VERSION: Final = duckdb.__version__

_SUBJECTS: Final = f"""
CREATE OR REPLACE TABLE {SUBJECTS.get_name()} AS
SELECT place, account FROM {SUBJECT_IDS.get_name()} LEFT JOIN {NAMED.get_name()} USING (account_id)"""

_IN_ORDER: Final = f"""
SELECT {", ".join(map('"{}"'.format, COLUMNS))} FROM found JOIN (SELECT "row", transaction_id FROM given) USING ("row")
ORDER BY {", ".join(map('"{}"'.format, ORDER))}"""


class LoadedData(Screened):
    """Transactions and accounts inside DuckDB, ready for any number of rules."""

    #: Which hops are kept, by rule; None where nothing is.
    _hops: dict[str, Told] | None = None
    #: What rules found before; None where nothing is kept.
    _found_before: FoundBefore | None = None

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        digests: Mapping[str, Digest],
        subjects: Subjects | None = None,
        *,
        kept_texts: bool = True,
        distinct: bool = False,
        coded: Coded | None = None,
        again: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
        lanes: int = 1,
    ) -> None:
        self._connection = connection
        self._again, self._lanes, self._took = again, lanes, dict[str, float]()
        self._recent = Recent()
        self._kept_texts = kept_texts
        self._digests = digests
        for name, (table, key) in UNIQUE.items():
            if not distinct and self._may_repeat(table.get_name(), key):
                refuse_twice(name, key, self._first(partial(twice, table, key), f"twice {name}"))
        self._table(NAMED.get_name(), named_accounts)
        self._key(coded)
        self._show_transfers(ALWAYS)
        refuse_unfit(self._first)
        self._look_at(subjects)

    def _look_at(self, subjects: Subjects | None) -> None:
        """Let rules of local reach look at these accounts; None lets them look at all."""
        self._subjects = subjects
        self._brought_up: dict[str, Figures] = {}
        self._joining: dict[Rule, bool] = {}
        self._allowed: dict[Rule, list[str]] = {}
        self._subject_ids = pa.array([] if subjects is None else subjects.account_ids, pa.string())
        self._noted = None
        if subjects is not None:
            self._key_subjects(subjects.account_ids)

    def _key_subjects(self, account_ids: Sequence[str]) -> None:
        """Find the chosen subjects, and their legs."""
        self._name_subjects()
        keys = self._connection.execute("SELECT account FROM subjects ORDER BY place").fetchall()
        self._take_keys(account_ids, [key for (key,) in keys])
        self._choose_legs()

    def _name_subjects(self) -> None:
        """Let the table of the subjects be that of the chosen ones."""
        ids = {"account_id": self._subject_ids, "place": pa.array(range(len(self._subject_ids)), pa.int32())}
        self._connection.register(SUBJECT_IDS.get_name(), pa.table(ids))
        self._connection.execute(_SUBJECTS)

    def _take_keys(self, account_ids: Sequence[str], keys: Sequence[int]) -> None:
        self._subject_keys = pa.array(keys, pa.int32())
        self._key_by_id = dict(zip(account_ids, keys, strict=True))
        self._id_by_key = {key: account_id for account_id, key in self._key_by_id.items()}

    def _choose_legs(self) -> None:
        """Let the legs of the chosen subjects be there for statements."""
        self._table(CHOSEN.get_name(), narrow_legs)

    def _key(self, coded: Coded | None) -> None:
        """Replace account ids by keys; ``coded`` transactions have dictionaries that need it only once a value."""
        if coded is None:
            self._table("all_keyed", keyed_transactions)
            return
        named = self._connection.sql(f"SELECT account_id, account, own FROM {NAMED.get_name()}").to_arrow_table()
        self._connection.register("transactions", coded.with_keys(named))
        self._connection.execute(coded.keyed_sql)

    def _table(self, name: str, expression: Expression) -> None:
        self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS {self._sql(expression, expression.__name__)}")

    def _view(self, name: str, expression: Expression) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {self._sql(expression, expression.__name__)}")

    def _first(self, expression: Expression, what: str) -> tuple[Any, ...] | None:
        # one row at most, and then the connection is free
        rows = self._connection.execute(self._sql(expression, what)).fetchall()
        return rows[0] if rows else None

    def _sql(self, expression: Expression, what: str) -> str:
        return text_of(what, expression, kept_texts=self._kept_texts)

    @property
    def transactions(self) -> int:
        return self._digests["transactions"].rows

    @property
    def digests(self) -> Mapping[str, Digest]:
        return self._digests

    @property
    def fingerprint(self) -> str:
        return data_fingerprint(self._digests)

    def evidence(self, rule: Rule) -> pa.Table:
        """Run one rule; where subjects were chosen, over these and no further back than it must, as far as it allows.

        Columns and order are those of ``episodes.COLUMNS``.
        """
        judged = None if self._subjects is None else self._subjects.judged(rule)
        if self._subjects is not None and isinstance(rule, AmongPeers) and self._knows_peers(rule, self._subjects):
            return self._near(rule, self._subjects, self._subjects.among_peers(rule), " among peers")
        if self._subjects is not None and judged is not None and rule.reach.local:
            if rule.span is not None:
                return self._near(rule, self._subjects, judged)
            self._need_legs()
            self._show_transfers(ALWAYS)
            self._view(LEGS.get_name(), chosen_legs)
            return of_subjects(self._run(rule), self._subject_ids)
        if self._subjects is not None and judged is not None and rule.span is not None and not rule.span.ahead:
            return self._along(rule, self._subjects)
        if self._found_before is not None:
            self._found_before.forget(rule)
        return self._from(rule, ALWAYS if judged is None else judged.earliest - rule.read_before)

    def each(self, rules: Sequence[Rule], told: Callable[[Rule, pa.Table], T]) -> Iterator[T]:
        """Run rules, and yield what is made of the evidence of each, in their order.

        Over few subjects most rules need not be run at all, and the others are dozens of short steps, each of which leaves cores idle; so
        they run beside each other. What looks at everything has all cores and all memory to itself, and so has each rule where that is
        too little for two.
        """
        few: list[Rule] = []
        if self._subjects is not None:
            few = [rule for rule in rules if isinstance(rule, AmongPeers) or not self._subjects.ask_everything(rule)]
            self._will_ask(few)
            few = [rule for rule in few if not self._idle(rule, self._subjects)]
            self._need_legs_for(few, self._subjects)  # here, because two lanes would make them at once
        found: dict[Rule, T] = {}
        if self._lanes > 1:
            run = partial(self._lane, lambda data, rule: told(rule, data.evidence(rule)))
            with suppress(duckdb.OutOfMemoryException):
                found = dict(zip(few, beside(few, self._lanes, run, self._took), strict=True))
        return (found[rule] if rule in found else told(rule, self.evidence(rule)) for rule in rules)

    def _lane(self, run: Callable[[Self, Rule], T]) -> Lane[T]:
        """Return the same data over a connection of its own, to which everything temporary belongs: the views of one rule at a time."""
        connection, data = self._connection.cursor(), copy(self)
        data._connection, data._noted = connection, None  # noqa: SLF001  # it is a copy of this one
        self._show_given(connection)
        return Lane(partial(run, data), connection.interrupt, connection.close)

    def _show_given(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let evidence find the ids of transactions where they were handed in."""
        if self._again is not None:
            self._again(connection)

    def figures(self, rule: AmongPeers) -> Figures:
        """Return the figures of the peer groups that the next run may ask for, once the rule was run."""
        known = self._brought_up.get(rule.name)
        return self._peers.made(rule) if known is None else known

    def _knows_peers(self, rule: AmongPeers, subjects: Subjects) -> bool:
        """Bring the figures up that the last run left, and say whether looking at the subjects is enough with them."""
        kept = subjects.figures.get(rule.name)
        if kept is None or subjects.everywhere is None:
            return False
        known, moved = self._peers.brought_up(rule, kept, subjects.everywhere)
        self._brought_up[rule.name] = known
        return not moved

    @property
    def _peers(self) -> PeerFigures:
        return PeerFigures(lambda: self._connection, self._sql, self._show_from, lambda: self.ending)

    @property
    def ending(self) -> int:
        """When the last transaction was booked, in microseconds since 1970 UTC; ``ALWAYS`` where there is none."""
        last = self._connection.execute('SELECT max("at") FROM all_keyed').fetchall()[0][0]
        return ALWAYS if last is None else int(last)

    def _show_from(self, moment: int) -> None:
        self._show_transfers(moment)
        self._show_legs(moment)

    def _from(self, rule: Rule, moment: int, shown: str = "all") -> pa.Table:
        self._show_from(moment)
        return self._run(rule, shown)

    def _along(self, rule: Rule, subjects: Subjects) -> pa.Table:
        """Look for the paths that come to what is new, and again at those accounts whose paths may join what stood."""
        since = subjects.everywhere or NEVER
        found = self._arriving(rule, since) if self._may_join(rule, since) else NOTHING
        again = subjects.second_look_along(rule, first_of(found))
        if not again:
            return found
        seen = pa.array(list(again), pa.string())
        rest = found.filter(pc.invert(pc.is_in(found["account_id"], seen)))
        once_more = of_subjects(self._from(rule, min(again.values()) - rule.read_before), seen)
        return either(rest, once_more)

    def _arriving(self, rule: Rule, since: int) -> pa.Table:
        """Find the paths that end from a moment on."""
        self._connection.register(ENDED_FROM.get_name(), pa.table({"moment": pa.array([since], pa.int64())}))
        if rule.hopping is None or self._hops is None:
            return self._from(rule, since - rule.read_before, "along")
        first = first_hop(rule, rule.hopping, since)
        KeptHops(self._connection, self._sql, self._show_transfers, self._hops).show(rule.name, rule.hopping, first)
        return self._from(rule, first - rule.hopping.window, "along kept hops")

    def _near(self, rule: Rule, subjects: Subjects, judged: Judged, knowing: str = "") -> pa.Table:
        """Look near what is new, and again, from where that began, at those on whom it shows something which may join what stood."""
        first = subjects.first_look(rule, judged)
        found = NOTHING
        shown = self._allowed.pop(rule, None)
        if shown is None:
            shown = self._who_may(rule, subjects, first)
        if shown:
            found = self._found_near(rule, shown, first, knowing)
        again = subjects.second_look(rule, judged, first, hit_from(found, first.moments))
        before = self._found_before or FoundBefore()
        known = before.known(rule, again, judged, first, subjects)
        if again:
            found = before.completed(rule, found, again, known, first)
            if unknown := [one for one in again if one not in known]:
                found = either(found, self._found_near(rule, unknown, judged, knowing))
        before.note(rule, found, first, {one: judged.moments[one] for one in again} | known, subjects)
        return found

    def _found_near(self, rule: Rule, account_ids: Sequence[str], judged: Judged, knowing: str = "") -> pa.Table:
        """Run a rule over these accounts, from when on it judges each of them."""
        self._need_legs(account_ids)
        if knowing:
            self._peers.show(self._brought_up[rule.name])
        self._show_transfers(ALWAYS)
        self._show_near(account_ids, [max(judged.moments[one] - rule.read_before, ALWAYS) for one in account_ids])
        return of_subjects(self._run(rule, "near" + knowing), pa.array(account_ids, pa.string()))

    def _run(self, rule: Rule, shown: str = "all") -> pa.Table:
        made = self._connection.execute(finding(rule, shown, kept_texts=self._kept_texts)).fetchall()
        return self._connection.sql(_IN_ORDER).to_arrow_table() if made != [(0,)] else NOTHING

    def _show_transfers(self, moment: int) -> None:
        """Let the transfers be those from a moment on."""
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {KEYED.get_name()} AS FROM all_keyed{later(moment)}")

    def _show_legs(self, _moment: int) -> None:
        """Let the legs be all those of the transfers that are shown."""
        self._view(LEGS.get_name(), all_legs)

    def _show_near(self, account_ids: Sequence[str], moments: Sequence[int]) -> None:
        """Let the legs be those of each of these accounts from its moment on, and the past those before."""
        keys = pa.array([self._key_by_id[account_id] for account_id in account_ids], pa.int32())
        given = pa.table({"account": keys, "read_from": pa.array(moments, pa.int64())})
        self._connection.register("moments", given)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {MOMENTS.get_name()} AS FROM moments")
        for statement in parted(self._every_leg, moments, few=self._counted is not None):
            self._connection.execute(statement)

    def own_accounts(self, alerts: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
        """Return for each alert id which accounts of its customer stand in its evidence, by id, its subject always."""
        self._connection.register(TOLD.get_name(), told(alerts))
        found = self._connection.execute(self._sql(own_accounts, own_accounts.__name__)).fetchall()
        self._connection.unregister(TOLD.get_name())
        return accounts_by_alert(alerts, found)

    def _may_repeat(self, table: str, key: str) -> bool:
        # 64-bit hashes are counted, because that is cheap; only when two agree are the ids themselves looked at.
        different, rows = self._row(f"SELECT count(DISTINCT hash({key})), count(*) FROM {table}")
        return different < rows

    def _row(self, query: str) -> tuple[int, ...]:
        return one_row(self._connection, query)


@contextmanager
def loaded(
    transactions: Source,
    accounts: Source,
    limits: Limits,
    subjects: Subjects | None = None,
    base_currency: str = "USD",
    digests: Mapping[str, Digest] | None = None,
) -> Iterator[LoadedData]:
    """Open DuckDB over the two tables. An Arrow table is read where it lies; a stream is taken in once.

    :param subjects: rules of local reach look at these accounts only, and no further back than they must.
    :param digests: those that a run records, of rows that are known to have ids of their own; None takes those of the two tables.
    :raises UnfitSource: if a column is missing or wrong, an id appears twice, or an account is unknown.
    :raises OutOfMemory: if the work does not fit the limits.
    """
    with opened(transactions, accounts, limits, base_currency) as connection:
        yield LoadedData(
            connection,
            digests or digests_here(connection),
            subjects,
            kept_texts=limits.kept_texts,
            distinct=digests is not None,
            coded=Coded.of(transactions, base_currency),
            again=partial(show, transactions=transactions, accounts=accounts, base_currency=base_currency),
            lanes=lanes_within(limits) if isinstance(transactions, pa.Table) and isinstance(accounts, pa.Table) else 1,
        )


def digests_of(transactions: Source, accounts: Source, limits: Limits, base_currency: str) -> Mapping[str, Digest]:
    """Return what the fingerprint is made of, for rows that came to others.

    :raises UnfitSource: if a column is missing or wrong.
    """
    with opened(transactions, accounts, limits, base_currency) as connection:
        return digests_here(connection)


def later(moment: int) -> str:
    """Return the SQL that leaves out what was booked before a moment."""
    return "" if moment <= ALWAYS else f' WHERE "at" >= {moment}'
