"""`python -m casedesk` is the command line."""

from casedesk.cli.main import run

if __name__ == "__main__":
    run()
