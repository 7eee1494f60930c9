"""Write the schema of each database to migrations/schema/, so that a review sees what a migration does to it.

Usage: python scripts/render_schema.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from casedesk.store.schema import MIGRATIONS, render  # noqa: E402 - the line above makes it importable

DIALECTS = ("sqlite", "postgresql", "mssql")


def main() -> None:
    for dialect in DIALECTS:
        target = MIGRATIONS / "schema" / f"{dialect}.sql"
        target.write_text(render(dialect), encoding="utf-8", newline="\n")
        print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
