"""`casedesk serve`: the app, the API, or both in one process."""

from __future__ import annotations

import os
import runpy
import socket
import sys
from enum import StrEnum
from typing import Annotated

import typer

from casedesk.cli.printing import remark
from casedesk.cli.session import configured
from casedesk.errors import Invalid, Unavailable


class What(StrEnum):
    """What is served; the app's file for the first two."""

    BOTH = "both"
    UI = "ui"
    API = "api"


_FILES = {What.BOTH: "app/serving.py", What.UI: "app/alone.py"}


def serve(
    both: Annotated[bool, typer.Option("--both", help="The app and the API in one process. The default.")] = False,
    ui: Annotated[bool, typer.Option("--ui", help="The app alone.")] = False,
    api: Annotated[bool, typer.Option("--api", help="The API alone.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Processes, with --api.")] = 1,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; demo personas need loopback.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    options: Annotated[
        list[str] | None, typer.Argument(metavar="-- OPTIONS", help="Options of Streamlit, with the app.")
    ] = None,
) -> None:
    """Serve the desk until it is stopped.

    The app keeps its sessions in its process, so it is one; the API is as many as you like, and they share only the database.
    """
    what = _what(both=both, ui=ui, api=api)
    if workers > 1 and what is not What.API:
        raise Invalid(
            "The app keeps its sessions in its own process, so there is one of it; serve the API apart with "
            "“casedesk serve --api --workers N”, and the app with “casedesk serve --ui” on another port."
        )
    if options and what is What.API:
        raise Invalid(f"“{options[0]}” is an option of the app, and --api serves none.")
    configured()
    _require_free(host, port)
    remark(f"Serving {'the API' if what is What.API else 'the desk'} at http://{host}:{port} (Ctrl-C ends it)")
    if what is What.API:
        _api(host, port, workers)
    else:
        _app(_FILES[what], host, port, options or [])


def _what(**asked: bool) -> What:
    named = [name for name, wanted in asked.items() if wanted]
    if len(named) > 1:
        raise Invalid(f"Choose one of --{' and --'.join(named)}; --both is the app and the API.")
    return What(named[0]) if named else What.BOTH


def _require_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened at, before anything is loaded."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as trial:
            if (
                os.name != "nt"
            ):  # there it would let two programs share the port; here it only skips the wait after a close
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except OSError as error:
        raise Unavailable(
            f"The desk cannot listen at {host}, port {port} ({error.strerror}); choose others with --host and --port."
        ) from None


def _api(host: str, port: int, workers: int) -> None:
    import uvicorn

    # our own log has a line for each answer, without address and path; the server's has both
    uvicorn.run(
        "casedesk.api.app:create", factory=True, host=host, port=port, workers=workers, log_config=None,
        access_log=False, server_header=False, ws="websockets-sansio", ws_max_size=4096,
    )  # fmt: skip


def _app(file: str, host: str, port: int, options: list[str]) -> None:
    """Become Streamlit's own command, in the project's folder, where its settings lie."""
    from casedesk.settings import PROJECT_ROOT

    os.chdir(PROJECT_ROOT)
    sys.argv = ["streamlit", "run", file, "--server.address", host, "--server.port", str(port), *options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
