"""Rules over transactions: each hit explained, each run repeatable."""
