"""Lists of parties, names that are alike, runs of scoring and the scores."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.listed import PartyKind
from casedesk.domain.name_matches import MatchState
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import UtcDateTime, code, human

#: Every version of every source. Who loaded one may be the desk itself, which is no row of ``users``.
party_lists = sa.Table(
    "party_lists",
    metadata,
    sa.Column("list_id", code(ID), primary_key=True),
    sa.Column("source", human(80), nullable=False),
    sa.Column("version", human(80), nullable=False),
    sa.Column("listed_on", sa.Date, nullable=False),
    sa.Column("sha256", code(64), nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("entries_sha256", code(64), nullable=False),
    sa.Column("loaded_by", code(ID), nullable=False),
    sa.Column("loaded_at", UtcDateTime, nullable=False),
    sa.Column("in_force", sa.Boolean(create_constraint=False), nullable=False),
)

party_list_entries = sa.Table(
    "party_list_entries",
    metadata,
    sa.Column("list_id", code(ID), sa.ForeignKey("party_lists.list_id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # the order of the file
    sa.Column("kind", code(16), nullable=False),
    sa.Column("party", human(400), nullable=False),
    sa.Column("reason", human(400), nullable=False),
    sa.Column("ref", code(80), nullable=False),
    sa.Column("about", human(40), nullable=False),
    sa.CheckConstraint(one_of("kind", [kind.value for kind in PartyKind]), name="kind"),
)

#: Customers whose name is like a listed one. A decision stands in the ledger too.
name_matches = sa.Table(
    "name_matches",
    metadata,
    sa.Column("match_id", code(ID), primary_key=True),
    sa.Column("customer_id", code(80), sa.ForeignKey("customers.customer_id"), nullable=False),
    sa.Column("customer_name", human(200), nullable=False),
    sa.Column("source", human(80), nullable=False),
    sa.Column("ref", code(80), nullable=False),
    sa.Column("listed_name", human(400), nullable=False),
    sa.Column("reason", human(400), nullable=False),
    sa.Column("likeness", sa.Integer, nullable=False),  # in millionths
    sa.Column(
        "list_id", code(ID), sa.ForeignKey("party_lists.list_id"), nullable=False
    ),  # the version it was found in last
    sa.Column("found_at", UtcDateTime, nullable=False),
    sa.Column("state", code(16), nullable=False),
    sa.Column("decided_by", code(ID), sa.ForeignKey("users.user_id"), nullable=True),
    sa.Column("decided_at", UtcDateTime, nullable=True),
    sa.Column("state_event", BIG, nullable=False),  # the event that decided it; 0 while it waits
    sa.Column("decision", human(), nullable=False),
    sa.CheckConstraint(one_of("state", [state.value for state in MatchState]), name="state"),
    sa.CheckConstraint("state = 'waiting' OR decided_by IS NOT NULL", name="decided_by_a_person"),
    sa.Index("ix_name_matches_state", "state", "likeness", "match_id"),
)

scoring_runs = sa.Table(
    "scoring_runs",
    metadata,
    sa.Column("run_id", code(ID), primary_key=True),
    sa.Column("ran_at", UtcDateTime, nullable=False),
    sa.Column("ran_by", code(ID), nullable=False),
    sa.Column("as_of", UtcDateTime, nullable=False),  # the instant as of which payments age
    sa.Column("parameters", human(), nullable=False),  # canonical JSON
    sa.Column("data_fingerprint", code(128), nullable=False),
    sa.Column("list_sha256", code(64), nullable=False),
    sa.Column("payments", BIG, nullable=False),
    sa.Column("accounts", BIG, nullable=False),
    sa.Column("listed", BIG, nullable=False),
    sa.Column("scored", BIG, nullable=False),
    sa.Column("scores_sha256", code(64), nullable=False),
    sa.Column("record", human(), nullable=False),  # canonical JSON, enough to compute it again
)

#: Only accounts with a score above 0. An account need not be a row of ``accounts``: what a list names is scored as well.
risk_scores = sa.Table(
    "risk_scores",
    metadata,
    sa.Column("run_id", code(ID), sa.ForeignKey("scoring_runs.run_id"), primary_key=True),
    sa.Column("account_id", code(ID), primary_key=True),
    sa.Column("score", BIG, nullable=False),  # in units of 10**-12
    sa.Column("listed", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("components", human(400), nullable=False),  # canonical JSON: hops, side and units of each part
    sa.Index("ix_risk_scores_run_id_score", "run_id", "listed", "score", "account_id"),
)
