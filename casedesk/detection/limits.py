"""Where a run works, and what it may use there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casedesk.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use.

    ``threads`` None takes every core. Beyond ``memory_mib`` the engine spills into a folder of its own below ``temporary``
    (None: the system's), which is gone afterwards.

    ``spark`` names the master of an Apache Spark (``local[2]``, ``spark://host:7077``, ``yarn``); None works in this
    process with DuckDB. Of a cluster, ``memory_mib`` is what the driver in this machine may use.

    ``kept_texts`` False writes the SQL of every rule anew, whatever an earlier process kept (``kept_texts.keep_in``).
    """

    memory_mib: int = 4096
    threads: int | None = None
    temporary: Path | None = None
    spark: str | None = None
    kept_texts: bool = True


class OutOfMemory(Unavailable):
    """The memory limit is too small even for a run that spills to disk."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(
            f"Detection could not finish within {limits.memory_mib:,} MiB of memory; raise the memory limit, "
            "or give the temporary folder more room. Nothing was stored."
        )
