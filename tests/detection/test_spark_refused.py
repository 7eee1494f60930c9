"""Where there is no Spark, no Java or no such master, a sentence says so before a JVM starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from casedesk.detection import spark_session
from casedesk.detection.engine import detect, versions
from casedesk.detection.limits import Limits
from tests.detection.bank import accounts_of, arrow


def test_without_pyspark_a_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(spark_session.NoSpark, match=r"install the desk with its extra “spark”"):
        detect(arrow([]), accounts_of([]), limits=Limits(spark="local[2]"))


def test_without_java_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", exc_type=ImportError)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(spark_session.NoSpark, match="needs Java 17 or newer, and there is none on the PATH"):
        versions(Limits(spark="local[2]"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(spark_session.NoSpark, match="JAVA_HOME .* has none that runs"):
        versions(Limits(spark="local[2]"))
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n", encoding="utf-8")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(spark_session.NoSpark, match="needs Java 17 or newer; .* is 11.0.2"):
        versions(Limits(spark="local[2]"))


@pytest.mark.parametrize("master", ["nonsense", "local[0]", "http://127.0.0.1:1", "spark:// x", "sc://127.0.0.1"])
def test_what_is_no_master_is_refused(master: str) -> None:
    with pytest.raises(spark_session.UnfitMaster, match="is not a Spark master; give local"):
        spark_session._master(Limits(spark=master))


def test_too_little_memory_for_spark_is_said() -> None:
    with pytest.raises(spark_session.UnfitMaster, match="Spark needs 1,024 MiB of memory, not 512"):
        detect(arrow([]), accounts_of([]), limits=Limits(memory_mib=512, spark="local[7]"))


def test_threads_are_those_of_the_machines_own_spark_only() -> None:
    assert spark_session._master(Limits(threads=3, spark="local[*]")) == "local[3]"
    assert spark_session._master(Limits(threads=3, spark="local[2]")) == "local[2]"
    assert spark_session._master(Limits(threads=3, spark="spark://host:7077")) == "spark://host:7077"
