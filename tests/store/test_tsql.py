"""What can be held of SQL Server without one: everything the stores say can be said and parsed as T-SQL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
import sqlglot
from sqlalchemy import event
from sqlalchemy.dialects import mssql
from sqlalchemy.engine import Engine

from casedesk.domain.clocks import Kind
from casedesk.domain.policy import SHIPPED
from casedesk.store import schema
from casedesk.store.due_reader import Due, Span
from casedesk.store.queue_reader import Filters, Sort, View
from casedesk.store.tables import metadata
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, bank, filled, open_case, transactions

TSQL = mssql.dialect(deprecate_large_types=True)


def parse(statement: str) -> list[Any]:
    return [one for one in sqlglot.parse(statement, dialect="tsql", error_level=sqlglot.ErrorLevel.RAISE) if one]


def test_the_rendered_schema_parses_statement_by_statement() -> None:
    batches = [part.strip() for part in re.split(r"^GO$", schema.render("mssql"), flags=re.MULTILINE)]
    created = set()
    for batch in filter(None, batches):
        for parsed in parse(batch):
            assert not (isinstance(parsed, sqlglot.exp.Command) and parsed.this.upper() == "CREATE"), batch
            if isinstance(parsed, sqlglot.exp.Create) and parsed.kind == "TABLE":
                created.add(parsed.this.this.name)
    assert created == set(metadata.tables) | {"alembic_version"}


def test_the_trigger_inside_its_exec_parses_too() -> None:
    texts = re.findall(r"EXEC sp_executesql N'(CREATE TRIGGER.*?)END'", schema.render("mssql"), flags=re.DOTALL)
    for text, when in zip(texts, ("INSTEAD OF UPDATE, DELETE", "INSTEAD OF DELETE", "AFTER UPDATE"), strict=True):
        assert when in text
        assert "THROW 50001, ''" in text  # doubled, because it stands inside quotes


def test_no_text_type_is_one_that_sql_server_gave_up() -> None:
    rendered = schema.render("mssql")
    assert not re.findall(r"\b(NTEXT|TEXT|IMAGE|DATETIME)\b(?!\d)", rendered)
    assert "NVARCHAR(max)" in rendered
    assert "VARBINARY(max)" in rendered


def bytes_of(column: sa.Column[Any]) -> int:
    length = getattr(column.type, "length", None)
    if length is not None:
        return int(length) * (2 if isinstance(column.type, sa.Unicode) else 1)
    return 8


def test_keys_fit_into_the_900_and_1700_bytes_that_sql_server_takes() -> None:
    for table in metadata.sorted_tables:
        assert sum(map(bytes_of, table.primary_key.columns)) <= 900, table.name
        for index in table.indexes:
            assert sum(map(bytes_of, index.columns)) <= 1700, index.name
        for constraint in table.constraints:
            if isinstance(constraint, sa.UniqueConstraint):
                assert sum(map(bytes_of, constraint.columns)) <= 1700, constraint.name


def test_every_constraint_has_a_name_and_no_foreign_key_cascades() -> None:
    for table in metadata.sorted_tables:
        for constraint in table.constraints:
            assert constraint.name, table.name
            if isinstance(constraint, sa.ForeignKeyConstraint):
                assert constraint.ondelete is None
                assert constraint.onupdate is None
                for key in constraint.elements:
                    assert str(key.parent.type) == str(key.column.type), "keys of two types cannot refer to each other"


def run_everything(engine: Engine) -> None:
    """Have every store say all it can say."""
    filled(engine)
    with Writing(engine) as uow:
        uow.transactions.insert_new(transactions(["t-new"]))
        uow.alerts.grow([(replace(alert(4), transaction_ids=("t-new",)), alert(4))])
        uow.people.get("ana"), uow.people.by_email("x"), uow.people.names()
        uow.ledger.look_up(["C-26-00001"])
        uow.clocks.follow([open_case(uow, alert(4)).case_id])
        uow.parties.add_unknown_holders([("X", "", "")])
    with Reading(engine) as uow:
        uow.ledger.newest(5, before=9, search="c-26", action="note_added", user="ana", actions=("note_added",))
        uow.ledger.newest(5, search="12")
        uow.ledger.actions(), uow.ledger.users(), list(uow.ledger.everything()), uow.ledger.of("DESK", newest=3)
        list(uow.cases.projections()), list(uow.alerts.everything()), uow.runs.newest()
        (
            uow.draws.all(),
            uow.draws.picks("Q"),
            uow.draws.waiting_for("C"),
            uow.draws.population(NOON.date(), NOON.date(), 5),
        )
        uow.imports.newest(), uow.imports.unfinished("a", "b"), list(uow.imports.rejects("I"))
        uow.cases.dossier("C-26-00001"), uow.cases.of_customer("CU-00001"), uow.cases.open_of("CU-00001")
        uow.cases.open_of_each(["CU-00001"])
        uow.transactions.flows("CU-00001", since=NOON), uow.transactions.legs("CU-00001", only_evidence_of="C-26-00001")
        for view in View:
            for sort in Sort:
                filters = Filters("ana", NOON, view=view, sort=sort, search="é[", sees_decisions=True)
                uow.queue.page(filters, start=0), uow.queue.counters(filters)
                uow.queue.page(Filters("ana", NOON, sort=sort, include_closed=True), start=1)
        for owner in ("ana", "-", ""):
            span = Span(NOON, NOON, owner)
            uow.due.counts(tuple(Kind), span), uow.due.page(tuple(Kind), span, start=1, limit=2)
        uow.due.next(Kind.RETENTION, NOON), uow.due.cases(["C"]), uow.due.page(tuple(Kind), Span(NOON))
        uow.due.clocks([Due(NOON, "C", Kind.REPORT, 0), Due(NOON, "C", Kind.CTR, 1)], SHIPPED)
        uow.clocks.closed_without(Kind.RETENTION, NOON), uow.clocks.lacking(), list(uow.clocks.projections())
        uow.queue.next_unassigned(["C"]), uow.queue.next_due("ana"), uow.queue.typologies()


def test_every_statement_the_stores_say_is_tsql(sqlite_engine: Engine) -> None:
    heard: dict[str, Any] = {}

    @event.listens_for(sqlite_engine, "before_execute")
    def _hear(_connection: Any, statement: Any, many: Any, params: Any, _options: Any) -> None:
        if isinstance(statement, sa.ClauseElement):
            keys = tuple((many[0] if many else params) or ())
            heard[f"{statement} {keys}"] = (statement, keys)

    run_everything(sqlite_engine)
    assert len(heard) > 60
    for statement, keys in heard.values():
        columns = keys if isinstance(statement, sa.Insert | sa.Update) and keys else None
        compiled = statement.compile(dialect=TSQL, column_keys=columns)
        text = str(compiled)
        plain = re.sub(r"\(__\[POSTCOMPILE_\w+\]\)", "(1)", text)
        plain = re.sub(r"__\[POSTCOMPILE_\w+\]|:\w+|\?|%\(\w+\)s", "1", plain)
        (parsed,) = parse(plain)
        assert isinstance(parsed, sqlglot.exp.Query | sqlglot.exp.DML), plain
        assert " IS 1" not in text
        assert " IS 0" not in text
        assert not re.search(
            r"NULLS (FIRST|LAST)|FILTER \(|\bOFFSET\b(?!.*ROWS)|\bLIMIT\b|\bTRUE\b|\bFALSE\b", plain
        ), plain
        if "OFFSET" in plain:
            assert "ORDER BY" in plain


def test_the_head_is_locked_by_an_update_and_read_with_a_hold() -> None:
    from casedesk.store import ledger_store

    lock = ledger_store._LOCK_HEAD.text(TSQL)
    assert lock.startswith("UPDATE ledger_head SET locks=")
    assert "OUTPUT inserted.size" in lock
    read = str(ledger_store._HEAD.with_hint(ledger_store.ledger_head, "WITH (HOLDLOCK)", "mssql").compile(dialect=TSQL))
    assert "WITH (HOLDLOCK)" in read


def test_a_table_with_triggers_is_not_asked_for_output() -> None:
    from casedesk.store import ledger_store

    assert "OUTPUT" not in ledger_store._INSERT.text(TSQL)


def test_wiping_and_filling_again_leaves_a_working_desk(engine: Engine) -> None:
    from tests.databases import wipe

    filled(engine)
    wipe(engine)
    with Writing(engine) as uow:
        bank(uow)
        open_case(uow, alert(1))
        uow.commit()
    with Reading(engine) as uow:
        assert uow.ledger.head().size == 2
