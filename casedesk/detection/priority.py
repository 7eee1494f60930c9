"""Rules give way to people: what they compute takes the processor when nobody else wants it.

A run over many transactions keeps every core busy for seconds, and a page that is being drawn meanwhile has to share them. To the
scheduler of Linux a thread may be less urgent than others, of other processes as well. The runs take as long as before where nothing
else works. What holds the desk's lock, which others wait for, is never done there.
"""

from __future__ import annotations

import os
import sys
from typing import Final

#: Steps of ``nice``: a tenth of the weight of a thread that has work of its own (sched(7)).
LESS_URGENT: Final = 10


def give_way() -> None:
    """Make this thread, and those it starts, less urgent for as long as it lives. Only Linux has this for a single thread."""
    if sys.platform == "linux":
        os.nice(LESS_URGENT)
