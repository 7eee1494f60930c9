"""Rules' SQL is written anew for each test: a made-up rule may bear the name of a real one, whose text was kept before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from casedesk.detection.kept_texts import keep_in


@pytest.fixture(autouse=True)
def no_kept_texts() -> Iterator[None]:
    keep_in(None)
    yield
    keep_in(None)
