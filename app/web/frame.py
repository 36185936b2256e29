"""What every page says to the browser about where it may stand, and the shell before the data."""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.page import Page, address_of

NOWHERE = "'none'"


def security_headers(frame_ancestors: str) -> dict[str, str]:
    """For a page that the given sources (CSP frame-ancestors: `*`, `'none'`, origins) may frame.

    There is no X-Frame-Options: it cannot name a Dashboard. The referrer's origin is sent, because
    a page in a frame knows by it whom it may listen to.
    """
    policy = {
        "default-src": NOWHERE,
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: https:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": NOWHERE,
        "frame-ancestors": frame_ancestors,
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {source}" for name, source in policy.items()),
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }


class Frame:
    """ASGI middleware. A page under /app asked for by a browser, so without `X-Part`, is answered
    with the shell; every HTML answer gets its security headers, and only /app may be framed. No
    answer is taken for what it does not say it is, and none of /app is kept by anybody.
    """

    def __init__(self, app: ASGIApp, *, frame_ancestors: str) -> None:
        self.app = app
        self.inside = security_headers(frame_ancestors)
        self.outside = security_headers(NOWHERE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        of_app = scope["path"] == "/app" or scope["path"].startswith("/app/")
        send = _with(send, self.inside if of_app else self.outside, kept=not of_app)
        headers = Headers(scope=scope)
        if of_app and scope["method"] == "GET" and "x-part" not in headers:
            query = QueryParams(scope["query_string"])
            page = Page(
                locale=query.get("locale"),
                browser=headers.get("accept-language"),
                theme=query.get("theme"),
            )
            path = address_of(scope["path"], query.get("tab"))
            await page.shell(path)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _with(send: Send, headers: Mapping[str, str], *, kept: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer = MutableHeaders(scope=message)
            own = "content-security-policy" in answer  # a letter that is shown brings its own
            if answer.get("content-type", "").startswith("text/html") and not own:
                answer.update(headers)
            answer.setdefault("X-Content-Type-Options", "nosniff")
            if not kept:
                answer.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
