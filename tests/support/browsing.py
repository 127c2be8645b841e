"""A page's form as a browser has it: its fields with what stands in them, to be changed and sent."""

from __future__ import annotations

from html.parser import HTMLParser


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, list[str]] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name = given.get("name", "")
        if tag == "form" and given.get("method") == "post":
            self.action = given["action"].partition("#")[0]
        elif tag == "select":
            self._select = name
            self.fields[name] = []
        elif tag == "option" and ("selected" in given or not self.fields[self._select]):
            self.fields[self._select] = [given["value"]]
        elif tag == "textarea":
            self._area = name
            self.fields[name] = [""]
        elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area][0] += data.removeprefix("\n")


def form_of(page: str) -> tuple[str, dict[str, list[str]]]:
    """Return where the form of a page is sent, and its fields."""
    found = _Forms()
    found.feed(page)
    return found.action, found.fields
