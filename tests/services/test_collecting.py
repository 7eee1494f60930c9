"""Walks in search of garbage wait while somebody asked for it, and come back."""

from __future__ import annotations

import gc

import pytest

from casedesk.services.collecting import uncollected


def test_walks_are_off_until_the_last_is_done_whatever_happened() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError, match="within"), uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError("within")
    assert gc.isenabled()


def test_where_walks_were_off_they_stay_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
