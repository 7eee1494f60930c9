"""Units of work: one that can only read, and one that commits once and otherwise rolls back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from sqlalchemy.engine import Connection, Engine

from casedesk.store.alert_store import AlertReader, AlertStore
from casedesk.store.case_store import CaseReader, CaseStore
from casedesk.store.dataset_store import DatasetStore
from casedesk.store.direct import BEGUN_BY_STATEMENT
from casedesk.store.draw_store import DrawReader, DrawStore
from casedesk.store.engines import translated
from casedesk.store.filing_store import FilingReader, FilingStore
from casedesk.store.import_store import ImportReader, ImportStore
from casedesk.store.ledger_store import Ledger, LedgerReader
from casedesk.store.line_test_store import LineTestReader, LineTestStore
from casedesk.store.outcome_reader import OutcomeReader
from casedesk.store.party_store import PartyReader, PartyStore
from casedesk.store.people_store import PeopleReader, PeopleStore
from casedesk.store.queue_reader import QueueReader
from casedesk.store.rate_store import RateReader, RateStore
from casedesk.store.rule_set_store import RuleSetReader, RuleSetStore
from casedesk.store.run_copies import RunCopyReader, RunCopyStore
from casedesk.store.run_data import RunDataReader
from casedesk.store.run_store import RunReader, RunStore
from casedesk.store.suppression_store import SuppressionReader, SuppressionStore
from casedesk.store.transaction_store import TransactionReader, TransactionStore


class _Unit:
    """What both units share: one connection, one transaction, and sentences instead of driver errors."""

    _writes = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stack = ExitStack()

    def _open(self) -> Connection:
        self._stack.enter_context(translated(self._engine))
        connection = self._stack.enter_context(self._engine.connect())
        options = {"casedesk_writes": self._writes, BEGUN_BY_STATEMENT: self._writes}
        connection = connection.execution_options(**options)
        self._stack.callback(connection.rollback)  # does nothing after a commit
        connection.begin()
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)


class Reading(_Unit):
    """A consistent look at the desk. It has no way to commit; what it might write is rolled back."""

    def __enter__(self) -> Self:
        try:
            connection = self._open()
        except BaseException as error:
            if self._stack.__exit__(type(error), error, error.__traceback__):
                raise AssertionError("nothing in the stack swallows errors") from error
            raise
        self.alerts = AlertReader(connection)
        self.cases = CaseReader(connection)
        self.draws = DrawReader(connection)
        self.filings = FilingReader(connection)
        self.imports = ImportReader(connection)
        self.ledger = LedgerReader(connection)
        self.line_tests = LineTestReader(connection)
        self.outcomes = OutcomeReader(connection)
        self.parties = PartyReader(connection)
        self.people = PeopleReader(connection)
        self.queue = QueueReader(connection)
        self.rates = RateReader(connection)
        self.rule_sets = RuleSetReader(connection)
        self.run_copies = RunCopyReader(connection)
        self.run_data = RunDataReader(connection)
        self.runs = RunReader(connection)
        self.suppressions = SuppressionReader(connection)
        self.transactions = TransactionReader(connection)
        return self


class Writing(_Unit):
    """One use case: the ledger's head is locked on entry, and :meth:`commit` is the last line.

    Whatever happens before the commit, an error or a forgotten commit, leaves the database as it was.

    :param committed: called with the ledger's size after a commit that made it longer.
    """

    _writes = True

    def __init__(self, engine: Engine, *, committed: Callable[[int], None] | None = None) -> None:
        super().__init__(engine)
        self._committed = committed

    def __enter__(self) -> Self:
        try:
            self._connection = self._open()
            self.ledger = Ledger(self._connection)  # takes the lock: the transaction's first statement
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        self.alerts = AlertStore(self._connection)
        self.cases = CaseStore(self._connection, self.ledger)
        self.dataset = DatasetStore(self._connection)
        self.draws = DrawStore(self._connection)
        self.filings = FilingStore(self._connection)
        self.imports = ImportStore(self._connection)
        self.line_tests = LineTestStore(self._connection)
        self.parties = PartyStore(self._connection)
        self.people = PeopleStore(self._connection)
        self.queue = QueueReader(self._connection)
        self.rates = RateStore(self._connection)
        self.rule_sets = RuleSetStore(self._connection)
        self.run_copies = RunCopyStore(self._connection)
        self.runs = RunStore(self._connection)
        self.suppressions = SuppressionStore(self._connection)
        self.transactions = TransactionStore(self._connection)
        return self

    def commit(self) -> None:
        """Write the appended events and commit, once."""
        longer = self.ledger.flush()
        self._connection.commit()
        if not longer:
            return
        self.ledger.committed()
        if self._committed is not None:
            self._committed(self.ledger.size)
