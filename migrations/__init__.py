"""The database's migrations, in order. See NOTES.md for why each exists, its risk and its way back."""
