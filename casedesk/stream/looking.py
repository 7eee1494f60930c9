"""The rules, run over what was stored meanwhile, for as long as the worker runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from casedesk import logs, traces
from casedesk.bootstrap import Desk
from casedesk.domain.people import Person
from casedesk.errors import CasedeskError
from casedesk.services import announcing, detecting, warming
from casedesk.services.following import Following, follow, make_room
from casedesk.services.warm import Warm
from casedesk.stream.announcing import Announcing
from casedesk.stream.figures import Figures

_log = structlog.get_logger("casedesk.stream")

#: Seconds without a batch after which the thread looks whether another worker left something behind.
IDLE: Final = 2.0
#: Seconds before a failed run is started again: the first time, and at the most.
_PATIENCE: Final = (0.2, 30.0)
#: How long the rules give way while storing is behind: as long as the run before took, but no longer than so many seconds; and how often
#: they look whether it still is.
_MOST_GIVEN: Final = 5.0
_GLANCE: Final = 0.05
#: Seconds that a run waits at the most for what has come by then to be stored.
_GATHERING: Final = 0.25
#: How often a run is started again at once because another worker stored one meanwhile.
_TRIES: Final = 5


class Looking(threading.Thread):
    """Runs the rules after each batch, and announces what they raised.

    While a run is under way the next batches are stored; the run after it looks at all of them. So a slow rule delays alerts,
    and loses none.
    """

    def __init__(
        self,
        desk: Desk,
        actor: Person,
        announce: Announcing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        figures: Figures | None = None,
    ) -> None:
        super().__init__(name="rules", daemon=True)
        self._figures = figures or Figures()
        self._desk, self._actor, self._announcing, self._now = desk, actor, announce, now
        self._warm = Warm()
        self._arriving: float | None = None  # when the first message came of the batch that is being stored
        self._since: float | None = None  # when the first message came that no run has looked at
        self._behind: float | None = None  # the same of what was looked at and not announced
        self._advise = False  # whether a run changed something that is to be advised on
        self._storing_behind: Callable[[], bool] = lambda: False
        self._gather: Callable[[float], None] = lambda _: None
        self.running = False  # what is stored while it is true, only the next run looks at
        self._stopping = False
        self._changed = threading.Condition()
        self._following = Following(self._follow, _not_advised)
        self.runs = self.announced = 0

    def give_way_while(self, behind: Callable[[], bool]) -> None:
        """Let a pause follow each run while this is true, so that the rules take half of the time at the most.

        What comes meanwhile one run looks at, which costs less than two. Nothing waits longer for it than by those few seconds.
        """
        self._storing_behind = behind

    def gather_by(self, gather: Callable[[float], None]) -> None:
        """Before each run let what has come by then be stored, in so many seconds at the most, so that the run looks at it."""
        self._gather = gather

    def expect(self, received: float) -> None:
        """Say that something is about to be stored whose first message came at this moment of the monotonic clock."""
        with self._changed:
            self._arriving = received

    def notice(self, received: float | None) -> None:
        """Say that it is stored; None if nothing of it was new."""
        with self._changed:
            self._arriving, self._since = None, _earlier(self._since, received)
            self._changed.notify_all()

    def finish(self, seconds: float) -> bool:
        """Let it look at what was stored, and end; return False if that takes longer than so many seconds."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """Look until told to finish; once at the beginning, for what was stored before a crash."""
        self._following.notice()
        try:
            self._load()
            self._until_finished()
        finally:
            self.forget()

    def _load(self) -> None:
        """Load what is stored, so that the first alerts need not wait for it."""
        currency = self._desk.settings.base_currency
        try:
            warming.load(look=self._desk.reading(), actor=self._actor, base_currency=currency, warm=self._warm)
        except Exception as error:  # noqa: BLE001  # the first run meets it again, and says so
            _log.warning("stream_not_loaded", exc_info=error)

    def forget(self) -> None:
        """Let advice come to its end, and give back what is kept from run to run."""
        self._following.close()
        self._warm.forget()

    def _until_finished(self) -> None:
        patience = _PATIENCE[0]
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._since is not None or self._stopping, IDLE)
                due = self._since is not None and not self._stopping
            if due:
                self._gather(_GATHERING)
            with self._changed:
                since, self._since = self._since, None
                last = self._stopping
            begun = time.monotonic()
            if self.look(since):
                patience = _PATIENCE[0]
                if last and self._since is None:
                    return
                self._give_way(time.monotonic() - begun)
            elif last:
                return  # what is left, the next worker looks at
            else:
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, patience)
                patience = min(2 * patience, _PATIENCE[1])

    def _give_way(self, seconds: float) -> None:
        end = time.monotonic() + min(seconds, _MOST_GIVEN)
        with self._changed:
            while not self._stopping and self._storing_behind() and time.monotonic() < end:
                self._changed.wait(_GLANCE)

    def look(self, since: float | None) -> bool:
        """Run the rules if there is anything new, and announce; return False if it has to be tried again."""
        try:
            self.running = since is not None
            if since is not None or announcing.unseen(uow=self._desk.reading(), actor=self._actor):
                with self._figures.run_seconds.time():
                    self._detect()
                self.runs += 1
                self._behind, since = _earlier(self._behind, self._seen(since)), None
            told = self._told()
            self.announced += told
            if self._behind is not None:
                self._figures.announced(told, time.monotonic() - self._behind)
            self._behind = None
        except CasedeskError as refusal:
            _log.warning("stream_run_waits", exc_info=refusal)
        except Exception as error:  # noqa: BLE001  # a rule that fails stops no storing, and nothing of its run was stored
            _log.error("stream_run_failed", reference=logs.reference(), exc_info=error)
        else:
            return True
        finally:
            self._idle()
        with self._changed:
            self._since = _earlier(self._since, since)
        return False

    def _idle(self) -> None:
        with self._changed:
            self.running = False
            self._changed.notify_all()

    def _seen(self, since: float | None) -> float | None:
        """Say when the first came of what a run saw, which it may have seen before anybody gave notice of it."""
        with self._changed:
            return _earlier(self._since, self._arriving) if since is None else since

    def _told(self) -> int:
        """Announce, and only then have advised on what runs changed: an alert does not wait for what is said of it."""
        try:
            with traces.span("announce") as spanned:
                told = self._announcing.announce(self._behind)
                spanned.note(announced=told)
                return told
        finally:
            if self._advise:
                self._advise = False
                self._following.notice()

    def _detect(self) -> None:
        """Run the rules; again where another worker stored a run meanwhile.

        :raises AnotherRun: if others stored runs all the time.
        """
        for left in range(_TRIES - 1, -1, -1):
            try:
                with traces.span("run rules") as spanned:
                    done = detecting.detect(
                        look=self._desk.reading(), uow=self._desk.writing(), actor=self._actor, at=self._now(),
                        base_currency=self._desk.settings.base_currency, warm=self._warm, clock=self._now,
                    )  # fmt: skip
                    spanned.note(transactions=done.transactions, alerts=done.new_alerts, grown=done.grown_alerts)
            except detecting.AnotherRun:
                if not announcing.unseen(uow=self._desk.reading(), actor=self._actor):
                    return  # that run saw all there is
                if not left:
                    raise
            else:
                self._advise |= done.changed
                return

    def _follow(self) -> None:
        """Advise on what runs changed, beside the next of them."""
        desk = self._desk
        follow(
            reading=desk.reading, writing=desk.writing, at=self._now(), base_currency=desk.settings.base_currency,
            counsel=desk.counsel, via="stream", between=partial(make_room, until_free=self._until_free),
        )  # fmt: skip

    def _until_free(self, seconds: float) -> None:
        """Let advice wait for the runs that are due, in so many seconds: an alert does not wait for what is said of others."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._busy, seconds)

    @property
    def _busy(self) -> bool:
        return self.running or self._since is not None


def _not_advised(failure: Exception) -> None:
    _log.warning("advice_waits", error_type=type(failure).__name__, exc_info=failure)


def _earlier(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)
