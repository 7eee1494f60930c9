from __future__ import annotations

import itertools
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from casedesk.domain.events import DispositionSet
from casedesk.domain.expected_value import value_rank
from casedesk.domain.verification import Verdict
from casedesk.services.audit import verify_database
from casedesk.store import schema
from casedesk.store.engines import make_engine
from casedesk.store.schema import SchemaBehind, SchemaUnknown, require_current, state, upgrade
from casedesk.store.tables import cases, ledger_head, metadata
from casedesk.store.unit_of_work import Reading, Writing
from scripts.render_schema import DIALECTS
from tests.databases import Kind
from tests.processes import BESIDE
from tests.store.builders import filled, step
from tests.store.upgrading import upgrade_in_another_process

HEAD = "0024_findings_as_held"

#: What a migration adds to rows that were there: the value of each new column, by table.
ADDED = {
    "0001_the_desk_opens": {"transactions": (0,), "accounts": (0, 0), "detection_runs": (0, "", "")},
    "0006_policy_and_holds": {"detection_findings": (None, None)},
    "0008_filings": {"case_events": ("",)},
    "0015_announced_alerts": {"detection_runs": (None,)},
    "0018_advice": {"cases": (lambda row: rank_of(dict(zip(cases.columns.keys(), row, strict=False))),)},
    "0022_models": {"alerts": (None,)},
}
NEW_TABLES = {
    "0001_the_desk_opens": ("detection_findings",),
    "0002_runs_can_be_replayed": ("rule_sets",),
    "0003_rule_sets": ("suppressions", "suppressed_alerts"),
    "0004_suppressions": ("line_tests", "line_test_picks"),
    "0007_spans_of_findings": ("batches", "filings"),
    "0010_unassigned_by_index": ("clocks",),
    "0011_clocks": ("withdrawn_batches",),
    "0012_withdrawn_batches": ("api_keys",),
    "0013_api_keys": ("run_copies",),
    "0014_copies_for_runs": ("announcements",),
    "0015_announced_alerts": ("receipts", "api_key_uses"),
    "0016_figures_of_operation": ("party_lists", "party_list_entries", "name_matches", "scoring_runs", "risk_scores"),
    "0017_lists_and_scores": ("advice", "cascade_steps", "language_calls"),
    "0020_findings_by_subject": ("webhook_deliveries", "webhooks"),
    "0021_webhooks": ("model_versions", "model_files", "model_runs", "model_scores"),
}


@pytest.fixture
def empty(kind: Kind) -> Any:
    address = kind.empty()
    engine = make_engine(address, lock_timeout=20.0)
    yield engine
    engine.dispose()
    kind.drop(address)


def revisions() -> list[str]:
    """All revisions, oldest first."""
    return [script.revision for script in ScriptDirectory(schema.MIGRATIONS).walk_revisions()][::-1]


def contents(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that is there, as the driver returns it."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with engine.connect() as connection:
        for name in sa.inspect(connection).get_table_names():
            quoted = connection.dialect.identifier_preparer.quote(name)
            rows = connection.exec_driver_sql(f"SELECT * FROM {quoted}").all()
            found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def test_the_models_are_what_the_migrations_make(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_there_is_one_head_and_one_line_to_it() -> None:
    script = ScriptDirectory(schema.MIGRATIONS)
    assert script.get_heads() == [HEAD]
    assert script.get_bases() == ["0001_the_desk_opens"]
    assert all(isinstance(one.down_revision, str | None) for one in script.walk_revisions())


def test_every_migration_has_its_note_and_imports_nothing_that_changes() -> None:
    notes = (schema.MIGRATIONS / "NOTES.md").read_text(encoding="utf-8")
    for revision in revisions():
        entry = notes.partition(f"\n## {revision}\n")[2].partition("\n## ")[0]
        for word in ("**Why.**", "**Risk.**", "**Downgrade.**"):
            assert word in entry, f"migrations/NOTES.md says nothing of {word} for {revision}"
    frozen = [
        *(schema.MIGRATIONS / "versions").glob("*.py"),
        *map(schema.MIGRATIONS.joinpath, ("columns.py", "append_only.py", "removable.py")),
    ]
    assert len(frozen) == len(revisions()) + 3
    for path in frozen:
        assert "casedesk." not in path.read_text(encoding="utf-8").replace("'casedesk.", ""), path.name


def test_an_empty_database_is_named_so_and_upgraded(empty: Engine) -> None:
    assert state(empty) == schema.SchemaState("", HEAD, empty=True)
    with pytest.raises(SchemaBehind, match="is empty; run: casedesk db upgrade"):
        require_current(empty)
    upgrade(empty)
    assert state(empty) == schema.SchemaState(HEAD, HEAD, empty=False)
    require_current(empty)
    with Reading(empty) as uow:
        assert uow.ledger.head().size == 0
    with empty.connect() as connection:
        assert len(connection.execute(sa.select(ledger_head)).all()) == 1


def test_an_upgrade_changes_no_row_of_a_filled_database(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From every revision there ever was, the newest first: the way back to an older one leads through it and loses what it lost.

    No text is removable, as in a desk before.
    """
    upgrade(empty)
    upgrades_without_a_change(empty, start="")
    real = secrets.token_hex
    monkeypatch.setattr(secrets, "token_hex", lambda size: "" if size == 32 else real(size))
    filled(empty)
    close_one(empty)
    for start in reversed(revisions()):
        schema.downgrade(empty, start)
        assert upgrades_without_a_change(empty, start) > 60
        assert verify_database(uow=Reading(empty)).verdict is Verdict.VERIFIED, start


def upgrades_without_a_change(engine: Engine, start: str) -> int:
    """Upgrade from ``start`` and return how many rows were there before."""
    before = contents(engine)
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        command.upgrade(schema._config(connection), "head")
    assert contents(engine) == as_upgraded(before, start), start
    upgrade(engine)
    after = contents(engine)
    assert {**after, "clocks": []} == {**as_upgraded(before, start), "clocks": []}, start
    assert len(after["clocks"]) == bool(start), start
    return sum(map(len, before.values()))


def close_one(engine: Engine) -> None:
    """Close the case that is worked on without a report, so that it has a due date besides that of its report."""
    with Writing(engine) as uow:
        case = uow.cases.get("C-26-00002")
        step(uow, case, DispositionSet(disposition="No SAR", approval="required", via="app", notes="Salary"), "ben")
        uow.commit()


def rank_of(case: dict[str, Any]) -> int:
    due_at = datetime.fromisoformat(str(case["due_at"])).replace(tzinfo=UTC)
    return value_rank(case["severity"], case["amount_minor"], due_at)


def as_upgraded(before: dict[str, list[tuple[Any, ...]]], start: str) -> dict[str, list[tuple[Any, ...]]]:
    """What the rows of a revision are at the newest: as they were, with the values of the columns that came."""
    rows = {**before, "alembic_version": [(HEAD,)]}
    for revision in revisions()[revisions().index(start) :] if start else ():
        rows = {**{name: [] for name in NEW_TABLES.get(revision, ())}, **rows}
        for table, values in ADDED.get(revision, {}).items():
            rows[table] = sorted(
                ((*row, *(value(row) if callable(value) else value for value in values)) for row in rows[table]),
                key=repr,
            )
    return rows


def test_a_database_stamped_behind_is_refused_with_the_command(engine: Engine) -> None:
    set_version(engine, None)
    with pytest.raises(SchemaUnknown, match="holds tables of another program"):
        require_current(engine)
    set_version(engine, "9999_from_the_future")
    for look in (require_current, upgrade):
        with pytest.raises(SchemaUnknown, match="“9999_from_the_future”, which this desk does not know.*newer version"):
            look(engine)
    set_version(engine, HEAD)
    require_current(engine)


def set_version(engine: Engine, revision: str | None) -> None:
    with engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        connection.exec_driver_sql("DELETE FROM alembic_version")
        if revision:
            connection.exec_driver_sql(f"INSERT INTO alembic_version (version_num) VALUES ('{revision}')")


def test_a_database_one_migration_behind_is_told_so(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Next:
        """The script folder with one more migration on top."""

        def __init__(self) -> None:
            self.real = ScriptDirectory(schema.MIGRATIONS)

        def get_current_head(self) -> str:
            return "0003_next"

        def walk_revisions(self) -> Any:
            return self.real.walk_revisions()

        def iterate_revisions(self, upper: str, lower: str) -> Any:
            return itertools.chain(["0003_next"], self.real.iterate_revisions(HEAD, lower))

    monkeypatch.setattr(schema, "_script", Next)
    with pytest.raises(
        SchemaBehind, match=r"The database is one migration behind this desk .*; run: casedesk db upgrade"
    ):
        require_current(sqlite_engine)


def test_a_failing_migration_leaves_nothing_behind(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    import migrations.append_only

    monkeypatch.setitem(migrations.append_only._GUARD, empty.dialect.name, ("CREATE NONSENSE",))
    with pytest.raises(Exception, match=r"(?i)nonsense|syntax"):
        upgrade(empty)
    assert contents(empty) == {}
    monkeypatch.undo()
    upgrade(empty)
    require_current(empty)


def test_three_processes_may_upgrade_at_once(empty: Engine) -> None:
    empty.connect().close()  # makes the file and its journal mode, which cannot be raced
    address = empty.url.render_as_string(hide_password=False)
    others = [BESIDE.Process(target=upgrade_in_another_process, args=(address,)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join(90)
    assert [other.exitcode for other in others] == [0, 0, 0]
    require_current(empty)


def test_a_downgrade_takes_everything_back_as_long_as_the_ledger_is_empty(engine: Engine, kind: Kind) -> None:
    schema.downgrade(engine, "base")
    assert set(contents(engine)) <= {"alembic_version"}
    assert state(engine).empty
    upgrade(engine)
    filled(engine)
    before = contents(engine)
    with pytest.raises(SchemaUnknown, match="an audit trail is not dropped; restore a backup instead"):
        schema.downgrade(engine, "base")
    assert contents(engine) == before


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_committed_schema_is_the_rendered_one(dialect: str) -> None:
    committed = (schema.MIGRATIONS / "schema" / f"{dialect}.sql").read_text(encoding="utf-8")
    assert committed == schema.render(dialect), (
        f"migrations/schema/{dialect}.sql is out of date; run: python scripts/render_schema.py"
    )


def test_migrations_run_from_any_folder_without_the_ini_file(tmp_path: Path) -> None:
    program = (
        "from casedesk.store.engines import make_engine; from casedesk.store import schema;"
        "e = make_engine('sqlite:///desk.db'); schema.upgrade(e); schema.require_current(e); print('current')"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "current\n", done.stderr


def test_the_alembic_program_takes_the_address_from_the_environment(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    address = f"sqlite:///{tmp_path / 'own.db'}"
    for words in (["upgrade", "head"], ["check"], ["current"]):
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "-c", str(root / "alembic.ini"), *words],
            cwd=tmp_path,
            env={**os.environ, "CASEDESK_DATABASE_URL": address},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert HEAD in done.stdout
