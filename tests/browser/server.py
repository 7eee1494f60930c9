"""A desk of its own for the browser: a process on a free port, over a copied bank."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Process:
    """A program that serves HTTP at ``url`` until it is stopped."""

    def __init__(self, arguments: list[str], url: str, log: Path, env: dict[str, str] | None = None) -> None:
        self.url = url
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                arguments, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=out, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, path: str, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + path, timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"{self.url} did not answer: {self.log()[-2000:]}")

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def kill_after(self, seconds: float) -> None:
        """Kill it as a power cut would, after a while."""
        time.sleep(seconds)
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve_desk(database: Path, log: Path, port: int, *options: str, **settings: str) -> Process:
    """Start the app as `run.sh` does."""
    env = {"CASEDESK_DATABASE_URL": f"sqlite:///{database}", **settings}
    desk = Process(
        [sys.executable, "-m", "casedesk", "serve", "--port", str(port), *options],
        f"http://localhost:{port}", log, env,
    )  # fmt: skip
    desk.wait("/_stcore/health")
    return desk
