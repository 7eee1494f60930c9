"""Units of work: one that can only read, and one that commits once and otherwise rolls back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from casedesk.domain.rates import RateTable
from casedesk.store.advice_store import AdviceReader, AdviceStore
from casedesk.store.alert_store import AlertReader, AlertStore
from casedesk.store.announcement_store import AnnouncementReader, AnnouncementStore
from casedesk.store.api_key_store import ApiKeyReader, ApiKeyStore
from casedesk.store.case_store import CaseReader, CaseStore
from casedesk.store.clock_store import ClockReader, ClockStore
from casedesk.store.dataset_store import DatasetStore
from casedesk.store.direct import BEGUN_BY_STATEMENT
from casedesk.store.disposition_reader import DispositionReader
from casedesk.store.draw_store import DrawReader, DrawStore
from casedesk.store.due_reader import DueReader
from casedesk.store.engines import translation
from casedesk.store.figure_reader import FigureReader
from casedesk.store.filing_store import FilingReader, FilingStore
from casedesk.store.import_store import ImportReader, ImportStore
from casedesk.store.known_accounts import known_accounts
from casedesk.store.language_store import LanguageReader, LanguageStore
from casedesk.store.ledger_store import Ledger, LedgerReader
from casedesk.store.likeness_reader import LikenessReader
from casedesk.store.line_test_store import LineTestReader, LineTestStore
from casedesk.store.list_store import ListReader, ListStore
from casedesk.store.match_store import MatchReader, MatchStore
from casedesk.store.model_store import ModelReader, ModelStore
from casedesk.store.near_payments import NearReader
from casedesk.store.outcome_reader import OutcomeReader
from casedesk.store.party_store import PartyReader, PartyStore
from casedesk.store.people_store import PeopleReader, PeopleStore
from casedesk.store.queue_reader import QueueReader
from casedesk.store.rate_store import RateReader, RateStore, rates_read_last
from casedesk.store.rule_set_store import RuleSetReader, RuleSetStore
from casedesk.store.run_copies import RunCopyReader, RunCopyStore
from casedesk.store.run_data import RunDataReader
from casedesk.store.run_store import RunReader, RunStore
from casedesk.store.score_store import ScoreReader, ScoreStore
from casedesk.store.suppression_store import SuppressionReader, SuppressionStore
from casedesk.store.transaction_store import TransactionReader, TransactionStore
from casedesk.store.webhook_store import WebhookReader, WebhookStore

Store = TypeVar("Store")
Timed = Callable[[], AbstractContextManager[object]]


class _Of(Generic[Store]):
    """A store of the unit's connection, made when it is first asked for: a step needs few of them."""

    def __init__(self, make: Callable[[Connection], Store]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, unit: _Unit, owner: type) -> Store:
        return unit.store(self._name, self._make)


class _Unit:
    """What both units share: one connection, one transaction, and sentences instead of driver errors."""

    _writes = False
    _connection: Connection  # there once the unit is entered
    _stores: dict[str, Any]  # of this connection; a unit may be entered again, and has another one then

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        try:
            connection = self._engine.connect()
        except exc.DBAPIError as error:
            refusal = translation(self._engine, error)
            if refusal is None:
                raise
            raise refusal from error
        options = {"casedesk_writes": self._writes, BEGUN_BY_STATEMENT: self._writes}
        self._connection = connection.execution_options(**options)
        self._stores = {}
        try:
            self._connection.begin()
            self._begun()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def store(self, name: str, make: Callable[[Connection], Store]) -> Store:
        """Return the store of this name, made when it is first asked for."""
        made: Store | None = self._stores.get(name)
        if made is None:
            made = self._stores[name] = make(self._connection)
        return made

    @property
    def rates_read_last(self) -> RateTable | None:
        """The rates that this process read last, which may be others by now; the unit need not be entered."""
        return rates_read_last(self._engine)

    def _begun(self) -> None:
        """Do what comes first in the transaction."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        said = error
        try:
            self._connection.close()  # rolls back what was not committed
        except exc.DBAPIError as at_the_end:
            said = error or at_the_end
        refusal = translation(self._engine, said)
        if refusal is not None:
            raise refusal from said
        if said is not None and said is not error:
            raise said


class Reading(_Unit):
    """A consistent look at the desk. It has no way to commit; what it might write is rolled back."""

    advice = _Of(AdviceReader)
    alerts = _Of(AlertReader)
    announcements = _Of(AnnouncementReader)
    api_keys = _Of(ApiKeyReader)
    cases = _Of(CaseReader)
    clocks = _Of(ClockReader)
    dispositions = _Of(DispositionReader)
    draws = _Of(DrawReader)
    due = _Of(DueReader)
    figures = _Of(FigureReader)
    filings = _Of(FilingReader)
    imports = _Of(ImportReader)
    language = _Of(LanguageReader)
    ledger = _Of(LedgerReader)
    likeness = _Of(LikenessReader)
    line_tests = _Of(LineTestReader)
    lists = _Of(ListReader)
    matches = _Of(MatchReader)
    models = _Of(ModelReader)
    near = _Of(NearReader)
    outcomes = _Of(OutcomeReader)
    parties = _Of(PartyReader)
    people = _Of(PeopleReader)
    queue = _Of(QueueReader)
    rates = _Of(RateReader)
    rule_sets = _Of(RuleSetReader)
    run_copies = _Of(RunCopyReader)
    run_data = _Of(RunDataReader)
    runs = _Of(RunReader)
    scores = _Of(ScoreReader)
    suppressions = _Of(SuppressionReader)
    transactions = _Of(TransactionReader)
    webhooks = _Of(WebhookReader)


class Writing(_Unit):
    """One use case: the ledger's head is locked on entry, and :meth:`commit` is the last line.

    Whatever happens before the commit, an error or a forgotten commit, leaves the database as it was.

    :param committed: called with the ledger's size after a commit that made it longer.
    :param timed: makes what is entered while the database commits, such as a stopwatch.
    """

    _writes = True

    advice = _Of(AdviceStore)
    alerts = _Of(AlertStore)
    announcements = _Of(AnnouncementStore)
    api_keys = _Of(ApiKeyStore)
    clocks = _Of(ClockStore)
    dataset = _Of(DatasetStore)
    draws = _Of(DrawStore)
    due = _Of(DueReader)
    filings = _Of(FilingStore)
    imports = _Of(ImportStore)
    language = _Of(LanguageStore)
    line_tests = _Of(LineTestStore)
    lists = _Of(ListStore)
    matches = _Of(MatchStore)
    models = _Of(ModelStore)
    parties = _Of(PartyStore)
    people = _Of(PeopleStore)
    queue = _Of(QueueReader)
    rates = _Of(RateStore)
    rule_sets = _Of(RuleSetStore)
    run_copies = _Of(RunCopyStore)
    runs = _Of(RunStore)
    scores = _Of(ScoreStore)
    suppressions = _Of(SuppressionStore)
    transactions = _Of(TransactionStore)
    webhooks = _Of(WebhookStore)

    def __init__(
        self, engine: Engine, *, committed: Callable[[int], None] | None = None, timed: Timed = nullcontext
    ) -> None:
        super().__init__(engine)
        self._committed = committed
        self._timed = timed

    def _begun(self) -> None:
        self.ledger = Ledger(self._connection)  # takes the lock: the transaction's first statement
        self.cases = CaseStore(self._connection, self.ledger)
        known_accounts(self._engine).as_of(self.ledger.size)

    def commit(self) -> None:
        """Write the appended events and what follows from them for due dates, and commit, once."""
        longer = self.ledger.flush()
        self.clocks.follow(self.ledger.moved)
        with self._timed():
            self._connection.commit()
        if "parties" in self._stores:
            self.parties.committed()
        if not longer:
            return
        self.ledger.committed()
        if self._committed is not None:
            self._committed(self.ledger.size)
