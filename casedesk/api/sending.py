"""What is sent at about the same time, stored together: the group's one transaction, and one run of the rules for who waits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog

from casedesk import traces
from casedesk.api.access import Call
from casedesk.api.gathering import Gathering
from casedesk.api.state import Served
from casedesk.api.waiting import Found, Looking, look_together
from casedesk.services import posting
from casedesk.services.posting import Became, Posted, Sending

#: Seconds within which somebody else has to come, or a run begins: it takes many times as long, and who misses it waits for two.
_MOMENT: Final = 0.02
_LOG: Final = structlog.get_logger("casedesk.api")


class Sender:
    """Stores what the callers of one process send, and looks at it for those who wait."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._stores: Gathering[Sending, Posted] = Gathering(self._stored, "storing")
        self._looks: Gathering[Looking, Found] = Gathering(look_together, "looking", _MOMENT)

    async def send(self, call: Call, body: bytes, *, atomic: bool) -> Posted:
        """Store what a caller sent.

        :raises NotPosted: for what is neither a transaction nor a list of them.
        :raises TooMuchWaits: if more waits to be stored than the process keeps in memory.
        """
        return await self._stores.ask(Sending(call.actor, call.at, body, call.via, atomic, call.key), len(body))

    async def look(self, call: Call, done: Posted) -> Found:
        """Run the rules over what is new, and return what they say of the transactions that are stored.

        :raises AnotherRun: if other processes stored runs all the time; what was sent is stored all the same.
        """
        stored = (one.transaction_id for one in done.outcomes if one.status in (Became.STORED, Became.DUPLICATE))
        return await self._looks.ask(Looking(call, frozenset(stored)))

    def close(self) -> None:
        """Let what is under way come to its end."""
        self._stores.close()
        self._looks.close()

    def _stored(self, sent: list[Sending]) -> Sequence[Posted | Exception]:
        desk, begun = self._served.desk(), time.perf_counter()
        with traces.span("store", callers=len(sent)) as spanned:
            told = posting.post_together(
                reading=desk.reading, writing=desk.writing, sent=sent, base_currency=desk.settings.base_currency
            )
            became = Counter[Became]()
            for one in told:
                if isinstance(one, Posted):
                    became.update(one.counts)
            spanned.note(
                stored=became[Became.STORED], duplicates=became[Became.DUPLICATE], rejected=became[Became.REJECTED]
            )  # fmt: skip
        _LOG.info(
            "stored_together", count=len(sent), read=became.total(), stored=became[Became.STORED],
            duplicates=became[Became.DUPLICATE], rejected=became[Became.REJECTED],
            duration_ms=round((time.perf_counter() - begun) * 1000, 1),
        )  # fmt: skip
        return told
