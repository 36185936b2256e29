"""DOOR 3 of referrals: what is promised, who brought whom, and what a person says about it."""

from decimal import Decimal

from babel import Locale
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from app.journeys.offer_rules import CAP
from app.kit.money import major, minor
from app.kit.tx import Tx
from app.loyalty import cards
from app.loyalty import queries as loyalty
from app.referrals import flows, letters, queries, view
from app.referrals.flows import Wish
from app.referrals.rules import Hand, State
from app.referrals.tables import ReferralTerms
from app.referrals.view import Shown, Typed
from app.shops.flows import this_shop
from app.web.asked import Typed as Fields
from app.web.door import Caller, PatientRoute, Viewing, Working, needs
from app.web.inputs import read_decimal
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

CHANGES = "MANAGE_APPS"
SEES_PEOPLE = "MANAGE_USERS"
DECIDES = "MANAGE_DISCOUNTS"
TEMPLATE = "referrals/referrals.html"
LAST_PAGE = 10_000
LONGEST = 60
HUNDRED = 100


@router.get("/app/referrals")
def referrals(visit: Viewing, page: Rendered, *, only: str = "", at: int = 0) -> HTMLResponse:
    return _show(visit.tx, visit.caller, page, only=only, at=at)


@router.post("/app/referrals", dependencies=[needs(CHANGES)])
def change(fields: Fields, visit: Working, page: Rendered) -> HTMLResponse:
    tx = visit.tx
    typed = _typed(fields)
    wish, wrong = _read(tx, typed, page.locale)
    if wish is None:
        form = Typed(**{name: getattr(typed, name) for name in NAMES}, wrong=wrong)
        return _show(tx, visit.caller, page, form=form, status=422)
    flows.save(tx, wish)
    if wish.on:
        letters.ensure(tx)
    return _show(tx, visit.caller, page, saved=True)


@router.post("/app/referrals/{referral}", dependencies=[needs(SEES_PEOPLE, DECIDES)])
def decide(referral: int, fields: Fields, visit: Working, page: Rendered) -> HTMLResponse:
    """RF-6: `do` allow, block, or leave it to the rules again."""
    tx, row = visit.tx, queries.by_id(visit.tx, referral)
    if row is None or row.order is None:
        raise HTTPException(404, "There is no such referral.")
    hand = {"allow": Hand.ALLOW, "block": Hand.BLOCK}.get(str(fields.get("do", "")), Hand.NONE)
    flows.say(tx, row, hand, by=visit.viewer.user_id)
    only = str(fields.get("only", ""))
    return _show(tx, visit.caller, page, only=only, told=hand.value or "undone", said=referral)


NAMES = ("on", "percent", "least", "card", "reward", "worth", "days")


def _typed(fields: FormData) -> Typed:
    texts = {name: str(fields.get(name, "")).strip()[:20] for name in NAMES}
    return Typed(
        on="on" in fields, percent=texts["percent"], least=texts["least"],
        card=texts["card"] == "card", reward=texts["reward"], worth=texts["worth"],
        days=texts["days"],
    )  # fmt: skip


def _read(tx: Tx, typed: Typed, locale: Locale) -> tuple[Wish | None, frozenset[str]]:
    """What was typed; None with the fields that cannot be."""
    currency = this_shop(tx).currency
    percent, least = _number(typed.percent, locale), _number(typed.least or "0", locale)
    reward, worth = _number(typed.reward, locale), _number(typed.worth or "0", locale)
    days = int(typed.days) if typed.days.isdecimal() else -1
    checks = {
        "percent": percent is None or not 0 < percent * HUNDRED <= CAP,  # MG-2
        "least": least is None,
        "reward": not typed.card and (reward is None or not 0 < reward * HUNDRED <= CAP),
        "worth": typed.card and not worth,
        "card": typed.card and not cards.possible(tx),
        "days": not 0 <= days <= LONGEST,
    }
    wrong = frozenset(name for name, holds in checks.items() if holds)
    if wrong or percent is None or least is None:
        return None, wrong
    stored = queries.terms(tx) or flows.usual(tx)
    wish = Wish(
        on=typed.on,
        percent_hundredths=int(percent * HUNDRED),
        least_minor=minor(least, currency),
        card=typed.card,
        reward_hundredths=stored.reward_hundredths if typed.card else int((reward or 0) * HUNDRED),
        reward_minor=minor(worth, currency) if typed.card and worth else stored.reward_minor,
        return_days=days,
    )
    return wish, wrong


def _number(text: str, locale: Locale) -> Decimal | None:
    try:
        return read_decimal(text, locale)
    except ValueError:
        return None


def _stored(terms: ReferralTerms, currency: str, locale: Locale) -> Typed:
    point = "," if str(locale) in {"pl", "pt_BR"} else "."

    def plain(number: Decimal) -> str:
        return f"{number.normalize():f}".replace(".", point) if number else ""

    return Typed(
        on=terms.on_since is not None,
        percent=plain(Decimal(terms.percent_hundredths) / HUNDRED),
        least=plain(major(terms.least_minor, currency)),
        card=terms.card,
        reward=plain(Decimal(terms.reward_hundredths) / HUNDRED),
        worth=plain(major(terms.reward_minor, currency)),
        days=str(terms.return_days),
    )


def _show(
    tx: Tx,
    caller: Caller,
    page: Page,
    *,
    only: str = "",
    at: int = 0,
    form: Typed | None = None,
    saved: bool = False,
    told: str = "",
    said: int | None = None,
    status: int = 200,
) -> HTMLResponse:
    tx.flush()
    terms, programme = queries.terms(tx) or flows.usual(tx), loyalty.terms(tx)
    currency, sees = this_shop(tx).currency or "EUR", caller.may(SEES_PEOPLE)
    figures = view.figures(tx)
    only = only if only in view.ONLY else "review" if figures.review else "ordered"
    start = max(0, min(at, LAST_PAGE)) * view.PAGE
    found = queries.latest(tx, states=view.ONLY[only], limit=view.PAGE + 1, start=start)
    shown = Shown(
        figures=figures,
        promise=view.promise_of(terms, currency),
        form=form or _stored(terms, currency, page.locale),
        rows=view.rows(tx, found[: view.PAGE], sees_people=sees),
        more=len(found) > view.PAGE,
        page=start // view.PAGE,
        only=only,
        currency=currency,
        zone=this_shop(tx).zone,
        now=tx.now,
        on=terms.on_since is not None,
        stopped=programme is not None and programme.programme.stopped_at is not None,
        cards=cards.possible(tx),
        cards_allowed=cards.allowed(tx),
        may_change=caller.may(CHANGES),
        may_decide=sees and caller.may(DECIDES),
        sees_people=sees,
        saved=saved,
        told=told,
        said=said,
    )
    return page(TEMPLATE, status=status, shown=shown, State=State)
