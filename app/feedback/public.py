"""DOOR 3, outside: what the links of a letter lead to: a survey, and whether a letter was of use.

Nobody is proved here but by what stood in the letter. A GET says nothing: it fills in what was
pressed, and the answer is given by the one button (FB-4).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from app.feedback import flows, rules
from app.feedback.flows import Letter, Question, Sight
from app.kit.house import House
from app.kit.tx import Tx, shop_named
from app.messages.public import TOKEN, Place, page_in, shop_name
from app.web.door import PatientRoute

router = APIRouter(route_class=PatientRoute)

STATUS: Mapping[Sight, int] = {
    Sight.OPEN: HTTPStatus.OK,
    Sight.UNKNOWN: HTTPStatus.NOT_FOUND,
    Sight.FORGOTTEN: HTTPStatus.GONE,
    Sight.EXPIRED: HTTPStatus.GONE,
}


class Asked(NamedTuple):
    """What the page of a survey shows."""

    shop: str
    language: str
    sight: Sight
    kind: str = ""
    scores: range = range(0)
    chosen: int | None = None
    words: str = ""
    answered: bool = False
    done: bool = False
    missing: bool = False
    """Nothing was chosen, or nothing that is on the scale."""


class Said(NamedTuple):
    """What the page of a letter's use shows."""

    shop: str
    language: str
    sight: Sight
    chosen: bool | None = None
    done: bool = False


def _place(token: str) -> Place:
    """Of no shop, where it is none: it is looked for all the same, and not found."""
    found = TOKEN.fullmatch(token)
    return Place(shop_named(int(found[1])), found[2]) if found else Place(shop_named(0), "")


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def _asked(tx: Tx, found: Question, *, told: str = "") -> Asked:
    """`told`: the score that a link of the letter stands for."""
    if found.sight is not Sight.OPEN or found.send is None:
        return Asked(shop_name(tx), found.send.language if found.send else "", found.sight)
    survey = found.survey
    given = survey.score if survey else None
    pressed = rules.score_of(found.kind, told)
    return Asked(
        shop_name(tx), found.send.language, found.sight, found.kind, found.scale.scores,
        chosen=given if pressed is None else pressed,
        words=survey.words if survey else "", answered=given is not None,
    )  # fmt: skip


@router.get("/survey/{token}")
def ask(request: Request, token: str, score: str = "") -> HTMLResponse:
    place = _place(token)
    with _house(request).look(place.shop) as tx:
        shown = _asked(tx, flows.question(tx, place.token), told=score)
    return _survey(request, token, shown)


@router.post("/survey/{token}")
def answer(
    request: Request,
    token: str,
    score: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
) -> HTMLResponse:
    place = _place(token)

    def given(tx: Tx) -> Asked:
        found = flows.question(tx, place.token)
        if found.sight is not Sight.OPEN:
            return _asked(tx, found)
        number = rules.score_of(found.kind, score)
        if number is None:
            return _asked(tx, found)._replace(missing=True, words=rules.tidied(words))
        done = flows.answer(tx, place.token, score=number, words=words)
        return _asked(tx, done)._replace(done=done.sight is Sight.OPEN)

    return _survey(request, token, _house(request).do(place.shop, given))


def _survey(request: Request, token: str, shown: Asked) -> HTMLResponse:
    wrong = HTTPStatus.UNPROCESSABLE_ENTITY if shown.missing else None
    page = page_in(request, shown.language)
    return page(
        "feedback/survey.html", status=wrong or STATUS[shown.sight], shown=shown, token=token
    )


def _said(tx: Tx, found: Letter, *, told: str = "") -> Said:
    language = found.send.language if found.send else ""
    pressed = {"yes": True, "no": False}.get(told, found.useful)
    return Said(shop_name(tx), language, found.sight, pressed)


@router.get("/useful/{token}")
def ask_of_use(request: Request, token: str, say: str = "") -> HTMLResponse:
    place = _place(token)
    with _house(request).look(place.shop) as tx:
        shown = _said(tx, flows.letter(tx, place.token), told=say)
    return _use(request, token, shown)


@router.post("/useful/{token}")
def say_of_use(request: Request, token: str, say: Annotated[str, Form()] = "") -> HTMLResponse:
    place = _place(token)

    def given(tx: Tx) -> Said:
        if say not in ("yes", "no"):
            return _said(tx, flows.letter(tx, place.token))
        done = flows.say(tx, place.token, useful=say == "yes")
        return _said(tx, done)._replace(done=done.sight is Sight.OPEN)

    return _use(request, token, _house(request).do(place.shop, given))


def _use(request: Request, token: str, shown: Said) -> HTMLResponse:
    page = page_in(request, shown.language)
    return page("feedback/useful.html", status=STATUS[shown.sight], shown=shown, token=token)
