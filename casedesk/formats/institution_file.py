"""Read the institution's profile from a file, TOML or JSON."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from casedesk.domain.reports.institution import BadInstitution, Institution, institution


def read_institution(path: Path) -> Institution:
    """Read a profile; a name that ends in ``.json`` is read as JSON, any other as TOML.

    :raises BadInstitution: if the file cannot be read, or naming each field that is wrong.
    """
    try:
        return institution(_values(path))
    except BadInstitution as error:
        raise BadInstitution(f"{path.name}, the institution's profile: {error}") from None


def _values(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise BadInstitution(f"it cannot be read ({error.strerror}); CASEDESK_INSTITUTION names it.") from None
    except ValueError as error:
        form = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise BadInstitution(f"it is no {form} ({error}).") from None
