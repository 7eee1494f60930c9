"""The checkout under test, and logging put back as it was."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def bare_env() -> dict[str, str]:
    """The environment of a machine that knows nothing of the desk."""
    return {"PATH": os.environ["PATH"]}


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, factory = list(root.handlers), root.level, logging.getLogRecordFactory()
    named = {
        name: (logger.level, logger.propagate, list(logger.handlers))
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    yield
    root.handlers[:], root.level = handlers, level
    logging.setLogRecordFactory(factory)
    for name, (old_level, propagate, old_handlers) in named.items():
        logger = logging.getLogger(name)
        logger.setLevel(old_level)
        logger.propagate = propagate
        logger.handlers[:] = old_handlers
    structlog.reset_defaults()
