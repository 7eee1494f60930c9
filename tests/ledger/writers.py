"""What the processes of the tests do."""

from __future__ import annotations

import sys
import time

from casedesk.store.engines import make_engine
from casedesk.store.unit_of_work import Writing
from tests.store.builders import note, step


def append(address: str, who: str, case_ids: list[str], times: int) -> None:
    """Add ``times`` notes to each case, each in a transaction of its own."""
    engine = make_engine(address, lock_timeout=120.0)
    for n in range(times):
        for case_id in case_ids:
            with Writing(engine) as uow:
                step(uow, uow.cases.get(case_id), note(f"{who} {n}"), who)
                uow.commit()
    engine.dispose()


def main() -> None:
    """Write notes until killed; with ``flushed``, stop between the flush and the commit."""
    address, case_id, how = sys.argv[1:4]
    engine = make_engine(address, lock_timeout=30.0)
    while True:
        with Writing(engine) as uow:
            step(uow, uow.cases.get(case_id), note("x" * 2000), "ana")
            if how == "flushed":
                uow.ledger.flush()
                print("flushed", flush=True)
                time.sleep(600)
            uow.commit()
        print("committed", flush=True)


if __name__ == "__main__":
    main()
