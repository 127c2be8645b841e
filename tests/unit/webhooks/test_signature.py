"""Signatures, judged by the library that receivers use."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from libs.webhooks.signature import make_secret, secret_bytes, signed_headers

BODY = '{"type":"points.credited","data":{"näme":"ü"}}'.encode()


def now() -> datetime:
    return datetime.now(UTC)


def test_a_receiver_verifies_it() -> None:
    secret = make_secret(os.urandom)
    headers = signed_headers("msg_1", now(), BODY, [secret])
    assert Webhook(secret).verify(BODY, headers)["type"] == "points.credited"
    for body, changed in (
        (BODY.replace(b"credited", b"debited!"), headers),
        (BODY, headers | {"webhook-id": "msg_2"}),
        (BODY, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        (BODY, headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(make_secret(os.urandom)).verify(BODY, headers)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_one_is_refused(minutes: int) -> None:
    secret = make_secret(os.urandom)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed_headers("msg_1", now() + timedelta(minutes=minutes), BODY, [secret]))


def test_while_a_secret_is_replaced_either_verifies() -> None:
    new, old = make_secret(os.urandom), make_secret(os.urandom)
    headers = signed_headers("msg_1", now(), BODY, [new, old])
    assert Webhook(new).verify(BODY, headers) == Webhook(old).verify(BODY, headers)


@pytest.mark.parametrize("name", ["", "msg.1"])
def test_an_id_with_a_dot_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no dot"):
        signed_headers(name, now(), BODY, [make_secret(os.urandom)])


def test_what_is_no_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="without a secret"):
        signed_headers("msg_1", now(), BODY, [])
    for secret in ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "whsec_MDEyMw==", "whsec_***"):
        with pytest.raises(ValueError, match=r"secret|base64|Only"):
            secret_bytes(secret)
