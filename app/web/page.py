"""Rendering: one environment a language, one template a page, one block of it on request.

A page is asked for three ways. Without `X-Part`, a browser gets the shell: the house's base
template with no data in it (`app.web.frame`). The shell's bridge.js then asks for the same path
with `X-Part: main` and the Dashboard's token, and later for smaller parts. A part is a block,
and the element it renders carries the block's name as its id. The third way is a section of it
for a spreadsheet (`app.web.sheets`).
"""

import re
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, TypeAlias

from babel import Locale
from fastapi import Depends, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined, Template
from starlette.datastructures import FormData

from app.web.drawing import Drawing
from app.web.notation import Notation
from app.web.sheets import Plain, sheet
from app.web.whereabouts import whereabouts
from app.web.words import catalogue, language, tag_of

APP = Path(__file__).parents[1]
ROOMS = {path.parent.name: FileSystemLoader(path) for path in APP.glob("*/templates")}
STATIC = Path(__file__).parent / "static"
BASE = "web/base.html"
THEMES = ("light", "dark")
OF_WIDGETS = re.compile(r"accessToken|saleorApiUrl|\w+Ids?")
"""What the Dashboard posts to a widget; nothing else that is sent is written into a page."""


@cache
def static(name: str) -> str:
    """The address of a file of ours; it changes with its content, so browsers may keep it."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


@cache
def environment(locale: Locale, notation: type[Notation] = Notation) -> Environment:
    env = Environment(
        loader=PrefixLoader(ROOMS),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    env.policies["ext.i18n.trimmed"] = True  # as babel.cfg: line breaks of a template aren't words
    words = catalogue(locale)
    env.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= notation(locale, words).filters()
    env.globals["draw"] = Drawing(env.filters["number"], env.filters["percent"], words)
    env.globals |= {"locale": locale, "lang": tag_of(locale), "static": static, "theme": None}
    env.globals |= {"rooms": frozenset(ROOMS), "whereabouts": whereabouts, "path": None}
    # a block rendered alone doesn't see what its file imports at the top
    env.globals["ui"] = env.get_template("web/ui.html").module
    return env


def address_of(path: str, tab: str | None) -> str:
    """An address as the navigation knows it: the tab is all of its query that matters."""
    return f"{path}?tab={tab}" if tab else path


async def _of_a_widget(request: Request) -> FormData | None:
    """What the Dashboard posted to open one; other forms are the business of who reads them."""
    widget = request.method == "POST" and request.url.path.startswith("/app/widgets/")
    return await request.form() if widget else None


class Page:
    """`page("today/today.html", today=…)`: the whole page, or the one part asked for.

    The language is the Dashboard's (`X-Locale`, sent by bridge.js), else the query's, else the
    browser's. A widget that is posted hears of none: it holds what was `sent`, and widget.js sends
    it once more where the Dashboard spoke another language when the app was last open.
    """

    def __init__(
        self,
        part: Annotated[str | None, Header(alias="X-Part")] = None,
        dashboard: Annotated[str | None, Header(alias="X-Locale")] = None,
        locale: Annotated[str | None, Query()] = None,
        browser: Annotated[str | None, Header(alias="Accept-Language")] = None,
        theme: Annotated[str | None, Query()] = None,
        *,
        csv: Annotated[str | None, Query()] = None,
        form: Annotated[FormData | None, Depends(_of_a_widget)] = None,
        request: Request = None,  # type: ignore[assignment]  # FastAPI fills it in; tests need none
    ) -> None:
        self.part = part
        asked = (request.url.path, request.query_params.get("tab")) if request else None
        self.path = address_of(*asked) if asked else None
        self.locale = language(dashboard or locale or browser)
        self.theme = theme if theme in THEMES else None
        told = form.multi_items() if form else ()
        self.sent = FormData([(name, value) for name, value in told if OF_WIDGETS.fullmatch(name)])
        self.title = csv if request and request.method == "GET" else None

    def __call__(
        self, name: str, *, status: int = HTTPStatus.OK, **context: object
    ) -> HTMLResponse:
        """Answer with a template; 404 where it has no such part."""
        values = {**context, "theme": self.theme, "path": self.path, "sent": self.sent}
        if self.title:
            return self._sheet(name, self.title, values)
        template = environment(self.locale).get_template(name)
        html = template.render(values) if self.part is None else _part(template, self.part, values)
        return HTMLResponse(
            html,
            status,
            {
                "Cache-Control": "no-store",  # it is about people
                "Content-Language": tag_of(self.locale),
                "Vary": "X-Part, X-Locale, Accept-Language",
            },
        )

    def _sheet(self, name: str, title: str, values: dict[str, object]) -> HTMLResponse:
        """The section under that title; 404 where there is none."""
        html = _part(environment(self.locale, Plain).get_template(name), "main", values)
        told = sheet(html, title, catalogue(self.locale))
        if told is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"Nothing stands under {title!r} here.")
        return HTMLResponse(
            "\ufeff" + told,  # so that spreadsheets take it for UTF-8
            media_type="text/csv; charset=utf-8",
            headers={"Cache-Control": "no-store"},
        )

    def shell(self, path: str | None = None) -> HTMLResponse:
        """The page before its data: no token is needed, nobody's data is in it."""
        template = environment(self.locale).get_template(BASE)
        return HTMLResponse(
            template.render(theme=self.theme, path=path),
            headers={"Cache-Control": "no-cache", "Vary": "X-Part, Accept-Language"},
        )


def _part(template: Template, part: str, values: dict[str, object]) -> str:
    """One block, with what the page makes of the base's blocks, as inheritance would."""
    context = template.new_context(values)
    base = template.environment.get_template(BASE)
    for name, block in base.blocks.items():
        context.blocks.setdefault(name, []).append(block)
    if part not in context.blocks:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"This page has no part called {part!r}.")
    return "".join(context.blocks[part][0](context))


Rendered: TypeAlias = Annotated[Page, Depends()]
