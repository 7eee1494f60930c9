"""The checkout under test."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def bare_env() -> dict[str, str]:
    """The environment of a machine that knows nothing of the desk."""
    return {"PATH": os.environ["PATH"]}
