"""`casedesk seed` and `casedesk load-csv`: a demo bank, and a whole desk as files."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from casedesk.cli.moments import day
from casedesk.cli.printing import remark, say
from casedesk.cli.progress import bar
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Session, opened
from casedesk.domain.counts import counted


def seed(
    customers: Annotated[int, typer.Option(metavar="N", help="How many customers.")] = 400,
    days: Annotated[int, typer.Option(metavar="N", help="How many days of transactions.")] = 120,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same bank.")] = 7,
    end: Annotated[str, typer.Option(metavar="DAY", help="The day the bank's story ends. Default: today, UTC.")] = "",
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Leave a desk that is in use as it is.")] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the desk as CSV files; an empty desk is seeded first.")
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the bank's files and the labels of what was planted here.")
    ] = None,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Fill an empty desk with a demo bank: customers, transactions, alerts, and cases in every state."""
    last = day(end, "--end") if end else None
    with opened(user) as session:
        from seeds.demo import is_empty

        if (if_empty or csv is not None) and not is_empty(session.desk):
            remark("The desk is in use; nothing was added to it.")
        else:
            _build(session, customers, days, seed, last, dataset)
        if csv is not None:
            _write(session, csv)


def _build(session: Session, customers: int, days: int, seed: int, last: date | None, labels_dir: Path | None) -> None:
    from seeds.demo import build_demo

    now = session.at if last is None else min(session.at, datetime.combine(last, time(18), UTC))
    with bar("share") as update:
        made = build_demo(
            session.desk,
            customers=customers,
            days=days,
            seed=seed,
            now=now,
            labels_dir=labels_dir,
            progress=lambda share, what: update(what, int(share * 1000), 1000),
        )
    say(
        f"The demo bank is ready: {counted(made.customers, 'customer')}, {counted(made.transactions, 'transaction')}, "
        f"{counted(made.alerts, 'alert')}, {counted(made.cases, 'case')}, {counted(made.events, 'event')}."
    )


def _write(session: Session, folder: Path) -> None:
    from casedesk.services import dataset

    written = dataset.write_csv(uow=session.desk.writing(), actor=session.actor, at=datetime.now(UTC), folder=folder)
    for name, rows in written.items():
        say(f"{folder / name}: {counted(rows, 'row')}")


def load_csv(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder written by “casedesk seed --csv DIR”.")],
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Load a whole desk from files into an empty database. An altered file is refused, and nothing is stored."""
    with opened(user) as session, bar() as update:
        from casedesk.services import dataset

        loaded = dataset.load_csv(uow=session.desk.writing(), actor=session.actor, folder=folder, progress=update)
    say(
        f"Loaded {counted(sum(loaded.values()), 'row')} from {counted(len(loaded), 'file')}; every chain and every case agrees."
    )
