"""AML Case Desk: transactions in, alerts, cases, decisions, and a ledger that proves them."""

__version__ = "0.1.0"
