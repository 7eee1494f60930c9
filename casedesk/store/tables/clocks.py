"""Due dates besides those of reports, as the events of their cases give them."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.clocks import Kind
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

#: What is stored here. The due date of a report stands in ``cases.due_at``, by which the queue is sorted.
STORED = tuple(kind for kind in Kind if kind is not Kind.REPORT)

clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("case_id", code(ID), sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("kind", code(24), primary_key=True),
    sa.Column("source_event", BIG, primary_key=True, autoincrement=False),
    sa.Column("source", human(200), nullable=False),  # the event it runs from, in words
    sa.Column("started_on", sa.Date, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),  # the first instant after the due day
    sa.Column("rule", code(ID), nullable=False),  # the name of the policy value that counted
    sa.Column("rule_version", sa.Integer, nullable=False),
    sa.Column("stands", sa.Boolean(create_constraint=False), nullable=False),
    sa.CheckConstraint(one_of("kind", [kind.value for kind in STORED]), name="kind"),
    # a span of days of some kinds is read from the index alone, unless it is asked whose they are
    sa.Index("ix_clocks_due", "kind", "stands", "due_at", "case_id"),
)
