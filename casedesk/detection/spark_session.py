"""A Spark of one's own: a JVM that is quiet, answers within a bounded time, and is gone afterwards."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock, Thread
from typing import Any, Final, TypeVar

from casedesk.detection.limits import Limits
from casedesk.detection.spill import spill_folder
from casedesk.errors import Invalid, Unavailable

#: Seconds a master has to answer, and a resource manager that starts machines first; a JVM of this machine to start.
ANSWER: Final = 20
STARTING: Final = 120
#: Spark refuses less, and below this it only spills.
LEAST_MIB: Final = 1024
LEAST_JAVA: Final = 17

_LOCAL: Final = re.compile(r"local(\[(\*|[1-9]\d{0,3})\])?")
_MASTER: Final = re.compile(r"(spark|k8s)://\S+|yarn")
_LOOPBACK: Final = re.compile(r"spark://(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?")
_Found = TypeVar("_Found")


class NoSpark(Unavailable):
    """Spark cannot be had on this machine as it is."""


class UnfitMaster(Invalid):
    """The master is not one that Spark knows, or cannot be used with these limits."""


class SilentMaster(Unavailable):
    """The master does not answer, or gives nobody to do the work."""


class SparkFailed(Unavailable):
    """Spark gave up on a run."""

    def __init__(self, error: BaseException) -> None:
        lines = [line for line in str(error).splitlines() if line.strip()]
        said = lines[0].strip()[:300] if lines else type(error).__name__
        super().__init__(f"Spark could not finish: {said} Nothing was stored.")


@dataclass(frozen=True, slots=True)
class Running:
    """A Spark that runs: its session, its master, where its files may lie, and the version of its Java."""

    session: Any
    master: str
    folder: Path
    java: str

    @property
    def here(self) -> bool:
        """Whether all of it runs on this machine, so that files can be handed over by name."""
        return bool(_LOCAL.fullmatch(self.master))


# One SparkContext a process is all that Spark allows; a second run waits for the first.
_turn = RLock()
_held: list[Running] = []


def versions() -> dict[str, str]:
    """Return the versions of what Spark runs on here.

    :raises NoSpark: if pyspark or Java is missing or too old.
    """
    return {"java": _java()[1], "pyspark": _pyspark().__version__}


@contextmanager
def held(limits: Limits, settings: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Start Spark, and let every run of this process use it until the block ends.

    :param settings: of Spark, over the desk's own.
    """
    with _turn, _started(limits, settings or {}) as running:
        _held.append(running)
        try:
            yield running
        finally:
            _held.remove(running)


@contextmanager
def running(limits: Limits) -> Iterator[Running]:
    """Start Spark for one run, or take the one that is held for this master.

    :raises NoSpark: if pyspark or Java is missing or too old.
    :raises UnfitMaster: if the master cannot be one, or the memory limit is too small.
    :raises SilentMaster: if the master does not answer.
    """
    with _turn:
        fitting = [one for one in _held if one.master == _master(limits)]
        if fitting:
            yield fitting[0]
            return
        if _held:
            raise UnfitMaster(f"Spark works for {_held[0].master} already; wait until it has finished.")
        with _started(limits, {}) as started:
            yield started


@contextmanager
def _started(limits: Limits, settings: Mapping[str, str]) -> Iterator[Running]:
    pyspark, master = _pyspark(), _master(limits)
    _, java = _java()
    with spill_folder(limits.temporary) as folder:
        conf = pyspark.SparkConf(loadDefaults=False)
        for key, value in {**_settings(master, folder, limits), **settings}.items():
            conf.set(key, value)
        with (folder / "jvm.log").open("wb") as log:
            gateway = _launched(conf, log)
            try:
                session = _answered(pyspark, conf, gateway, master)
                yield Running(session, master, folder, java)
            finally:
                _stop(pyspark, gateway)


def _settings(master: str, folder: Path, limits: Limits) -> dict[str, str]:
    logging = folder / "log4j2.properties"
    logging.write_text("status = off\nrootLogger.level = off\n", encoding="utf-8")
    # Spark's analyser throws and catches an exception for each window it sees; writing their stacks took most of its time.
    java = f'-XX:-StackTraceInThrowable "-Djava.io.tmpdir={folder}" "-Dlog4j2.configurationFile={logging.as_uri()}" -Dderby.system.home="{folder}"'
    found = {
        "spark.app.name": "casedesk",
        "spark.master": master,
        "spark.driver.memory": f"{limits.memory_mib}m",
        "spark.driver.maxResultSize": "0",
        "spark.driver.extraJavaOptions": java,
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        # What engines do otherwise is said here, and pinned by tests.
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        # A kept step says how its rows are spread; of a union, Spark 4 says it wrongly, and what is joined to it fails.
        "spark.sql.unionOutputPartitioning": "false",
        "spark.sql.caseSensitive": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    if _LOCAL.fullmatch(master):
        cores = re.search(r"\d+", master)
        # two hundred pieces, Spark's own choice, are for a cluster
        found["spark.sql.shuffle.partitions"] = str(2 * int(cores[0] if cores else os.cpu_count() or 1))
    if _LOCAL.fullmatch(master) or _LOOPBACK.fullmatch(master):
        found |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return found


def _master(limits: Limits) -> str:
    if limits.memory_mib < LEAST_MIB:
        raise UnfitMaster(
            f"Spark needs {LEAST_MIB:,} MiB of memory, not {limits.memory_mib:,}; raise the memory limit."
        )
    master = limits.spark or "local[*]"
    if _LOCAL.fullmatch(master):
        return f"local[{limits.threads}]" if master in ("local", "local[*]") and limits.threads else master
    if not _MASTER.fullmatch(master):
        raise UnfitMaster(
            f"“{master}” is not a Spark master; give local[N], spark://HOST:PORT, yarn or k8s://https://HOST:PORT."
        )
    return master


def _pyspark() -> Any:
    try:
        # About a pandas that is not used; it comes whenever a further part of pyspark is first needed, in any thread.
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        # What it logs when Ctrl-C cuts a call to Java is a traceback; whoever pressed it knows, and other failures are raised.
        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        import pyspark.sql
    except ImportError:
        raise NoSpark(
            "The engine “spark” needs pyspark, which is not installed; install the desk with its extra “spark” "
            "(pip install 'casedesk[spark]'), or leave --engine out."
        ) from None
    return pyspark


def _java() -> tuple[str, str]:
    """Return Java's program and version."""
    home = os.environ.get("JAVA_HOME", "")
    program = str(Path(home) / "bin" / "java") if home else "java"
    said = ""
    path = shutil.which(program)
    if path:
        with suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run(  # noqa: S603  # the Java of this machine, by the name its owner gave
                [path, "-version"], capture_output=True, text=True, timeout=STARTING, check=False
            ).stderr
    version = re.search(r'version "((\d+)[^"]*)"', said)
    if path is None or version is None:
        where = f"JAVA_HOME ({home}) has none that runs" if home else "there is none on the PATH"
        raise NoSpark(
            f"The engine “spark” needs Java {LEAST_JAVA} or newer, and {where}; install it, set JAVA_HOME, or leave "
            "--engine out."
        )
    if int(version[2]) < LEAST_JAVA:
        raise NoSpark(f"The engine “spark” needs Java {LEAST_JAVA} or newer; {path} is {version[1]}.")
    return path, version[1]


def _launched(conf: Any, log: Any) -> Any:
    from pyspark.errors import PySparkRuntimeError
    from pyspark.java_gateway import launch_gateway

    start: Callable[..., Any] = launch_gateway
    try:
        return start(conf, {"stdout": log, "stderr": log})
    except (OSError, PySparkRuntimeError) as error:
        said = Path(log.name).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = said[-1][:200] if said else str(error)
        raise NoSpark(f"Spark's Java did not start: {why}") from None


def _answered(pyspark: Any, conf: Any, gateway: Any, master: str) -> Any:
    """Return the session when the master has answered and somebody has done a first piece of work."""

    def start() -> Any:
        session = SparkSession(pyspark.SparkContext(conf=conf, gateway=gateway))
        session.range(1).count()
        return session

    from pyspark.sql import SparkSession

    patience = ANSWER if master.startswith("spark:") else STARTING
    try:
        return _within(patience, start, gateway.proc.kill)
    except TimeoutError:
        raise SilentMaster(
            f"The Spark master {master} gave no answer, or no worker, within {patience} seconds; look whether it runs and "
            "can be reached from here. Nothing was stored."
        ) from None
    except Exception as error:  # noqa: BLE001  # Java's refusals come in every shape, and all of them mean this
        raise SilentMaster(f"The Spark master {master} does not take this work: {_first_line(error)}") from None


def _within(seconds: int, work: Callable[[], _Found], give_up: Callable[[], object]) -> _Found:
    done: list[_Found] = []
    failed: list[Exception] = []

    def attempt() -> None:
        try:
            done.append(work())
        except Exception as error:  # noqa: BLE001  # it is raised again where somebody waits for it
            failed.append(error)

    thread = Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        give_up()
        thread.join(ANSWER)
        raise TimeoutError
    if failed:
        raise failed[0]
    return done[0]


def _first_line(error: Exception) -> str:
    return next((line.strip()[:200] for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _stop(pyspark: Any, gateway: Any) -> None:
    """End the JVM, politely if it listens, and leave no trace of it in pyspark, so that another one can be started."""
    context = pyspark.SparkContext
    active = context._active_spark_context  # noqa: SLF001  # pyspark has no public way to ask
    alive = gateway.proc.poll() is None
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if active is not None and alive:
            _within(ANSWER, active.stop, gateway.proc.kill)
    with suppress(Exception):
        gateway.shutdown()
    from pyspark.sql import SparkSession

    context._active_spark_context = context._gateway = context._jvm = None  # noqa: SLF001  # as above
    SparkSession._instantiatedSession = None  # noqa: SLF001  # as above
    gateway.proc.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        gateway.proc.wait(5)
        return
    gateway.proc.kill()
    gateway.proc.wait(ANSWER)
