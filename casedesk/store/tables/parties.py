"""People of the desk, and the bank's customers and accounts."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.people import PERSON_ROLES
from casedesk.domain.transactions import CustomerKind
from casedesk.store.tables.metadata import BIG, ID, metadata, one_of
from casedesk.store.types import code, human

users = sa.Table(
    "users",
    metadata,
    sa.Column("user_id", code(ID), primary_key=True),
    sa.Column("name", human(200), nullable=False),
    sa.Column("role", code(16), nullable=False),
    sa.Column("active", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.true()),
    sa.Column("email", code(320), nullable=True),
    sa.CheckConstraint(one_of("role", [role.value for role in PERSON_ROLES]), name="role"),
    # a filtered index, because SQL Server lets only one NULL into a unique constraint
    sa.Index(
        "ix_users_email",
        "email",
        unique=True,
        sqlite_where=sa.text("email IS NOT NULL"),
        postgresql_where=sa.text("email IS NOT NULL"),
        mssql_where=sa.text("email IS NOT NULL"),
    ),
)

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("customer_id", code(80), primary_key=True),
    sa.Column("name", human(200), nullable=False),
    sa.Column("kind", code(16), nullable=False),
    sa.Column("country", code(2), nullable=False),
    sa.Column("segment", human(64), nullable=False),
    sa.Column("occupation", human(120), nullable=False),
    sa.Column("since", sa.Date, nullable=True),
    sa.CheckConstraint(one_of("kind", [kind.value for kind in CustomerKind]), name="kind"),
    sa.Index("ix_customers_name", "name"),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", code(ID), primary_key=True),
    # NULL: a counterparty's account at another bank, never the subject of an alert
    sa.Column("customer_id", code(80), sa.ForeignKey("customers.customer_id"), nullable=True),
    sa.Column("holder", human(200), nullable=False),
    sa.Column("bank", human(64), nullable=False),
    sa.Column("currency", code(3), nullable=False),
    sa.Column("country", code(2), nullable=False),
    sa.Column("opened_on", sa.Date, nullable=True),
    # places in the order in which the desk took things in; see run_data.py. 0: before it kept that order
    sa.Column("arrival", BIG, nullable=False, server_default=sa.text("0")),
    sa.Column("changed", BIG, nullable=False, server_default=sa.text("0")),  # the last change, its customer's included
    sa.Index("ix_accounts_customer_id", "customer_id"),
    sa.Index("ix_accounts_changed", "changed"),
)
