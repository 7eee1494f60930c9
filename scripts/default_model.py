"""Train the model that ships with the desk anew, and compare it with the one that is there, or write it.

.venv/bin/python scripts/default_model.py          compare: exit 1 if a single byte differs
.venv/bin/python scripts/default_model.py --write  write it into casedesk/modelling/default
"""

from __future__ import annotations

import argparse
import sys

from casedesk.modelling import model_files
from casedesk.services.default_model import FOLDER
from seeds.training import default_model


def main() -> int:
    """Do what was asked for; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    made = default_model()
    if given.write:
        print(f"{FOLDER}: {made.write(FOLDER)}")
        return 0
    manifest = model_files.manifest_of(made.contents)
    same = manifest == (FOLDER / model_files.MANIFEST).read_bytes()
    print(f"{model_files.sha256(manifest)}: {'the same model' if same else 'ANOTHER model'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
