"""DOOR 3: what is still to be set up, and where everything else of the shop is decided."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.setup import queries
from app.web.door import PatientRoute, Viewing
from app.web.page import Rendered

router = APIRouter(route_class=PatientRoute)


@router.get("/app/settings")
def setup(visit: Viewing, page: Rendered) -> HTMLResponse:
    house_sends = visit.house.settings.smtp_url is not None
    return page("setup/setup.html", guide=queries.guide(visit.tx, house_sends=house_sends))
