"""Samples that were drawn, for QA and below a line."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.cases import QaStatus
from casedesk.domain.line_yields import Placement
from casedesk.store.tables.metadata import ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

qa_draws = sa.Table(
    "qa_draws",
    metadata,
    sa.Column("draw_id", code(ID), primary_key=True),
    sa.Column("period_from", sa.Date, nullable=False),
    sa.Column("period_to", sa.Date, nullable=False),
    sa.Column("drawn_at", UtcDateTime, nullable=False),
    sa.Column("drawn_by", code(ID), nullable=False),
    sa.Column("population_size", sa.Integer, nullable=False),
    sa.Column("population_sha256", code(64), nullable=False),
    sa.Column("seed", code(64), nullable=False),
    sa.Column("record", human(), nullable=False),  # canonical JSON, enough to draw again
)

qa_picks = sa.Table(
    "qa_picks",
    metadata,
    sa.Column("draw_id", code(ID), sa.ForeignKey("qa_draws.draw_id"), primary_key=True),
    sa.Column("case_id", code(ID), sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("stratum", human(160), nullable=False),
    sa.Column("rank", code(64), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("outcome", code(8), nullable=False),  # '' until reviewed; of the first review in this draw
    sa.Column("reviewer", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("reviewed_at", UtcDateTime, nullable=True),
    sa.CheckConstraint(one_of("outcome", [status.value for status in QaStatus]), name="outcome"),
    sa.Index("ix_qa_picks_case_id", "case_id"),
)

line_tests = sa.Table(
    "line_tests",
    metadata,
    sa.Column("test_id", code(ID), primary_key=True),
    sa.Column("rule", code(ID), nullable=False),
    sa.Column("drawn_at", UtcDateTime, nullable=False),
    sa.Column("drawn_by", code(ID), nullable=False),
    sa.Column("population_size", sa.Integer, nullable=False),
    sa.Column("data_fingerprint", code(128), nullable=False),
    sa.Column("seed", code(64), nullable=False),
    sa.Column("record", human(), nullable=False),  # canonical JSON, enough to draw again
)

#: Which alerts were drawn below a line. Nothing else in the database says so, because whoever judges them must not know.
line_test_picks = sa.Table(
    "line_test_picks",
    metadata,
    sa.Column("test_id", code(ID), sa.ForeignKey("line_tests.test_id"), primary_key=True),
    sa.Column("band", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("episode", code(ID), nullable=False),  # its id in the population
    sa.Column("alert_id", code(ID), sa.ForeignKey("alerts.alert_id"), nullable=False),  # another where one was known
    sa.Column("placement", code(8), nullable=False),
    sa.Column("rank", code(64), nullable=False),
    sa.CheckConstraint(one_of("placement", [placement.value for placement in Placement]), name="placement"),
    sa.Index("ix_line_test_picks_alert_id", "alert_id"),
)
