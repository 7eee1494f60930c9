"""The composition root: settings become an engine, and the engine becomes a desk that hands out units of work."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from typing import Any

from casedesk.anchoring import Anchoring
from casedesk.detection.kept_texts import keep_in
from casedesk.domain.alerts import Alert
from casedesk.domain.reports.institution import Institution
from casedesk.errors import CasedeskError, Unavailable
from casedesk.formats.institution_file import read_institution
from casedesk.language.cache import Memory, Redis
from casedesk.language.endpoint import Endpoint
from casedesk.outbox import keys
from casedesk.outbox.targets import Targets
from casedesk.outbox.worker import Outbox
from casedesk.services.counsel import Budget, Counsel
from casedesk.services.graphs import Graphs
from casedesk.services.scorers import Scorers
from casedesk.settings import PREFIX, BadSettings, Settings, load_settings
from casedesk.store import schema
from casedesk.store.engines import Engine, make_engine, translated
from casedesk.store.scrubbing import scrub
from casedesk.store.unit_of_work import Reading, Timed, Writing

__all__ = [
    "Desk",
    "Reading",
    "Writing",
    "budget_of",
    "collect_seldom",
    "database_state",
    "open_desk",
    "upgrade_database",
]


class NoInstitution(Unavailable):
    """Nobody has said who the institution is."""

    def __init__(self) -> None:
        super().__init__("No institution's profile is set; name its file, TOML or JSON, in CASEDESK_INSTITUTION.")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every entrypoint works with: settings, and units of work over one engine."""

    settings: Settings
    _engine: Engine = field(repr=False)
    checkpoints: Anchoring = field(repr=False)
    _timed: Timed = field(default=nullcontext, repr=False)
    graphs: Graphs = field(default_factory=Graphs, repr=False)  # what explanations of scores are read from
    scorers: Scorers = field(default_factory=Scorers, repr=False)  # the model that scores single payments
    counsel: Counsel | None = field(default=None, repr=False)  # the third level of advice, where it is switched on

    def reading(self) -> Reading:
        """Return a unit of work that cannot change anything."""
        return Reading(self._engine)

    def writing(self) -> Writing:
        """Return a unit of work that commits once."""
        return Writing(self._engine, committed=self.checkpoints.committed, timed=self._timed)

    def scrub(self) -> bool:
        """Leave nothing in the database's files of what was removed.

        :return: False where the database's administrator has to do it.
        :raises DatabaseBusy: if somebody reads or writes.
        """
        return scrub(self._engine)

    def left_by_purge(self) -> str:
        """Scrub after a purge, and return the sentence for what is left to be done; empty if nothing is."""
        left = "The bytes of what was purged are still in the database's files"
        try:
            return "" if self.scrub() else f"{left}; its administrator has to give them free."
        except CasedeskError as refusal:
            return f"{left}. {refusal}"

    def outbox(self, tell: Callable[[Alert], dict[str, Any]]) -> Outbox:
        """Return what works off the webhooks; ``tell`` says what a receiver is told of an alert."""
        key = partial(keys.load, self.settings.webhook_key_path)
        return Outbox(self.reading, self.writing, key, self.targets, tell)

    @property
    def targets(self) -> Targets:
        """Which addresses webhooks may have."""
        hosts = tuple(filter(None, self.settings.webhook_hosts.split(",")))
        return Targets(hosts, demo=self.settings.auth == "demo")

    def webhook_key(self) -> bytes:
        """Return the key from which webhooks' secrets are derived; it is made when it is first asked for.

        :raises NoWebhookKey: if it can be neither read nor made.
        """
        return keys.load_or_make(self.settings.webhook_key_path)

    def institution(self) -> Institution:
        """Return the institution's profile as its file says by now.

        :raises NoInstitution: if the settings name none.
        :raises BadInstitution: naming each field that is wrong.
        """
        path = self.settings.institution_path
        if path is None:
            raise NoInstitution
        return read_institution(path)

    def require_current(self) -> None:
        """Refuse a database that is not at this desk's migration.

        :raises Unavailable: naming where the database stands and the command that mends it.
        """
        with translated(self._engine):
            schema.require_current(self._engine)

    def close(self) -> None:
        """Sign what is due and give the connections back."""
        self.checkpoints.close()
        self._engine.dispose()


#: New containers before Python looks for cycles among them; its own default is 700.
_YOUNG = 50_000


def collect_seldom() -> None:
    """Let this process look for cyclic garbage less often.

    A run or a verification makes hundreds of thousands of small objects that all live to its end and hold no cycles. Walking
    them again and again took a quarter of a verification's time.
    """
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


def open_desk(settings: Settings | None = None, *, check: bool = True, timed: Timed = nullcontext) -> Desk:
    """Open a desk.

    :param settings: read from the environment when not given.
    :param timed: makes what is entered while a unit of work commits; the figures of a serving process use it.
    :param check: False skips the look at the schema, for commands that are about to change it.
    :raises Unavailable: for a wrong setting, or a database that does not answer or is of another version.
    """
    collect_seldom()
    settings = settings or load_settings()
    keep_in(settings.cache_path)
    engine = make_engine(settings.database_url, lock_timeout=settings.lock_timeout_seconds)
    counsel = _counsel(settings, lambda: Writing(engine)) if settings.llm else None
    desk = Desk(settings, engine, Anchoring(settings, lambda: Reading(engine)), timed, counsel=counsel)
    if check:
        desk.require_current()
    return desk


def budget_of(settings: Settings) -> Budget | None:
    """Return what may be spent on a language model in a day; None where none is switched on."""
    return Budget(settings.llm_daily_money, settings.llm_daily_calls) if settings.llm else None


def _counsel(settings: Settings, writing: Callable[[], Writing]) -> Counsel:
    """Build the third level of advice.

    :raises BadSettings: if it is switched on and something that it cannot do without is not set or not installed.
    """
    needed: dict[str, object] = {"llm_url": settings.llm_url, "llm_model": settings.llm_model}
    needed |= {"llm_price_in": settings.llm_price_in, "llm_price_out": settings.llm_price_out}
    missing = [PREFIX + name.upper() for name, value in needed.items() if value in ("", None)]
    if missing:
        raise BadSettings(
            f"{PREFIX}LLM is on, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set. A price of 0 is for "
            f"a model that costs nothing; to do without a language model, unset {PREFIX}LLM."
        )
    if find_spec("openai") is None:
        raise BadSettings(
            f"{PREFIX}LLM is on, and the desk was installed without the extra “llm”, which speaks to a language model: "
            f"python -m pip install -e '.[llm]'; to do without one, unset {PREFIX}LLM."
        )
    endpoint = Endpoint(
        settings.llm_url, settings.llm_model, settings.llm_key, settings.llm_timeout_seconds,
        settings.llm_price_in or Decimal(0), settings.llm_price_out or Decimal(0),
    )  # fmt: skip
    return Counsel(
        asks=endpoint,
        budget=Budget(settings.llm_daily_money, settings.llm_daily_calls),
        band=settings.llm_shares,
        cache=Redis(settings.redis_url) if settings.redis_url else Memory(),
        writing=writing,
    )


def upgrade_database(settings: Settings | None = None) -> schema.SchemaState:
    """Bring the database to this desk's migration, and return where it stood before."""
    settings = settings or load_settings()
    engine = make_engine(settings.database_url, lock_timeout=settings.lock_timeout_seconds)
    try:
        with translated(engine):
            before = schema.state(engine)
            schema.upgrade(engine)
        return before
    finally:
        engine.dispose()


def database_state(settings: Settings | None = None) -> schema.SchemaState:
    """Return where the database stands; nothing is written."""
    settings = settings or load_settings()
    engine = make_engine(settings.database_url, lock_timeout=settings.lock_timeout_seconds)
    try:
        with translated(engine):
            return schema.state(engine)
    finally:
        engine.dispose()
