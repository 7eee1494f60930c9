"""The rules' SQL is kept from one process to the next, and a kept text is never believed blindly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from casedesk.detection import duck_texts, kept_texts
from casedesk.detection.engine import detect
from casedesk.detection.limits import Limits
from casedesk.detection.rules.structuring import Structuring
from tests.detection.worlds import rich

TEXT = "SELECT 1;\nSELECT 'ö\r\n'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept_texts.keep_in(tmp_path / "texts")
    return tmp_path / "texts"


def never() -> str:
    raise AssertionError("the kept text should have done")


def only(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_a_text_is_written_once(folder: Path) -> None:
    assert kept_texts.kept("a rule", lambda: TEXT) == TEXT
    assert kept_texts.kept("a rule", never) == TEXT
    assert kept_texts.kept("another", lambda: "SELECT 2") == "SELECT 2"


def test_without_a_folder_nothing_is_kept(folder: Path) -> None:
    kept_texts.keep_in(None)
    kept_texts.kept("a rule", lambda: TEXT)
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "no text", "another's name"])
def test_a_damaged_text_is_written_anew(folder: Path, damage: str) -> None:
    kept_texts.kept("a rule", lambda: TEXT)
    file, whole = only(folder), only(folder).read_bytes()
    if damage == "another's name":
        kept_texts.kept("another", lambda: "SELECT 2")
        (other,) = set(folder.iterdir()) - {file}
        file.write_bytes(other.read_bytes())
    else:
        file.write_bytes(
            {"cut": whole[:-1], "changed": whole.replace(b"1", b"2"), "empty": b"", "no text": b"\xff\xfe"}[damage]
        )
    assert kept_texts.kept("a rule", lambda: TEXT) == TEXT
    assert file.read_bytes() == whole


@pytest.mark.skipif(os.name != "posix", reason="other systems tell owners otherwise")
def test_a_text_that_others_could_have_written_is_passed_over(folder: Path) -> None:
    kept_texts.kept("a rule", lambda: TEXT)
    assert only(folder).stat().st_mode & 0o077 == 0
    only(folder).chmod(0o666)
    assert kept_texts.kept("a rule", lambda: "SELECT 2") == "SELECT 2"


@pytest.mark.parametrize("changed", ["_code", "_versions"])
def test_other_code_or_software_finds_no_text(folder: Path, changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_texts.kept("a rule", lambda: TEXT)
    monkeypatch.setattr(kept_texts, changed, lambda *_: "another")
    assert kept_texts.kept("a rule", lambda: "SELECT 2") == "SELECT 2"


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept_texts.keep_in(tmp_path / "file")
    try:
        assert kept_texts.kept("a rule", lambda: TEXT) == TEXT
    finally:
        kept_texts.keep_in(None)


def test_the_oldest_texts_are_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_texts, "MOST", 2)
    for number in range(4):
        kept_texts.kept(f"rule {number}", lambda: TEXT)
        for file in folder.iterdir():
            os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns - 10**9))
    assert len(list(folder.iterdir())) == 2
    assert kept_texts.kept("rule 3", never) == TEXT


def test_a_run_uses_kept_texts_and_one_that_must_not_does_not(folder: Path) -> None:
    transactions, accounts = rich()
    duck_texts.found_sql.cache_clear()
    plain = detect(transactions, accounts, rules=[Structuring()], limits=Limits(threads=1, kept_texts=False))
    assert not folder.exists()
    detect(transactions, accounts, rules=[Structuring()], limits=Limits(threads=1))
    duck_texts.found_sql.cache_clear()
    for file in folder.iterdir():  # a desk whose texts somebody with its own rights has made to say nothing
        text = file.read_text().partition("\n")[2]
        if "10000" in text:
            quiet = f"SELECT * FROM ({text}) WHERE false"
            file.write_text(f"{kept_texts._seal(file, quiet)}\n{quiet}")
    quiet_run = detect(transactions, accounts, rules=[Structuring()], limits=Limits(threads=1))
    anew = detect(transactions, accounts, rules=[Structuring()], limits=Limits(threads=1, kept_texts=False))
    duck_texts.found_sql.cache_clear()
    assert (anew.alerts, bool(plain.alerts), quiet_run.alerts) == (plain.alerts, True, ())
