"""Logins at Kafka: what fits together, what is told when it does not, and where commands have it from."""

from __future__ import annotations

from pathlib import Path

import pytest
from faust.auth import SASLCredentials, SSLCredentials
from pydantic import ValidationError

from libs.runtime.faust_host import _credentials
from libs.runtime.kafka_login import KafkaRefused, connection, tls_context
from libs.runtime.settings import KafkaSettings, kafka_of_commands
from tests.support.certificates import Authority

SECRET = "correct-horse"
LOGIN = {"bootstrap": "b:1", "security_protocol": "SASL_SSL", "username": "till", "password": SECRET}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": None}, "SASL_SSL needs username and password"),
        ({"security_protocol": "PLAINTEXT"}, "PLAINTEXT takes no username and password"),
        ({"security_protocol": "SASL_PLAINTEXT", "ca": SECRET}, "SASL_PLAINTEXT is without TLS"),
        ({"key": SECRET}, "certificate and key come together"),
        ({"sasl_mechanism": "GSSAPI"}, "SCRAM-SHA-256"),
        ({"passwort": SECRET}, "passwort"),
    ],
)
def test_what_does_not_fit_is_told_without_the_secrets(changes: dict[str, str | None], said: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        KafkaSettings.model_validate(LOGIN | changes)
    assert said in str(wrong.value)
    assert SECRET not in str(wrong.value)


def test_every_client_is_given_the_same_login() -> None:
    authority = Authority()
    settings = KafkaSettings.model_validate(LOGIN | {"ca": authority.certificate})
    told = connection(settings)
    assert (told["sasl_plain_username"], told["sasl_plain_password"]) == ("till", SECRET)
    assert told["sasl_mechanism"] == "SCRAM-SHA-512"
    assert told["ssl_context"] is tls_context(settings)
    faust = _credentials(settings)
    assert isinstance(faust, SASLCredentials)
    assert (faust.username, faust.password, faust.ssl_context) == ("till", SECRET, told["ssl_context"])
    assert faust.protocol.value == "SASL_SSL"
    assert SECRET not in repr(settings) + repr(faust)


def test_tls_without_a_login() -> None:
    settings = KafkaSettings(bootstrap="b:1", security_protocol="SSL", ca=Authority().certificate)
    assert "sasl_mechanism" not in connection(settings)
    assert isinstance(_credentials(settings), SSLCredentials)


def test_neither() -> None:
    settings = KafkaSettings(bootstrap="b:1")
    assert connection(settings) == {
        "bootstrap_servers": "b:1",
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }
    assert _credentials(settings) is None


def test_certificates_that_are_none() -> None:
    mine, other = Authority().sign("me"), Authority().sign("other")
    for given in (
        {"ca": SECRET},
        {"certificate": mine.certificate, "key": other.key},
        {"certificate": mine.certificate, "key": SECRET},
    ):
        with pytest.raises(KafkaRefused, match="Kafka's settings") as refused:
            tls_context(KafkaSettings.model_validate(LOGIN | given))
        assert SECRET not in str(refused.value)


def test_commands_have_their_login_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert kafka_of_commands("b:1").security_protocol == "PLAINTEXT"
    file = tmp_path / "password"
    file.write_text(SECRET + "\n")
    monkeypatch.setenv("POINTSTREAM_CLI__KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("POINTSTREAM_CLI__KAFKA__USERNAME", "operator")
    monkeypatch.setenv("POINTSTREAM_CLI__KAFKA__PASSWORD", "")  # so that it is taken away in the end
    monkeypatch.setenv("POINTSTREAM_CLI__KAFKA__PASSWORD_FILE", str(file))
    settings = kafka_of_commands("b:1", "acme.")
    assert settings.password is not None
    assert settings.password.get_secret_value() == SECRET
    assert (settings.bootstrap, settings.topic_prefix, settings.username) == ("b:1", "acme.", "operator")
