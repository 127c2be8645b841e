"""Everything at the door that is not the API: pages, the description, health and metrics."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from libs.catalogue.reward import SCHEMA_PATH as REWARD_PATH
from libs.catalogue.reward import reward_schema
from libs.contracts.asyncapi import asyncapi_document, asyncapi_yaml
from libs.promotions.schema import SCHEMA_PATH, programme_schema
from libs.runtime.migrate import MigrationError
from libs.runtime.postgres import DATABASE_ERRORS
from services.gateway.door.access import parts_of
from services.gateway.door.problems import KINDS, ProblemError
from services.gateway.intake.desk import desk_of
from services.gateway.site import asyncapi_pages, described, pages
from services.gateway.site.dress import ICON

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def documentation() -> HTMLResponse:
    """Show the API."""
    return HTMLResponse(described.as_page())


@router.get("/openapi.json")
async def openapi() -> Response:
    """Describe the API."""
    return Response(described.as_json(), media_type="application/json")


@router.get(SCHEMA_PATH)
async def programme_document_schema() -> Response:
    """Describe the programme's document, for editors and other tools."""
    return Response(orjson.dumps(programme_schema()), media_type="application/schema+json")


@router.get(REWARD_PATH)
async def reward_document_schema() -> Response:
    """Describe the document of a reward."""
    return Response(orjson.dumps(reward_schema()), media_type="application/schema+json")


@router.get("/asyncapi")
async def topics() -> HTMLResponse:
    """Show the topics and their events."""
    return HTMLResponse(asyncapi_pages.asyncapi_page(asyncapi_document()))


@router.get("/asyncapi.json")
async def asyncapi_json() -> Response:
    """Describe the topics and their events."""
    return Response(orjson.dumps(asyncapi_document()), media_type="application/json")


@router.get("/asyncapi.yaml")
def asyncapi_as_yaml() -> Response:
    """Describe them in YAML, which takes long enough to write that it is done in a thread."""
    return Response(asyncapi_yaml(), media_type="application/yaml")


@router.get("/problems")
async def problem_list() -> HTMLResponse:
    """List all problems."""
    return HTMLResponse(pages.problem_list())


@router.get("/problems/{code}")
async def problem(code: str) -> HTMLResponse:
    """Explain one problem."""
    if code not in KINDS:
        raise ProblemError("not-found")
    return HTMLResponse(pages.problem(KINDS[code]))


@router.get("/style.css")
async def style() -> Response:
    """Serve the one style sheet."""
    return Response(pages.STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@router.get(ICON)
@router.get("/favicon.ico")
async def icon() -> Response:
    """Serve the picture of a browser's tab, also where browsers look for it by themselves."""
    return Response(pages.ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


@router.get("/live.js")
async def script() -> Response:
    """Serve the script of the page that refreshes itself."""
    return Response(pages.SCRIPT, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@router.get("/time-left.js")
async def time_left() -> Response:
    """Serve the script that counts down."""
    return Response(pages.TIME_LEFT, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@router.get("/watch.js")
async def watch() -> Response:
    """Serve the script that looks at what changes on a page."""
    return Response(pages.WATCH, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@router.get("/chat.js")
async def chat() -> Response:
    """Serve the script that brings what is new in a talk."""
    return Response(pages.CHAT, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@router.get("/designer.js")
async def designer() -> Response:
    """Serve the script that shows a design while it is changed."""
    return Response(pages.DESIGNER, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@router.get("/livez")
async def livez() -> PlainTextResponse:
    """Say that the process lives."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Say whether requests can be served: PostgreSQL answers, and its schema is the one this code was written for.

    Without a broker reading goes on, so that the answer is 200 and `producers` tells what is the matter.
    """
    try:
        behind = await parts_of(request).store.behind()
    except DATABASE_ERRORS:
        return _unready("PostgreSQL does not answer")
    except MigrationError as error:
        return _unready(str(error))
    return _unready(f"migrations are missing: {', '.join(behind)}") if behind else _ready(request)


@router.get("/readyz/producers")
async def readyz_for_producers(request: Request) -> JSONResponse:
    """Say whether events can be sent: requests can be served, and the broker acknowledges."""
    answer = await readyz(request)
    trouble = desk_of(request).publisher.trouble()
    return _unready(trouble) if answer.status_code == 200 and trouble is not None else answer


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Serve the metrics."""
    registry: CollectorRegistry = request.app.state.metrics.registry
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _ready(request: Request) -> JSONResponse:
    trouble = desk_of(request).publisher.trouble()
    told = {"status": "ready"} | ({} if trouble is None else {"producers": f"not ready: {trouble}"})
    return JSONResponse(told)


def _unready(why: str) -> JSONResponse:
    return JSONResponse({"status": "not ready", "reason": why}, status_code=503)
