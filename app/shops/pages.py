"""Public pages about the app itself: nobody's data is on them, so nobody has to be proved."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from app.kit.housekeeping import PARKED_BODIES
from app.shops.flows import ERASED_AFTER
from app.shops.view import Retention
from app.web.page import Rendered

router = APIRouter()

KEEPS = Retention(parked_days=PARKED_BODIES.days, uninstalled_days=ERASED_AFTER.days)


@router.get("/")
def home() -> RedirectResponse:
    return RedirectResponse("/support")


@router.get("/privacy")
def privacy(page: Rendered) -> HTMLResponse:
    return page("shops/privacy.html", keeps=KEEPS, contact=None)


@router.get("/support")
def support(page: Rendered) -> HTMLResponse:
    return page("shops/support.html", keeps=KEEPS, contact=None)
