"""The model that ships with the desk. It must be retrained on the bank's own data, and its card says so."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from casedesk import modelling

FOLDER: Final = Path(modelling.__file__).parent / "default"
#: How a command names it.
DEFAULT: Final = "default"


def folder_of(named: Path) -> Path:
    """Return the folder of a model; ``default`` names the shipped one, unless a folder of that name lies there."""
    return FOLDER if str(named) == DEFAULT and not named.exists() else named
