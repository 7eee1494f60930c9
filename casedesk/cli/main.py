"""The command `casedesk`, and what holds for all of them.

Exit codes: 0 done; 1 the answer is no (tampered, picks differ, rows rejected); 2 refused or not usable; 130 stopped.
"""

from __future__ import annotations

import io
import sys


def run() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a console without our quotation marks still gets the text
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        from casedesk.cli.commands import carry_out  # takes most of a second, in which Ctrl-C may come, too

        code = carry_out(arguments)
    except KeyboardInterrupt:
        code = 130
    if code == 130:
        print("Stopped; nothing is half-written. Start the command again to go on.", file=sys.stderr, flush=True)
    return code
