"""Processes beside the one of a test. Each is forked from a server that read the code once: reading it takes a second or two.

What such a process does stands in a module of its own that imports no more than that.
"""

from __future__ import annotations

import multiprocessing
import sys
from typing import Any

#: There is one server in a process of tests, for all its rooms. Windows has none; there each process reads the code itself.
BESIDE: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
if sys.platform != "win32":
    BESIDE.set_forkserver_preload(
        [
            "casedesk.bootstrap",
            "casedesk.cli.commands",
            "casedesk.cli.detecting",
            "casedesk.cli.importing",
            "casedesk.cli.streaming",
            "seeds.feed",
            "tests.cli.sticking",
            "tests.ledger.writers",
            "tests.services.spenders",
            "tests.store.upgrading",
            "tests.stream.killing",
        ]
    )
