"""A progress bar on standard error, where standard error is a terminal; elsewhere nothing is printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

#: Takes what is being done, how far it is, and how far it goes.
Update = Callable[[str, int, int], None]


@contextmanager
def bar(style: Literal["count", "bytes", "share"] = "count") -> Iterator[Update]:
    """Show a bar while the block runs.

    :param style: how the distance is printed; with ``share`` all steps are one bar, otherwise each has its own.
    """
    if not sys.stderr.isatty():
        yield _nothing
        return
    from rich import progress
    from rich.console import Console
    from rich.markup import escape

    column = {
        "count": progress.MofNCompleteColumn,
        "bytes": progress.DownloadColumn,
        "share": progress.TaskProgressColumn,
    }[style]()
    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), column, progress.TimeRemainingColumn())
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, progress.TaskID] = {}

        def update(what: str, done: int, total: int) -> None:
            key = "" if style == "share" else what
            if key not in tasks:
                tasks[key] = shown.add_task("", total=total)
            shown.update(tasks[key], description=escape(what), completed=done, total=total)

        yield update


def _nothing(what: str, done: int, total: int) -> None:
    """Show nothing."""
