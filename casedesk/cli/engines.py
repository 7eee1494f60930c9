"""What computes: this process, or Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.detection.limits import Limits

Master = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Spark's master: local[N], spark://HOST:PORT, yarn ... Default: this machine."),
]


def limits_of(here: str, engine: str, master: str | None, memory_mib: int, threads: int | None = None) -> Limits:
    """Return what a run may use.

    :param here: what the engine in this process is called.
    :raises Invalid: if there is no such engine, or a master is named for none.
    """
    from casedesk.services import detecting

    if engine not in (here, "spark"):
        raise Invalid(f"There is no engine “{engine}”; choose {here} or spark.")
    if engine == "spark":
        return detecting.Limits(memory_mib=memory_mib, threads=threads, spark=master or "local[*]")
    if master is not None:
        raise Invalid("--master names a Spark; add --engine spark, or leave it out.")
    return detecting.Limits(memory_mib=memory_mib, threads=threads)
