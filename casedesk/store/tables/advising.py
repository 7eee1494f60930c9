"""Advice on cases, what each level of the cascade made of them, and what was spent on a language model."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from casedesk.domain.advice import Verdict
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human


class CallState(StrEnum):
    """How far a call to the language model is; one that never came back stays reserved, and counts in full."""

    RESERVED = "reserved"
    ANSWERED = "answered"
    DISCARDED = "discarded"
    FAILED = "failed"


advice = sa.Table(
    "advice",
    metadata,
    sa.Column("event_id", BIG, primary_key=True, autoincrement=False),
    sa.Column("case_id", code(ID), sa.ForeignKey("cases.case_id"), nullable=False),
    sa.Column("case_version", sa.Integer, nullable=False),
    sa.Column("advised_at", UtcDateTime, nullable=False),
    sa.Column("verdict", code(16), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("report", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("score", sa.Integer, nullable=False),  # ten-thousandths; -1 where a fast rule answered
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("facts_sha256", code(64), nullable=False),
    sa.CheckConstraint(one_of("verdict", [verdict.value for verdict in Verdict]), name="verdict"),
    sa.Index("ix_advice_case_id_event_id", "case_id", "event_id"),
)

cascade_steps = sa.Table(
    "cascade_steps",
    metadata,
    sa.Column("event_id", BIG, sa.ForeignKey("advice.event_id"), primary_key=True, autoincrement=False),
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("version", code(160), nullable=False),
    sa.Column("inputs", human(), nullable=False),  # canonical JSON, enough to decide again
    sa.Column("output", human(), nullable=False),
    sa.Column("cost_micros", BIG, nullable=False),
)

language_calls = sa.Table(
    "language_calls",
    metadata,
    sa.Column("call_id", code(ID), primary_key=True),
    sa.Column("day", sa.Date, nullable=False),  # in UTC, by which the budget is counted
    sa.Column("model", human(160), nullable=False),
    sa.Column("prompt_sha256", code(64), nullable=False),
    sa.Column("state", code(16), nullable=False),
    sa.Column("cost_micros", BIG, nullable=False),  # what was reserved, until it is settled
    sa.Column("reserved_at", UtcDateTime, nullable=False),
    sa.Column("settled_at", UtcDateTime, nullable=True),
    sa.CheckConstraint(one_of("state", [state.value for state in CallState]), name="state"),
    sa.Index("ix_language_calls_day", "day", "cost_micros"),
)
