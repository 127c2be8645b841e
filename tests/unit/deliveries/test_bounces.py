"""Mails that come back, as mail servers and mailbox providers write them."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.deliveries.bounces import LONGEST, Report, read_report

MESSAGE = UUID("3b9c2f61-8d4e-5a70-9c1b-7e2d6f8a0b13")
RETURNED = f"Message-ID: <{MESSAGE}@shop.example>\r\nSubject: 7 days\r\nTo: <anna@example.com>\r\n\r\nHello\r\n"


def dsn(action: str, status: str, recipient: str = "rfc822; anna@example.com") -> bytes:
    """A delivery status as Postfix sends it."""
    lines = f"""\
From: MAILER-DAEMON@mx.example
Message-Id: <20260101.1@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <anna@example.com> User unknown

--b
Content-Type: message/rfc822

""".replace("\n", "\r\n")
    return (lines + RETURNED + "--b--\r\n").encode()


def arf(kind: str = "abuse") -> bytes:
    """A complaint in a feedback loop."""
    lines = f"""\
From: feedback@mailbox.example
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is a report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Loop/1
Version: 1
Original-Rcpt-To: anna@example.com

--b
Content-Type: text/rfc822-headers

""".replace("\n", "\r\n")
    return (lines + RETURNED + "--b--\r\n").encode()


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("failed", "5.1.1", ("bounced", "address-unknown", True)),
        ("failed", "5.1.10", ("bounced", "address-unknown", True)),
        ("failed", "5.1.8", ("bounced", "address-refused", False)),
        ("failed", "5.2.2", ("bounced", "mailbox-full", False)),
        ("failed", "5.7.1", ("bounced", "address-refused", False)),
        ("failed", "4.4.7", ("bounced", "address-refused", False)),
        ("failed", "nonsense", ("bounced", "address-refused", False)),
        ("delivered", "2.0.0", ("delivered", "", False)),
    ],
)
def test_a_returned_mail_says_why(action: str, status: str, expected: tuple[str, str, bool]) -> None:
    (found,) = read_report(dsn(action, status))
    assert (found.kind, found.reason, found.dead) == expected
    assert (found.message_id, found.recipient) == (MESSAGE, "anna@example.com")


def test_the_number_of_a_report_is_not_that_of_a_message() -> None:
    own = b"3f0e8d52-7a6b-4c1d-9e2f-001122334455@mail.example"
    raw = dsn("failed", "5.1.1").replace(b"20260101.1@mx.example", own)
    assert read_report(raw)[0].message_id == MESSAGE
    (bare,) = read_report(raw.replace(str(MESSAGE).encode(), b"not-told"))
    assert (bare.message_id, bare.recipient) == (None, "anna@example.com")


def test_a_complaint_ends_it() -> None:
    assert read_report(arf()) == [Report("complained", "complaint", MESSAGE, "anna@example.com", dead=True)]
    assert read_report(arf("not-spam")) == []


def test_what_says_nothing_final_is_nothing() -> None:
    assert read_report(dsn("delayed", "4.4.1")) == []
    assert read_report(b"Subject: Re: 7 days\r\n\r\nThank you!") == []
    assert read_report(b"") == []
    assert read_report(dsn("failed", "5.1.1") + b" " * LONGEST) == []


def test_parts_within_parts_without_end_are_no_report() -> None:
    raw = b"".join([b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(5_000)])
    assert len(raw) < LONGEST
    assert read_report(raw) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 700))
def test_no_bytes_break_it(noise: bytes, at: int) -> None:
    raw = dsn("failed", "5.1.1")
    assert len(read_report(raw[:at] + noise + raw[at:])) <= 2
