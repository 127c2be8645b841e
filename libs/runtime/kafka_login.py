"""Who we are to Kafka and whom we trust there: the same for every client, Faust's own among them."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from libs.runtime.settings import KafkaSettings

_KNOCK = 5.0


class KafkaRefused(RuntimeError):
    """No broker lets us in; the message says of each why, and holds no secret."""


@lru_cache(maxsize=8)
def tls_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return what TLS to the brokers rests on; None where they are spoken to without it.

    Raises:
        KafkaRefused: what should be a certificate or a key is none, or the two do not belong together.
    """
    if not settings.encrypted:
        return None
    try:
        context = ssl.create_default_context(cadata=settings.ca)
        if settings.certificate is not None and settings.key is not None:
            _load_own(context, settings.certificate, settings.key.get_secret_value(), _secret(settings.key_password))
    except (ssl.SSLError, ValueError) as error:
        raise KafkaRefused(f"ca, certificate or key of Kafka's settings: {_words(error)}") from None
    return context


def _load_own(context: ssl.SSLContext, certificate: str, key: str, password: str) -> None:
    """OpenSSL takes a certificate and its key from a file only: one that nobody else can read, and not for long."""
    with tempfile.TemporaryDirectory(prefix="pointstream-") as folder:
        both = Path(folder) / "own.pem"
        both.touch(mode=0o600)
        both.write_text(f"{certificate.strip()}\n{key.strip()}\n", encoding="ascii")
        context.load_cert_chain(both, password=lambda: password)


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that every client of aiokafka needs to reach the brokers and be let in.

    Raises:
        KafkaRefused: see `tls_context`.
    """
    return {"bootstrap_servers": settings.bootstrap, **_credentials(settings)}


def _credentials(settings: KafkaSettings) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "security_protocol": settings.security_protocol,
        "ssl_context": tls_context(settings),
    }
    if settings.logs_in:
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.username,
            "sasl_plain_password": _secret(settings.password),
        }
    return arguments


async def knock(settings: KafkaSettings) -> None:
    """Connect to the brokers as every client does, one after the other until one lets us in, and hang up.

    Clients of aiokafka keep to themselves why they were refused; this tells.

    Raises:
        KafkaRefused: none does.
    """
    reasons = []
    for host, port, _ in collect_hosts(settings.bootstrap):
        try:
            async with asyncio.timeout(_KNOCK):
                made = await create_conn(host, port, client_id="pointstream-knock", **_credentials(settings))
                try:
                    await made.send(MetadataRequest([]))  # what a broker that wants a login answers nobody else
                finally:
                    made.close()
        except (KafkaError, OSError, TimeoutError) as error:
            reasons.append(f"{host}:{port}: {_words(error)}")
        else:
            return
    raise KafkaRefused("; ".join(reasons))


def _words(error: BaseException) -> str:
    said = str(error).strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _secret(value: Any) -> str:
    return "" if value is None else str(value.get_secret_value())
