"""DOOR 3 of the rules of sending: how often, at what hours, and who has to agree where."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlmodel import col, func, select

from app.customers.tables import Person
from app.kit.house import House
from app.kit.tx import Tx
from app.messages import rules_form
from app.messages.policy import policy, set_policy
from app.messages.rules_form import RulesForm
from app.shops.flows import this_shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

CHANGES = "MANAGE_APPS"
PAGE = "messages/rules.html"
MOST_COUNTRIES = 12


@router.get("/app/sending/rules", dependencies=[needs(CHANGES)])
def rules(caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    return _show(page, house, caller)


@router.post("/app/sending/rules", dependencies=[needs(CHANGES)])
def change(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    with house.look(caller.shop) as tx:
        form, changes = rules_form.typed(policy(tx), _countries(tx), fields)
    if form.problems:
        return _show(page, house, caller, form=form)
    house.do(caller.shop, lambda tx: set_policy(tx, **changes))
    return _show(page, house, caller, saved=True)


def _show(
    page: Page, house: House, caller: Caller, *, form: RulesForm | None = None, saved: bool = False
) -> HTMLResponse:
    status = 422 if form and form.problems else 200
    with house.look(caller.shop) as tx:
        form = form or rules_form.shown(policy(tx), _countries(tx))
        currency = this_shop(tx).currency or ""
    names = page.locale.territories
    return page(
        PAGE, status=status, form=form, saved=saved, names=names, choices=rules_form.CHOICES,
        channels=rules_form.CHANNELS, currency=currency,
    )  # fmt: skip


def _countries(tx: Tx) -> list[str]:
    """Where the customers are, the most first."""
    rows = (
        select(Person.country)
        .where(Person.country != "", col(Person.erased_at).is_(None))
        .group_by(col(Person.country))
        .order_by(func.count().desc(), col(Person.country))
        .limit(MOST_COUNTRIES)
    )
    return list(tx.exec(rows))
