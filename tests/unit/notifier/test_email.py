"""Mails handed to a server on loopback: what each of its answers means, and connections that stay open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from libs.messages.content import Content
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Refused, Unanswered
from services.notifier.channels.email import EmailChannel, EmailSettings
from tests.support.mail_server import MailServer, mail_server
from tests.unit.notifier.test_dkim import check, pem

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


def channel(port: int, **changes: object) -> EmailChannel:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "club@shop.example", **changes}
    return EmailChannel(EmailSettings.model_validate(settings), lambda: NOW)


def letters(*addresses: str) -> list[Letter]:
    return [Letter(UUID(int=n), each, Content("en", f"T{n}", "x"), "Club") for n, each in enumerate(addresses, 1)]


async def test_mails_go_over_connections_that_stay_open() -> None:
    async with mail_server() as server:
        email = channel(server.port, connections=2)
        await email.open()
        for _ in range(3):
            outcomes = await email.send(letters(*[f"m{n}@example.com" for n in range(20)]))
            assert outcomes == [Handed("250 2.0.0 OK")] * 20
        await email.close()
        assert (len(server.taken), server.connections) == (60, 2)
        assert b"Message-ID: <00000000-0000-0000-0000-000000000001@shop.example>" in server.taken[0][1]


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("stage", "answer", "expected"),
    [
        ("rcpt", "550 5.1.1 Nobody here", Refused("address-unknown", "550 5.1.1", address_dead=True)),
        ("rcpt", "550 5.1.8 No such domain", Postponed("provider-failed", "550 5.1.8", provider_wide=True)),
        ("rcpt", "550 5.7.1 Not welcome", Refused("address-refused", "550 5.7.1")),
        ("rcpt", "552 5.2.2 Full", Refused("address-refused", "552 5.2.2")),
        ("rcpt", "450 4.2.0 Greylisted", Postponed("provider-busy", "450 4.2.0")),
        ("rcpt", "421 4.7.0 Too many", Postponed("provider-busy", "421 4.7.0", provider_wide=True)),
        ("data", "250 2.6.0 <1@mx.example> queued for bad@example.com", Handed("250 2.6.0 queued for")),
        ("data", "554 5.7.1 Spam", Refused("content-refused", "554 5.7.1")),
        ("data", "451 4.3.0 Later", Postponed("provider-busy", "451 4.3.0")),
    ],
)
async def test_what_an_answer_means(stage: str, answer: str, expected: Outcome, pipelining: bool) -> None:
    def only_for_bad(address: str) -> str | None:
        return answer if address.startswith("bad") else None

    async with mail_server() as server:
        server.pipelining = pipelining
        setattr(server, f"on_{stage}", only_for_bad)
        email = channel(server.port, connections=1)
        outcomes = await email.send(letters("good@example.com", "bad@example.com", "fine@example.com"))
        assert outcomes == [Handed("250 2.0.0 OK"), expected, Handed("250 2.0.0 OK")], "the others are not held up"
        await email.close()


async def test_a_server_that_hangs_up_after_a_mail_may_have_it() -> None:
    async with mail_server() as server:
        server.hang_up_after_data = True
        email = channel(server.port, connections=1)
        (outcome,) = await email.send(letters("anna@example.com"))
        assert outcome == Unanswered(safe=False, detail="closed")
        server.hang_up_after_data = False
        assert await email.send(letters("anna@example.com")) == [Handed("250 2.0.0 OK")]
        await email.close()


async def test_a_connection_that_was_closed_while_it_idled_is_opened_again() -> None:
    async with mail_server() as server:
        email = channel(server.port, connections=1)
        await email.send(letters("a@example.com"))
        port = server.port
        await _hang_up(email, server)
        assert await email.send(letters("b@example.com")) == [Handed("250 2.0.0 OK")]
        assert (server.connections, server.port) == (2, port)
        await email.close()


async def _hang_up(email: EmailChannel, server: MailServer) -> None:
    before: Callable[[str], str | None] = server.on_rcpt
    server.on_rcpt = lambda address: "421 4.4.2 Bye"
    assert isinstance((await email.send(letters("x@example.com")))[0], Postponed)
    server.on_rcpt = before


async def test_a_server_that_is_away_is_trouble_of_the_provider() -> None:
    async with mail_server() as server:
        port = server.port
    email = channel(port)
    (outcome,) = await email.send(letters("anna@example.com"))
    assert isinstance(outcome, Postponed)
    assert (outcome.reason, outcome.provider_wide) == ("provider-away", True)
    with pytest.raises(OSError, match=r".*"):
        await email.open()


async def test_a_server_without_tls_gets_no_mail_when_tls_is_asked_for() -> None:
    async with mail_server() as server:
        (outcome,) = await channel(server.port, security="starttls").send(letters("anna@example.com"))
        assert isinstance(outcome, Postponed)
        assert (outcome.provider_wide, server.taken) == (True, [])


async def test_what_is_no_address_reaches_nobody() -> None:
    async with mail_server() as server:
        outcomes = await channel(server.port).send(letters("a@b.cz>\r\nRCPT TO:<c@d.cz", "anna@example.com"))
        assert outcomes[0] == Refused("address-unknown", "not an address", address_dead=True)
        assert [address for address, _ in server.taken] == ["anna@example.com"]


@pytest.mark.parametrize("field", ["sender", "reply_to"])
@pytest.mark.parametrize("address", ["Club <club@shop.example>", "klub@\u00e4.example", "a@b.cz>\r\nX: y", ""])
def test_who_writes_has_an_address(field: str, address: str) -> None:
    with pytest.raises(ValueError, match="bare addresses"):
        channel(25, **{field: address})


async def test_a_mail_is_signed_where_that_is_asked_for() -> None:
    key = Ed25519PrivateKey.generate()
    async with mail_server() as server:
        email = channel(server.port, dkim_selector="s1", dkim_key=pem(key).decode())
        await email.send(letters("anna@example.com"))
        await email.close()
        ((_, mail),) = server.taken
    assert "subject" in check(mail, key.public_key())
    with pytest.raises(ValueError, match="both"):
        channel(server.port, dkim_selector="s1")


def test_the_loop_of_the_services_carries_mails_too() -> None:
    async def send() -> list[Outcome]:
        async with mail_server() as server:
            server.pipelining = True
            email = channel(server.port)
            outcomes = await email.send(letters("anna@example.com", "jan@example.com"))
            await email.close()
            return outcomes

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(send()) == [Handed("250 2.0.0 OK")] * 2
