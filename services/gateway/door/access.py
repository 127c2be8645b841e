"""Who is asking: the API key of a request, its quota, and what it allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from libs.contracts.identifiers import IdentifierNames
from libs.runtime.api_keys import ApiKey
from libs.runtime.clock import Clock, monotonic
from services.gateway.door.api_keys import KeyRing
from services.gateway.door.cursors import Cursors
from services.gateway.door.problems import ProblemError
from services.gateway.door.quotas import POLICY, Quotas
from services.gateway.quotes.store import QuoteStore
from services.gateway.receipts.programmes import CompiledVersions
from services.gateway.running import TenantProgrammes
from services.gateway.store import Store

_CHALLENGE = 'Bearer realm="pointstream"'
_BEARER = HTTPBearer(
    scheme_name="ApiKey", description="A key of your company: `Authorization: Bearer ly_…`", auto_error=False
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What requests are served with; made once by the composition root."""

    clock: Clock
    store: Store
    keys: KeyRing
    quotas: Quotas
    cursors: Cursors
    names: IdentifierNames
    versions: CompiledVersions
    programmes: TenantProgrammes
    quotes: QuoteStore
    visitors: Quotas
    shown: str | None
    site: str
    """Where people reach the gateway: every link out of a page or a mail begins so."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's key, and what to serve it with."""

    key: ApiKey
    parts: Parts

    @property
    def tenant_id(self) -> int:
        """Whose data the caller may see."""
        return self.key.tenant_id


def parts_of(request: Request) -> Parts:
    """The parts of the running application."""
    parts: Parts = request.app.state.parts
    return parts


def site_of(request: Request) -> str:
    """Where links to this gateway begin. It is configured: what a request calls us by is its sender's word."""
    return parts_of(request).site


async def admit(
    request: Request,
    needed: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Caller:
    """Let a request in.

    Raises:
        ProblemError: 401 without a usable key, 429 beyond its quota, 403 when it lacks the scope.
    """
    parts = parts_of(request)
    now = parts.clock.now()
    key = await _find(parts, credentials, now)
    request.state.caller = {"key_id": key.key_id, "tenant_id": key.tenant_id}
    verdict = parts.quotas.take(key.key_id, monotonic())
    request.state.headers.update(parts.quotas.headers(verdict))
    if not verdict.allowed:
        raise ProblemError("quota-exceeded", f"Try again in {verdict.retry_after} s.", violated=(POLICY,))
    for scope in needed.scopes:
        if not key.allows(scope):
            challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
            raise ProblemError("scope-missing", f"It takes the scope {scope}.", headers={"WWW-Authenticate": challenge})
    await parts.keys.used(key, now)
    return Caller(key, parts)


async def _find(parts: Parts, credentials: HTTPAuthorizationCredentials | None, now: datetime) -> ApiKey:
    if credentials is None or not credentials.credentials:
        raise ProblemError("key-missing", headers={"WWW-Authenticate": _CHALLENGE})
    try:
        return await parts.keys.find(credentials.credentials, now)
    except ProblemError as error:
        error.headers = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
        raise


MembersReader = Annotated[Caller, Security(admit, scopes=["members:read"])]
PointsReader = Annotated[Caller, Security(admit, scopes=["points:read"])]
ReceiptsReader = Annotated[Caller, Security(admit, scopes=["receipts:read"])]
QuotesReader = Annotated[Caller, Security(admit, scopes=["quotes:read"])]
EventsWriter = Annotated[Caller, Security(admit, scopes=["events:write"])]
MembersWriter = Annotated[Caller, Security(admit, scopes=["members:write"])]
RulesReader = Annotated[Caller, Security(admit, scopes=["rules:read"])]
RulesPublisher = Annotated[Caller, Security(admit, scopes=["rules:publish"])]
WebhooksReader = Annotated[Caller, Security(admit, scopes=["webhooks:read"])]
WebhooksWriter = Annotated[Caller, Security(admit, scopes=["webhooks:write"])]
PointsSpender = Annotated[Caller, Security(admit, scopes=["points:spend"])]
RewardsReader = Annotated[Caller, Security(admit, scopes=["rewards:read"])]
RewardsWriter = Annotated[Caller, Security(admit, scopes=["rewards:write"])]
PersonReader = Annotated[Caller, Security(admit, scopes=["pii:read"])]
ChatStaff = Annotated[Caller, Security(admit, scopes=["chats:answer"])]
PointsAdjuster = Annotated[Caller, Security(admit, scopes=["points:adjust"])]
