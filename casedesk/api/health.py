"""`/health`, `/ready` and `/metrics`: for whoever keeps the desk running. No key, and nothing of a person or a decision."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from casedesk.api.problems import answers
from casedesk.api.state import Served, served
from casedesk.services.detecting import RULES

router = APIRouter(tags=["running"])

Held = Annotated[Served, Depends(served)]


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """The process can work: the database stands at its migration, and the rules are loaded."""

    status: str = "ready"
    rules: int


@router.get("/health", summary="Whether the process is alive", responses=answers(422))
def health() -> Alive:
    """Answer, whatever state the database is in."""
    return Alive()


@router.get("/ready", summary="Whether the process can work", responses=answers(422, 503))
def ready(held: Held) -> Ready:
    """Look whether the database answers and stands at this desk's migration, and load the rules."""
    held.desk().require_current()
    return Ready(rules=len(RULES))


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response, responses=answers(422))
def metrics(held: Held) -> Response:
    """Write the figures of this process and of the whole desk; without the latter while the database is away."""
    return Response(held.scraping.text(held.desk, held.now()), media_type=CONTENT_TYPE_LATEST)
