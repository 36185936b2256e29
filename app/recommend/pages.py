"""DOOR 3: how good the lists are, what they look like, the merchant's word, and where they go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.recommend import asking, flows, looking, queries, rules
from app.recommend.asking import Asked, NoSuchChannelError
from app.recommend.rules import Slot
from app.recommend.sale import NobodyKnowsError
from app.recommend.stall import Stall, stalls_of
from app.recommend.view import Example, Problem, Sheet, Why
from app.saleor.client import Saleor
from app.web.asked import Typed
from app.web.door import Called, Caller, PatientRoute
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

TEMPLATE = "recommend/recommendations.html"
PATH = "/app/recommendations"
CHANGES = "MANAGE_APPS"
SEES_PEOPLE = "MANAGE_USERS"
PATIENCE = 1.0
LONG = 8
OF_A_CUSTOMER = (Slot.FOR_YOU, Slot.AGAIN, Slot.DISCOVER)


@dataclass(frozen=True)
class Seat:
    """Who looks, and what the page stands on."""

    caller: Caller
    house: House
    reach: Callable[[], Saleor]

    @property
    def shop(self) -> ShopId:
        return self.caller.shop


def seated(request: Request, caller: Called) -> Seat:
    saleors = request.app.state.saleors
    return Seat(caller, request.app.state.house, lambda: saleors.world(caller.shop).saleor)


Seated = Annotated[Seat, Depends(seated)]


@dataclass(frozen=True)
class Wish:
    """Whose lists are to be shown as an example."""

    channel: str = ""
    customer: str = ""
    product: str = ""


@router.get(PATH)
def recommendations(seat: Seated, page: Rendered) -> HTMLResponse:
    return _show(page, seat, Wish())


@router.post(PATH)
def change(fields: Typed, seat: Seated, page: Rendered) -> HTMLResponse:
    """One page, several small forms: `do` says which, `remove` takes a pin or block away."""
    told = {name: str(value).strip() for name, value in fields.items()}
    wish = Wish(told.get("channel", ""), told.get("customer", ""), told.get("example", ""))
    do = told.get("do", "")
    if do == "show":
        return _show(page, seat, wish)
    seat.caller.must(CHANGES)
    if "remove" in told:
        choice = int(told["remove"]) if told["remove"].isdecimal() else 0
        seat.house.do(seat.shop, lambda tx: flows.unchoose(tx, choice))
        return _show(page, seat, wish, saved=True)
    wrong = seat.house.do(seat.shop, lambda tx: DOES[do](tx, told, seat)) if do in DOES else {}
    return _show(page, seat, wish, saved=not wrong, problems=wrong, typed=told if wrong else None)


def _choose(tx: Tx, told: Mapping[str, str], seat: Seat) -> dict[str, Problem]:
    """First, first beside another product, or never."""
    product, by = looking.product(tx, told.get("product", "")), seat.caller.viewer.user_id
    if product is None:
        return {"product": Problem.NO_PRODUCT}
    if told.get("place") == "never":
        flows.block(tx, product, by=by)
        return {}
    beside = 0
    if told.get("place") == "beside":
        beside = looking.product(tx, told.get("beside", "")) or 0
        if not beside or beside == product:
            return {"beside": Problem.NO_PRODUCT}
    flows.pin(tx, product, beside=beside, by=by)
    return {}


def _open_to(tx: Tx, told: Mapping[str, str], _: Seat) -> dict[str, Problem]:
    lines = [line for line in told.get("origins", "").split() if line]
    origins = [rules.origin(line) for line in lines]
    if None in origins:
        return {"origins": Problem.ORIGIN}
    flows.open_to(tx, [origin for origin in origins if origin])
    return {}


def _renew(tx: Tx, _: Mapping[str, str], __: Seat) -> dict[str, Problem]:
    flows.renew_key(tx)
    return {}


def _switch(tx: Tx, told: Mapping[str, str], _: Seat) -> dict[str, Problem]:
    (flows.switch_on if told["do"] == "on" else flows.switch_off)(tx)
    return {}


DOES: Mapping[str, Callable[[Tx, Mapping[str, str], Seat], dict[str, Problem]]] = {
    "choose": _choose,
    "origins": _open_to,
    "renew": _renew,
    "on": _switch,
    "off": _switch,
}


def _show(
    page: Page,
    seat: Seat,
    wish: Wish,
    *,
    saved: bool = False,
    problems: Mapping[str, Problem] | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    with seat.house.look(seat.shop) as tx:
        begun = queries.counsel(tx) is not None
    if not begun:
        seat.house.do(seat.shop, flows.counsel)
    sees_people = seat.caller.may(SEES_PEOPLE)
    with seat.house.look(seat.shop) as tx:
        sheet = looking.sheet(
            tx, channel=wish.channel, may_change=seat.caller.may(CHANGES), sees_people=sees_people
        )
    sheet = replace(
        sheet,
        customer=wish.customer if sees_people else "",
        product=wish.product,
        saved=saved,
        problems=problems or {},
        typed=typed or {},
    )
    sheet = _with_examples(seat, sheet)
    return page(TEMPLATE, status=422 if sheet.problems else 200, sheet=sheet)


def _with_examples(seat: Seat, sheet: Sheet) -> Sheet:
    """Lists as they would be shown at this moment."""
    stall = stalls_of(seat.house).ready(seat.shop, patience=PATIENCE)
    if stall is None:
        return replace(sheet, none=Why.OPENING)
    with seat.house.look(seat.shop) as tx:
        stall.refresh(tx)
        asked, problems = _asked(tx, sheet)
    if problems:
        return replace(sheet, problems={**sheet.problems, **problems})
    try:
        return replace(sheet, examples=tuple(_example(stall, one, seat) for one in asked))
    except NobodyKnowsError:
        return replace(sheet, none=Why.AWAY)
    except NoSuchChannelError:
        return sheet


def _example(stall: Stall, asked: Asked, seat: Seat) -> Example:
    return Example(title=asked.slot.value, lines=tuple(asking.make(stall, asked, seat.reach)))


def _asked(tx: Tx, sheet: Sheet) -> tuple[list[Asked], dict[str, Problem]]:
    """Her own lists, what goes with a product, or what sells where nobody is named."""
    asked, problems = [], {}
    if sheet.customer:
        person = looking.person(tx, sheet.customer)
        if person is None:
            problems["customer"] = Problem.NO_CUSTOMER
        asked += [Asked(sheet.channel, slot, person=person, n=LONG) for slot in OF_A_CUSTOMER]
    if sheet.product:
        product = looking.product(tx, sheet.product)
        if product is None:
            problems["example"] = Problem.NO_PRODUCT
        else:
            asked.append(Asked(sheet.channel, Slot.TOGETHER, products=(product,), n=LONG))
    return asked or [Asked(sheet.channel, Slot.POPULAR, n=LONG)], problems
