"""The triggers that make ``case_events`` append-only. Frozen, as the revision that uses them is.

They stop mistakes and ordinary roles. Whoever may drop a trigger is stopped by the verifier instead.
"""

from __future__ import annotations

_REFUSAL = "case_events is append-only: events are never changed or deleted"

# INSERT OR REPLACE deletes the old row without firing a delete trigger, so an event that is there already is refused
# before SQLite resolves the conflict.
_SQLITE = (
    f"""CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events
BEGIN
  SELECT RAISE(ABORT, '{_REFUSAL}');
END""",
    f"""CREATE TRIGGER case_events_no_delete BEFORE DELETE ON case_events
BEGIN
  SELECT RAISE(ABORT, '{_REFUSAL}');
END""",
    f"""CREATE TRIGGER case_events_no_replace BEFORE INSERT ON case_events
WHEN EXISTS (SELECT 1 FROM case_events WHERE event_id = NEW.event_id)
  OR EXISTS (SELECT 1 FROM case_events WHERE case_id = NEW.case_id AND case_seq = NEW.case_seq)
  OR EXISTS (SELECT 1 FROM case_events WHERE case_id = NEW.case_id AND prev_hash = NEW.prev_hash)
BEGIN
  SELECT RAISE(ABORT, '{_REFUSAL}');
END""",
)

# ENABLE ALWAYS: without it, a session that calls itself a replica passes by.
_POSTGRESQL = (
    f"""CREATE FUNCTION case_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
END
$$""",
    """CREATE TRIGGER case_events_no_change BEFORE UPDATE OR DELETE ON case_events
FOR EACH ROW EXECUTE FUNCTION case_events_refuse()""",
    """CREATE TRIGGER case_events_no_truncate BEFORE TRUNCATE ON case_events
FOR EACH STATEMENT EXECUTE FUNCTION case_events_refuse()""",
    "ALTER TABLE case_events ENABLE ALWAYS TRIGGER case_events_no_change",
    "ALTER TABLE case_events ENABLE ALWAYS TRIGGER case_events_no_truncate",
)

# CREATE TRIGGER has to be the first statement of its batch there; executed as a string it is one.
_MSSQL = (
    f"""EXEC sp_executesql N'CREATE TRIGGER case_events_no_change ON case_events INSTEAD OF UPDATE, DELETE AS
BEGIN
  SET NOCOUNT ON;
  THROW 50001, ''{_REFUSAL}'', 1;
END'""",
)

_GUARD = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL, "mssql": _MSSQL}

_UNGUARD = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS case_events_no_update",
        "DROP TRIGGER IF EXISTS case_events_no_delete",
        "DROP TRIGGER IF EXISTS case_events_no_replace",
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS case_events_no_change ON case_events",
        "DROP TRIGGER IF EXISTS case_events_no_truncate ON case_events",
        "DROP FUNCTION IF EXISTS case_events_refuse()",
    ),
    "mssql": ("DROP TRIGGER IF EXISTS case_events_no_change",),
}


def guard(dialect: str) -> tuple[str, ...]:
    """Give the statements that refuse changes from now on."""
    return _GUARD[dialect]


def unguard(dialect: str) -> tuple[str, ...]:
    """Give the statements that take the guard away."""
    return _UNGUARD[dialect]
