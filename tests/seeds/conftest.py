from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from seeds.dataset import write_dataset
from seeds.world import World, build_world
from tests.seeds.sliding import Bank


@pytest.fixture(scope="session")
def world() -> World:
    started = time.perf_counter()
    made = build_world(customers=400, days=120, seed=7, end=date(2026, 6, 30))
    print(f"\n400 customers, 120 days: {len(made.transactions)} transactions in {time.perf_counter() - started:.2f} s")
    return made


@pytest.fixture(scope="session")
def bank(world: World) -> Bank:
    return Bank(world)


@pytest.fixture(scope="session")
def small() -> World:
    return build_world(customers=20, days=30, seed=3, end=date(2026, 6, 30))


@pytest.fixture(scope="session")
def folder(small: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dataset")
    write_dataset(small, path)
    return path
