"""Generated banks as worlds that a model learns from: payments, and which of them were planted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pyarrow as pa

from casedesk.modelling.payments import OUTSIDE, Payments
from casedesk.services.model_data import World
from casedesk.services.model_training import Learnt, Trained, train_on, with_features
from casedesk.services.offline_modelling import Options
from seeds.places import convert
from seeds.world import World as Bank
from seeds.world import build_world

#: Seeds, customers, days and last days of the banks that the default model learns from: none is the demo bank.
BANKS = (
    (101, 500, 120, date(2026, 6, 30)),
    (102, 400, 150, date(2025, 9, 28)),
    (103, 600, 120, date(2024, 3, 17)),
)
NAME = "casedesk-default"
STATEMENT = (
    "This model was trained on banks that do not exist, made by the desk's own generator, and must be retrained on your own "
    "data before anybody relies on it. It shows how a model works here; its figures say nothing of your bank."
)


def payments_of(bank: Bank) -> pa.Table:
    """Return a bank's transactions with the columns that features are made of."""
    rows = bank.transactions
    return pa.table({
        "transaction_id": [row.transaction_id for row in rows],
        "booked_at": pa.array([datetime.fromisoformat(row.booked_at) for row in rows], pa.timestamp("us", "UTC")),
        "from_account": [row.from_account for row in rows],
        "to_account": [row.to_account for row in rows],
        "base_minor": [convert(round(float(row.amount) * 100), row.currency, "USD") for row in rows],
        "channel": [row.channel for row in rows],
        "from_country": [row.from_country for row in rows],
        "to_country": [row.to_country for row in rows],
    })  # fmt: skip


def learnt_from(bank: Bank, name: str) -> Learnt:
    """Return a bank with its features and with what was planted in it."""
    payments = Payments.of(payments_of(bank))
    planted = {label.transaction_id for label in bank.labels}
    guilty = np.array([one in planted for one in payments.ids.to_pylist()], bool)
    accounts = np.zeros(len(payments.accounts) + 1, bool)
    for side in ("payer", "payee"):
        accounts[payments.table[side].to_numpy()[guilty]] = True
    accounts[OUTSIDE] = False
    return with_features(World(name, payments, guilty, accounts[1:], "transactions", ()))


def default_model(banks: Sequence[tuple[int, int, int, date]] = BANKS) -> Trained:
    """Train the model that ships with the desk: the same bytes each time."""
    worlds = [
        learnt_from(build_world(seed=seed, customers=customers, days=days, end=end), f"generated bank, seed {seed}")
        for seed, customers, days, end in banks
    ]
    return train_on(worlds, Options(rounds=80), split="time", name=NAME, statement=STATEMENT)
