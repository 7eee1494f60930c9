"""Transactions and accounts that stay inside DuckDB from one run to the next; what came since is added.

Everything is there once, and nothing of it as it was handed in: transactions with keys for accounts, the legs of the desk's own
accounts, and the ids of the transactions. Keys are in the order of the account ids, because rules break ties by it, and stand
apart, so that accounts that come later find a key in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.detection.arriving import Crowded, key_new_accounts
from casedesk.detection.arriving_few import FewTransactions, Keyed
from casedesk.detection.checks import refuse_unfit
from casedesk.detection.coded import Coded
from casedesk.detection.counting import ASKED, MOST, Counted
from casedesk.detection.duck import LoadedData, later
from casedesk.detection.duck_hops import KeptHops, Told, first_hop, note_new
from casedesk.detection.duck_joints import Recent, parties_with
from casedesk.detection.duck_session import connected, digests_here, in_words, one_row, show
from casedesk.detection.duck_texts import finding
from casedesk.detection.fingerprint import Digest
from casedesk.detection.found_before import FoundBefore
from casedesk.detection.keying import CHOSEN, NAMED, UNKNOWN, all_legs, keyed_transactions, named_accounts
from casedesk.detection.known_holders import Holder, KnownHolders
from casedesk.detection.lanes import beside, lanes_within
from casedesk.detection.lately import Lately
from casedesk.detection.legs import KEYED, LEGS
from casedesk.detection.limits import Limits, OutOfMemory
from casedesk.detection.peers import AmongPeers
from casedesk.detection.pending import MOST as MOST_PENDING
from casedesk.detection.pending import Pending
from casedesk.detection.rule import Reach, Rule
from casedesk.detection.subjects import ALWAYS, NEVER, Stood, Subject, Subjects
from casedesk.detection.windows import DAY

__all__ = ["Crowded", "KeptData"]

#: Between the keys of two accounts that were there from the beginning, where they are not too many.
APART: Final = 1_000
_LARGEST: Final = 2**31 - 1
_UNKNOWN: Final = Holder(UNKNOWN)

#: So many accounts' findings are found once more at a time.
_AT_ONCE: Final = 500

#: Up to so many subjects, their legs are taken out of all legs once a run, and not again for each rule, where they are likely to be as few
#: as are counted.
_FEW: Final = 30_000

#: Legs of the same week lie together by account: an account's are found in some places then, and not in all, and those of some days lie
#: in few places, too. A run after one transaction among 5,000,000 takes 28 ms, 42 where they lie as they were booked.
_TOGETHER: Final = f'ORDER BY "at" // {7 * DAY}, account'

_SPREAD: Final = """
CREATE OR REPLACE TABLE {named} AS
SELECT account_id, customer_id, (account::BIGINT * {apart})::INTEGER AS account, own, (lead::BIGINT * {apart})::INTEGER AS lead,
       opened_at, peer_group
FROM {named}"""
_GIVEN: Final = "CREATE OR REPLACE TEMP VIEW given AS FROM ids"
_IDS: Final = 'SELECT "row", transaction_id FROM given'
_THEIRS: Final = "FROM standing_legs SEMI JOIN (SELECT unnest(?::INTEGER[]) AS account) USING (account)"
_COLUMNS: Final = ", ".join(f'"{name}"' for name in ASKED)
_COUNTED: Final = f"SELECT {_COLUMNS} {_THEIRS} LIMIT {MOST + 1}"
_OF_SUBJECTS: Final = "FROM standing_legs SEMI JOIN subjects USING (account)"


class KeptData(LoadedData):
    """What :class:`~casedesk.detection.duck.LoadedData` holds, for any number of runs, each over what is there by then.

    DuckDB keeps it within the memory of the limits, and spills beyond. ``beginning`` is when the earliest transaction was
    booked, in microseconds since 1970 UTC. Where ``broken`` is true, it has failed within, and may serve no longer.

    :raises UnfitSource: if a row does not fit, as for a run.
    """

    _every_leg = "standing_legs"
    _hops: dict[str, Told]
    #: Of whom statements find the legs of the chosen subjects.
    _shown_legs: frozenset[str] | None = None
    _found_before: FoundBefore

    def __init__(self, transactions: pa.Table, accounts: pa.Table, limits: Limits, currency: str) -> None:
        self._open, self._limits, self._currency = ExitStack(), limits, currency
        self._kept_texts, self._digests = limits.kept_texts, {}
        self._lanes, self._took = lanes_within(limits), {}
        self._shown: tuple[pa.Table, pa.Table] | None = None
        self._read: tuple[pa.Table, FewTransactions | None] | None = None
        self._rows, self._hops, self._found_before = 0, {}, FoundBefore()
        self.beginning, self._ending, self.broken = NEVER, ALWAYS, False
        self._recent = Recent()
        self._pending = Pending()
        self._connection = self._open.enter_context(connected(limits))
        self._holders = KnownHolders(self._connection)
        try:
            with in_words(limits):
                self._load(transactions, accounts)
        except BaseException:
            self.close()
            raise

    def _load(self, transactions: pa.Table, accounts: pa.Table) -> None:
        self._show(transactions, accounts)
        self._table(NAMED.get_name(), named_accounts)
        apart = min(APART, _LARGEST // (2 * accounts.num_rows + 2))
        self._connection.execute(_SPREAD.format(named=NAMED.get_name(), apart=apart))
        self._key(Coded.of(transactions, self._currency))
        self._show_transfers(ALWAYS)
        refuse_unfit(self._first)
        self._connection.execute(f"CREATE TABLE ids AS {_IDS}")
        legs = self._sql(all_legs, all_legs.__name__)
        self._connection.execute(f"CREATE TABLE standing_legs AS FROM ({legs}) {_TOGETHER}")
        (self._own,) = one_row(self._connection, f"SELECT count(*) FROM {NAMED.get_name()} WHERE own")
        self._count_legs()
        self._settle(transactions)
        self._show_transfers(ALWAYS)

    def _show(self, transactions: pa.Table, accounts: pa.Table) -> None:
        show(self._connection, transactions, accounts, self._currency, self._rows)
        self._shown = transactions, accounts

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """The connection for statements that ask for transactions: what waits is put into the tables first."""
        if self._pending.rows:
            self._put_in()
        return self._engine

    @_connection.setter
    def _connection(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._engine = connection

    def _put_in(self) -> None:
        try:
            self._pending.put_into(self._engine)
        except BaseException:
            self.broken = True
            raise

    def close(self) -> None:
        """Give memory and folder back."""
        self.broken = True
        self._open.close()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Run something here; what fails within DuckDB leaves it broken."""
        try:
            with in_words(self._limits):
                yield
        except (duckdb.Error, OutOfMemory, RuntimeError, KeyboardInterrupt):
            self.broken = True
            raise

    def add(self, transactions: pa.Table, accounts: pa.Table, digests: Mapping[str, Digest]) -> None:
        """Take in rows that came since, all or none of them.

        :param digests: those of everything, these rows included.
        :raises Crowded: if there is no key left between two accounts; everything is to be loaded anew then.
        """
        with self.guarded():
            few = None if accounts.num_rows else self._few_keyed(transactions)
            if few is None:
                self._add_all(transactions, accounts)
            else:
                self._pending.wait(few)
                self._legs += few.legs.num_rows
                if self._pending.rows > MOST_PENDING:
                    self._put_in()
            self._settle(transactions)
        self._digests = digests

    def _add_all(self, transactions: pa.Table, accounts: pa.Table) -> None:
        if self._shown is None or self._shown[0] is not transactions or self._shown[1] is not accounts:
            self._show(transactions, accounts)
        self._connection.begin()
        try:
            self._add(transactions.num_rows, accounts)
            self._show_transfers(ALWAYS)
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            self.broken = True
            raise

    def _add(self, transactions: int, accounts: pa.Table) -> None:
        if accounts.num_rows:
            self._take_accounts(accounts["account_id"].to_pylist())
        if not transactions:
            return
        self._table("arrived", keyed_transactions)
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {KEYED.get_name()} AS FROM arrived")
        refuse_unfit(self._first)
        self._connection.execute("INSERT INTO all_keyed BY NAME FROM arrived")
        self._connection.execute(f"INSERT INTO standing_legs BY NAME {self._sql(all_legs, all_legs.__name__)}")
        self._connection.execute(f"INSERT INTO ids {_IDS}")
        self._count_legs()

    def _take_accounts(self, account_ids: Sequence[str]) -> None:
        if key_new_accounts(self._connection):
            self._hops.clear()  # they tell who leads
            self._found_before.forget()
            self._parties = None
            self._recent.forget()
        elif self._parties is not None:
            self._parties = parties_with(self._connection, self._parties, account_ids)
        self._holders.came(account_ids)

    def _few_keyed(self, transactions: pa.Table) -> Keyed | None:
        """Make a few transactions ready in memory; None where the engine has to."""
        few = self._few_of(transactions)
        if few is None:
            return None
        return few.keyed(self._rows, self._holders.of(few.sides))

    def _few_of(self, transactions: pa.Table) -> FewTransactions | None:
        """Read a few transactions; mostly they are digested first and added next."""
        if self._read is None or self._read[0] is not transactions:
            self._read = transactions, FewTransactions.of(transactions, self._currency)
        return self._read[1]

    def _settle(self, transactions: pa.Table) -> None:
        """Note what was taken in, and let go of it as it was handed in."""
        booked = pc.min_max(transactions["booked_at"].cast(pa.timestamp("us")).cast(pa.int64())).as_py()
        if (earliest := booked["min"]) is not None:
            self.beginning, self._ending = min(self.beginning, earliest), max(self._ending, booked["max"])
            note_new(self._hops, earliest)
        self._rows += transactions.num_rows
        self._read = None
        if self._shown is not None:
            self._forget()

    def _bring_up(self, first: int, reach: int) -> Lately | None:
        rows, waiting = self._rows - self._pending.rows, self._pending.transfers
        return self._recent.brought_up(self._engine, self._everybody, first, reach, rows, waiting)

    def _forget(self) -> None:
        """Let evidence find the ids where it found what was handed in."""
        self._show_given(self._connection)
        for name in ("transactions", "accounts"):
            self._connection.unregister(name)
        self._shown = None

    def look_back(self, rules: Sequence[Rule], stood: Sequence[Stood]) -> None:
        """Find once more what comes next may join, and make ready what any run asks for, so that no run has to. It changes nothing, and
        what stood need not be whole.

        :param stood: what these rules found, and what the desk holds of it.
        """
        windows = {rule: self._found_before.window(rule) for rule in rules}
        served = {rule.name: window for rule, window in windows.items() if window is not None}
        since = self.ending + 1
        near = {one.account_id for one in stood if one.rule in served and _reaches(one, since - served[one.rule])}
        with self.guarded():
            self._will_ask(rules)
            self._lately(since, 0)
            theirs = self.with_customers(sorted(near))
            chosen = tuple(Subject(account_id, customer_id, since) for account_id, customer_id in theirs.items())
            own = {one.account_id for one in chosen}
            self.look_at(Subjects(chosen, tuple(one for one in stood if one.account_id in own), since, sooner=False))
            self._need_legs()
            try:
                beside(rules, self._lanes, partial(self._lane, KeptData._recalled), {})
            except duckdb.OutOfMemoryException:
                self._found_before.forget()

    def with_customers(self, account_ids: Collection[str]) -> dict[str, str]:
        """Return all accounts of the customers that hold one of these, by id, each with its customer."""
        with self.guarded():
            return self._holders.with_customers(account_ids)

    def _recalled(self, rule: Rule) -> None:
        finding(rule, self._shown_next(rule), kept_texts=self._kept_texts)
        if rule.hopping is not None:
            hops = KeptHops(self._connection, self._sql, self._show_transfers, self._hops)
            hops.show(rule.name, rule.hopping, first_hop(rule, rule.hopping, self.ending + 1))
        if self._found_before.window(rule) is not None:
            self._find_again(rule)

    def _shown_next(self, rule: Rule) -> str:
        """Return what the rule is shown where a run is built upon the last."""
        if rule.reach is Reach.GRAPH:
            return "along" if rule.hopping is None else "along kept hops"
        return "near among peers" if isinstance(rule, AmongPeers) else "near"

    def _find_again(self, rule: Rule) -> None:
        subjects = self._subjects
        judged = None if subjects is None else subjects.judged(rule)
        if subjects is None or judged is None:
            return
        first = subjects.first_look(rule, judged)
        moved = [one for one in subjects.account_ids if judged.moments[one] < first.moments[one]]
        for start in range(0, len(moved), _AT_ONCE):
            part = moved[start : start + _AT_ONCE]
            found = self._found_near(rule, part, judged)
            self._found_before.note(rule, found, first, {one: judged.moments[one] for one in part}, subjects)

    def forget_found(self) -> None:
        """Forget what the rules found: something came that they did not look at, or that no run was stored of."""
        self._found_before.forget()

    def digests_of(self, transactions: pa.Table, accounts: pa.Table) -> Mapping[str, Digest]:
        """Return what the fingerprint is made of, for rows that come to those that are there, and may be added next."""
        with self.guarded():
            few = None if accounts.num_rows else self._few_of(transactions)
            if few is not None:
                return {"transactions": few.digest(), "accounts": Digest(0, (0, 0, 0, 0))}
            self._show(transactions, accounts)
            return digests_here(
                self._connection, {"transactions": transactions.num_rows, "accounts": accounts.num_rows}
            )

    @property
    def ending(self) -> int:
        """When the last transaction was booked, in microseconds since 1970 UTC; ``ALWAYS`` where there is none."""
        return self._ending

    def take_digests(self, digests: Mapping[str, Digest]) -> None:
        """Say which digests everything that is there has."""
        self._digests = digests

    def look_at(self, subjects: Subjects) -> None:
        """Let the rules run as over what :func:`~casedesk.detection.duck.loaded` was given these subjects for."""
        if self._shown is not None:
            self._forget()
        self._look_at(subjects)

    def _show_given(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(_GIVEN)

    def _key_subjects(self, account_ids: Sequence[str]) -> None:
        """Find the chosen subjects and, where they are few, their legs in memory: mostly that is all that is asked for."""
        known = self._holders.of(account_ids)
        holders = [known.get(name, _UNKNOWN) for name in account_ids]
        keys = [holder.key for holder in holders]
        self._take_keys(account_ids, keys)
        self._few = len(account_ids) <= _FEW and self._likely_legs(len(account_ids)) <= MOST
        self._every_leg = "few_legs" if self._few else "standing_legs"
        self._counted = self._shown_legs = None
        if self._few:
            standing = self._engine.sql(_COUNTED, params=[keys]).to_arrow_table()
            waiting = self._pending.legs_of(keys)
            legs = pa.concat_tables([standing, *(part.select(standing.column_names) for part in waiting)])
            if legs.num_rows <= MOST:
                self._counted = Counted(legs, keys, [holder.opened_at for holder in holders], self.beginning)

    def _likely_legs(self, subjects: int) -> float:
        """Return how many legs so many accounts have if they are like the others."""
        return self._legs * subjects / max(self._own, 1)

    def _count_legs(self) -> None:
        (self._legs,) = one_row(self._engine, "SELECT count(*) FROM standing_legs")

    def _need_legs(self, account_ids: Collection[str] | None = None) -> None:
        wanted = frozenset(self._key_by_id if account_ids is None else account_ids)
        if self._shown_legs is not None and self._shown_legs >= wanted:
            return
        if self._shown_legs is not None or self._counted is None:
            wanted = frozenset(self._key_by_id)
        self._shown_legs = wanted
        self._name_subjects()
        for kind, name in (("VIEW", CHOSEN.get_name()), ("TABLE", "few_legs")):
            self._connection.execute(f"DROP {kind} IF EXISTS {name}")
        if self._few:
            self._connection.execute(
                f"CREATE TABLE few_legs AS {_THEIRS}", [[self._key_by_id[name] for name in wanted]]
            )
        self._connection.execute(f"CREATE VIEW {CHOSEN.get_name()} AS {'FROM few_legs' if self._few else _OF_SUBJECTS}")

    def _show_legs(self, moment: int) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {LEGS.get_name()} AS FROM standing_legs{later(moment)}")


def _reaches(one: Stood, moment: int) -> bool:
    return one.last_at is None or one.last_at >= moment
