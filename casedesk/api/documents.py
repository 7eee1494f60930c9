"""The OpenAPI document, and `/docs`: the same as one plain page, made here, that loads nothing from anywhere."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from casedesk.api.problems import Problem
from casedesk.api.transactions import Transaction

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1C2024;background:#fff}"
    "code,pre{font:13px/1.5 ui-monospace,monospace;background:#F1F3F5;border-radius:5px}code{padding:.1em .3em}"
    "pre{padding:.75rem;overflow-x:auto}h2{margin-top:2.5rem;font-size:1.0625rem}details{margin:.5rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#E4E6E9;background:#111316}code,pre{background:#212429}a{color:#9DB2FF}}"
)
_DESCRIPTION = """\
Transactions in, alerts and cases out, and every step on a case, by the same rules and for the same people as in the app.

Send a key with each request: `Authorization: Bearer casedesk_K-…`. `casedesk apikey create` makes one. Its scope says what it
is for: `ingest` sends transactions, `read` follows alerts and cases, `act-as-user` takes steps on cases, all as the person whose
key it is. A refusal is a problem (RFC 9457) whose `detail` is a sentence.

A WebSocket at `/ws/alerts?after=ID`, with the same header, pushes alerts as they are stored, each with a cursor to go on from.
"""


def describe(app: FastAPI) -> None:
    """Give the application its OpenAPI document and its page."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes)
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            for model in (Problem, Transaction):
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(page(document()))


def page(document: dict[str, Any]) -> str:
    """Write the document as one page of HTML without scripts, styles or fonts from elsewhere."""
    parts = [f"<h1>{html.escape(document['info']['title'])}</h1>", _paragraphs(document["info"]["description"])]
    parts += ['<p>The whole document: <a href="/api/v1/openapi.json">openapi.json</a></p>']
    for path, methods in document["paths"].items():
        parts += [_operation(path, method, said) for method, said in methods.items()]
    parts += ["<h2>Schemas</h2>"]
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts += [
            f'<details id="{html.escape(name)}"><summary><code>{html.escape(name)}</code></summary>{_json(schema)}</details>'
        ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(document['info']['title'])}</title><style>{_STYLE}</style>{''.join(parts)}</html>"
    )


def _operation(path: str, method: str, said: dict[str, Any]) -> str:
    parts = [f"<h2><code>{method.upper()} {html.escape(path)}</code> {html.escape(said.get('summary', ''))}</h2>"]
    parts += [_paragraphs(said.get("description", ""))]
    for one in said.get("parameters", ()):
        needed = " (needed)" if one.get("required") else ""
        told = html.escape(one.get("description", ""))
        parts += [f"<p><code>{html.escape(one['name'])}</code> in the {one['in']}{needed}. {told}</p>"]
    if "requestBody" in said:
        parts += [f"<details><summary>Body</summary>{_json(said['requestBody']['content'])}</details>"]
    answers = {status: answer["description"] for status, answer in said["responses"].items()}
    parts += [f"<details><summary>Answers</summary>{_json(answers)}</details>"]
    return "".join(parts)


def _paragraphs(text: str) -> str:
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return "".join(f"<p>{part}</p>" for part in escaped.split("\n\n") if part.strip())


def _json(value: Any) -> str:
    return f"<pre>{html.escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
