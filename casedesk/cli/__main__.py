"""`python -m casedesk.cli` is the command line, too."""

from casedesk.cli.main import run

if __name__ == "__main__":
    run()
