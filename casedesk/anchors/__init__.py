"""What is kept outside the database, so that whoever owns the database cannot rewrite the ledger unseen."""
