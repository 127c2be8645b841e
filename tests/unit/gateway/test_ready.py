"""What the gateway builds before it serves."""

from __future__ import annotations

from unittest.mock import patch

import fastapi.routing
import httpx

from services.gateway.app import routes


async def test_the_first_request_finds_all_routes_built() -> None:
    app = routes()
    with patch.object(fastapi.routing, "get_dependant", side_effect=AssertionError("built for a request")):
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://door.test", timeout=60
        ) as client:
            assert (await client.get("/livez")).status_code == httpx.codes.OK
