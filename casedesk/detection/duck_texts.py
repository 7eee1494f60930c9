"""The SQL of the rules for DuckDB: written once, kept, and read once."""

from __future__ import annotations

from functools import cache, lru_cache, partial

import duckdb

from casedesk.detection.checks import Expression
from casedesk.detection.kept_texts import kept
from casedesk.detection.keying import SHOWN, found_by
from casedesk.detection.rule import Rule
from casedesk.detection.texts import written


@lru_cache(maxsize=128)
def parsed(text: str) -> duckdb.Statement:
    """Return a statement that any connection runs, again and again; to read a rule's takes up to a third of planning it."""
    with _reader().cursor() as reader:  # lanes read at the same time, and a connection is for one thread
        (statement,) = reader.extract_statements(text)
    return statement


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    """Return what reads for the whole process: to open an engine takes longer than to read a text. It never holds anything."""
    return duckdb.connect(config={"threads": 1})


@lru_cache(maxsize=128)
def found_sql(rule: Rule, shown: str, *, kept_texts: bool) -> str:
    """Return the SQL of a rule's evidence over what it is shown."""
    # Making the expression takes as long as writing it, and the text depends on nothing but the rule and what it is shown.
    what = f"{rule.name} {rule.version} {rule.parameters.canonical()} {shown}"
    return text_of(what, partial(found_by, rule, SHOWN[shown]), kept_texts=kept_texts)


def finding(rule: Rule, shown: str, *, kept_texts: bool) -> duckdb.Statement:
    """Return the statement that fills ``found`` with a rule's evidence over what it is shown."""
    # kept first, so that DuckDB knows how few rows it then looks up among all transactions
    return parsed(f"CREATE OR REPLACE TEMP TABLE found AS {found_sql(rule, shown, kept_texts=kept_texts)}")


def text_of(what: str, expression: Expression, *, kept_texts: bool) -> str:
    """Return an expression as SQL, kept under its name or written now."""

    def write() -> str:
        return written(expression(), "duckdb")

    return kept(what, write) if kept_texts else write()
