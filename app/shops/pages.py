"""Public pages about the app itself: nobody's data is on them, so nobody has to be proved."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from app.web.page import Rendered

router = APIRouter()


@router.get("/")
def home() -> RedirectResponse:
    return RedirectResponse("/support")


@router.get("/privacy")
def privacy(page: Rendered) -> HTMLResponse:
    return page("shops/privacy.html")


@router.get("/support")
def support(page: Rendered) -> HTMLResponse:
    return page("shops/support.html")
