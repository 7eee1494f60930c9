"""Transactions from Kafka, alerts to Kafka: a process beside the app and the API that shares the database with them.

Delivery is at least once and its effect exactly once: offsets are committed after the database, transactions are known by
their id, and alerts are announced after their commit (docs/adr/0013).
"""
