"""Style, scripts and pictures of ours."""

import os

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from typing_extensions import override

A_YEAR = "public, max-age=31536000, immutable"


class Kept(StaticFiles):
    """An address that names its content (`?v=`, app.web.page.static) is never asked for again: a
    browser that was here before has style and script at hand, and waits for the page alone.
    """

    @override
    def file_response(
        self,
        full_path: "str | os.PathLike[str]",
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        if scope["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = A_YEAR
        return response
