"""The triggers of ``case_events`` since texts can be removed. Frozen, as the revision that uses them is.

One change passes, and nothing else: that text and salt of an event of the second format become empty, both at once and for good,
while every other column stays what it was.
"""

from __future__ import annotations

from migrations import append_only

_REFUSAL = "case_events is append-only: events are never changed or deleted"
_KEPT = (
    "event_id", "case_id", "case_seq", "ts", "user", "action", "meta", "prev_hash", "event_hash", "nonce", "format", "body",
)  # fmt: skip

# IS knows no NULL that would let a change pass unseen.
_SAME = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in _KEPT)
_SQLITE_UPDATE = f"""CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events
WHEN NOT (OLD.format IS 'casedesk.event/2' AND OLD.salt IS NOT '' AND NEW.notes IS '' AND NEW.salt IS '' AND {_SAME})
BEGIN
  SELECT RAISE(ABORT, '{_REFUSAL}');
END"""

_POSTGRESQL_FUNCTION = f"""CREATE OR REPLACE FUNCTION case_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  emptied case_events;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    emptied := OLD;
    emptied.notes := '';
    emptied.salt := '';
    IF OLD.format = 'casedesk.event/2' AND OLD.salt <> '' AND NEW IS NOT DISTINCT FROM emptied THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
END
$$"""

# Compared as bytes: as texts, 'a' and 'a ' are equal there.
_BYTES = " AND ".join(f"CAST(i.[{name}] AS VARBINARY(MAX)) = CAST(d.[{name}] AS VARBINARY(MAX))" for name in _KEPT)
_MSSQL = (
    f"""EXEC sp_executesql N'CREATE TRIGGER case_events_no_delete ON case_events INSTEAD OF DELETE AS
BEGIN
  SET NOCOUNT ON;
  THROW 50001, ''{_REFUSAL}'', 1;
END'""",
    f"""EXEC sp_executesql N'CREATE TRIGGER case_events_no_change ON case_events AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF (SELECT COUNT(*) FROM deleted) <> (SELECT COUNT(*) FROM inserted AS i JOIN deleted AS d ON i.event_id = d.event_id
      WHERE d.format = ''casedesk.event/2'' AND DATALENGTH(d.salt) > 0 AND DATALENGTH(i.notes) = 0 AND DATALENGTH(i.salt) = 0
      AND {_BYTES})
    THROW 50001, ''{_REFUSAL}'', 1;
END'""",
)

_CHANGE = {
    "sqlite": ("DROP TRIGGER IF EXISTS case_events_no_update", _SQLITE_UPDATE),
    "postgresql": (_POSTGRESQL_FUNCTION,),
    "mssql": ("DROP TRIGGER IF EXISTS case_events_no_change", *_MSSQL),
}


def let_texts_go(dialect: str) -> tuple[str, ...]:
    """Give the statements that let the one change through, over the guard there was."""
    return _CHANGE[dialect]


def guard(dialect: str) -> tuple[str, ...]:
    """Give the statements that guard a table without triggers from now on."""
    return (*append_only.guard(dialect), *let_texts_go(dialect))


def unguard(dialect: str) -> tuple[str, ...]:
    """Give the statements that take the guard away."""
    also = ("DROP TRIGGER IF EXISTS case_events_no_delete",) if dialect == "mssql" else ()
    return (*append_only.unguard(dialect), *also)
