"""Reading a page as a person does: its words, in order, without the markup."""

from html.parser import HTMLParser

from typing_extensions import override

from app.web.page import Page

INLINE = {"a", "b", "code", "span", "strong", "time"}
SILENT = {"script", "style", "template", "head"}
LANGUAGES = ("en", "pt-BR", "pl")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silence = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silence += tag in SILENT
        self._breathe(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        self.silence -= tag in SILENT
        self._breathe(tag)

    def _breathe(self, tag: str) -> None:
        if tag not in INLINE:
            self.words.append(" ")

    @override
    def handle_data(self, data: str) -> None:
        if not self.silence:
            self.words.append(data)


def words(html: str) -> str:
    """What can be read, with every run of white space made one space."""
    reader = _Words()
    reader.feed(html)
    return " ".join("".join(reader.words).split())


def seen(template: str, *, part: str | None = "main", locale: str = "en", **context: object) -> str:
    """What a person reads on a page with this context."""
    return words(markup(template, part=part, locale=locale, **context))


def markup(
    template: str, *, part: str | None = "main", locale: str = "en", **context: object
) -> str:
    page = Page(part=part, dashboard=locale)
    return bytes(page(template, **context).body).decode()
