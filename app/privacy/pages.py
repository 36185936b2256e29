"""DOOR 3: what customers asked of their data, and by when it is due."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.privacy import wishes
from app.shops.flows import this_shop
from app.web.door import PatientRoute, Viewing, needs
from app.web.page import Rendered

router = APIRouter(route_class=PatientRoute)


@router.get("/app/settings/requests", dependencies=[needs("MANAGE_USERS")])
def requests(visit: Viewing, page: Rendered) -> HTMLResponse:
    tx = visit.tx
    zone = this_shop(tx).zone
    return page("privacy/requests.html", wishes=wishes.every(tx), now=tx.now, zone=zone)
