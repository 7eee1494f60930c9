"""What the processes of the upgrades' race do."""

from __future__ import annotations

from casedesk.store.engines import make_engine
from casedesk.store.schema import require_current, upgrade


def upgrade_in_another_process(address: str) -> None:
    engine = make_engine(address, lock_timeout=60.0)
    upgrade(engine)
    require_current(engine)
