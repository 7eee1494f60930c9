from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from casedesk.domain.rates import RateTable
from casedesk.formats import default_rates
from tests.formats.reading import HEADER


@pytest.fixture(scope="session")
def rates() -> RateTable:
    return default_rates()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    root = Path(__file__).parents[2]
    folder = (root / os.environ.get("CASEDESK_SHARED_DIR", "../shared")).resolve() / "data"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("The shared data is missing; set CASEDESK_SHARED_DIR to its folder.")
        pytest.skip("the shared data is not at CASEDESK_SHARED_DIR")
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a transactions file: lines below the native header, or below another one."""

    def file(*lines: str, header: str | None = HEADER, name: str = "transactions.csv", end: str = "\n") -> Path:
        path = tmp_path / name
        text = end.join([*([header] if header is not None else []), *lines])
        path.write_bytes((text + end if text else text).encode("utf-8"))
        return path

    return file
