"""How requests are read from a connection: by a parser in C, with a bound on what comes before the body."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 * 1_024
"""Bytes of the request line and the headers together; the parser itself would keep any number of them."""


class BoundedHttp(HttpToolsProtocol):
    """The protocol of `httptools`; a request whose head does not end is refused."""

    _in_head = False
    _taken = 0

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that goes on after so many bytes is no request."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._taken += len(data)
            if self._taken > MOST_HEAD:
                self.send_400_response("The request line and headers are too long.")

    def on_message_begin(self) -> None:
        """Begin the head of a request."""
        self._in_head, self._taken = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End the head."""
        self._in_head = False
        super().on_headers_complete()
