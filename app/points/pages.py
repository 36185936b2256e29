"""DOOR 3 of points: what is promised, and what it would cost."""

from decimal import Decimal

from babel import Locale
from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from app.kit.tx import Tx
from app.loyalty import queries as loyalty
from app.points import earning, flows, queries, rules, view
from app.points.flows import Wish
from app.points.tables import PointsTerms
from app.points.view import Channel, Shown, Typed
from app.shops import flows as shops
from app.shops.flows import this_shop
from app.web.asked import Typed as Fields
from app.web.door import Caller, PatientRoute, Viewing, Working, needs
from app.web.inputs import read_decimal
from app.web.notation import Sum
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

CHANGES = "MANAGE_APPS"
TEMPLATE = "points/points.html"
HUNDRED = 100
MOST_LEAST = 1_000_000


@router.get("/app/points")
def points(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _show(visit.tx, visit.caller, page)


@router.post("/app/points", dependencies=[needs(CHANGES)])
def change(fields: Fields, visit: Working, page: Rendered) -> HTMLResponse:
    tx = visit.tx
    typed = _typed(tx, fields)
    wish, wrong = _read(typed, page.locale)
    if wish is None:
        told = {name: getattr(typed, name) for name in Typed.__dataclass_fields__} | {
            "wrong": wrong
        }
        return _show(tx, visit.caller, page, form=Typed(**told), status=422)
    flows.save(tx, wish)
    return _show(tx, visit.caller, page, saved=True)


def _typed(tx: Tx, fields: FormData) -> Typed:
    def text(name: str) -> str:
        return str(fields.get(name, "")).strip()[:20]

    rates = {one.slug: text(f"rate_{one.slug}") for one in shops.channels(tx)}
    return Typed(
        on="on" in fields, rate=text("rate"), rates=rates, days=text("days"),
        least=text("least"), expires="expires" in fields, months=text("months"),
    )  # fmt: skip


def _read(typed: Typed, locale: Locale) -> tuple[Wish | None, frozenset[str]]:
    """What was typed; None with the fields that cannot be."""
    rate = _rate(typed.rate, locale)
    rates = {slug: _rate(text, locale) for slug, text in typed.rates.items() if text}
    days, least, months = (_whole(text) for text in (typed.days, typed.least, typed.months))
    checks = {
        "rate": rate is None,
        "days": not 0 <= days <= rules.MOST_RETURN_DAYS,
        "least": not rules.WORTH <= least <= MOST_LEAST,
        "months": typed.expires and not rules.FEWEST_MONTHS <= months <= rules.MOST_MONTHS,
    } | {f"rate_{slug}": one is None for slug, one in rates.items()}
    wrong = frozenset(name for name, holds in checks.items() if holds)
    if wrong or rate is None:
        return None, wrong
    wish = Wish(
        on=typed.on,
        rate_hundredths=rate,
        rates={slug: one for slug, one in rates.items() if one is not None},
        return_days=days,
        least_points=least,
        expires=typed.expires,
        expiry_months=months if months > 0 else rules.MONTHS,
    )
    return wish, wrong


def _rate(text: str, locale: Locale) -> int | None:
    """Hundredths of a point."""
    try:
        found = read_decimal(text, locale)
    except ValueError:
        return None
    hundredths = int(found * HUNDRED)
    return hundredths if 0 <= hundredths <= rules.MOST_RATE else None


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def _stored(terms: PointsTerms, locale: Locale) -> Typed:
    point = "," if str(locale) in {"pl", "pt_BR"} else "."

    def plain(hundredths: int) -> str:
        return f"{(Decimal(hundredths) / HUNDRED).normalize():f}".replace(".", point)

    return Typed(
        on=terms.on_since is not None,
        rate=plain(terms.rate_hundredths),
        rates={slug: plain(rate) for slug, rate in terms.rates.items()},
        days=str(terms.return_days),
        least=str(terms.least_points),
        expires=terms.expires_since is not None,
        months=str(terms.expiry_months),
    )


def _show(
    tx: Tx,
    caller: Caller,
    page: Page,
    *,
    form: Typed | None = None,
    saved: bool = False,
    status: int = 200,
) -> HTMLResponse:
    tx.flush()
    terms, programme, shop = queries.terms(tx) or flows.usual(tx), loyalty.terms(tx), this_shop(tx)
    form, owed = form or _stored(terms, page.locale), queries.owed(tx, at=tx.now)
    shown = Shown(
        on=terms.on_since is not None,
        stopped=programme is not None and programme.programme.stopped_at is not None,
        sums=queries.sums(tx),
        owed=owed,
        value=Sum(owed.value, shop.currency or "EUR"),
        void=Decimal(owed.void.numerator) / owed.void.denominator,
        months=view.months(tx),
        form=form,
        channels=_channels(tx, form, terms, home=shop.currency),
        currency=shop.currency or "EUR",
        zone=shop.zone,
        may_change=caller.may(CHANGES),
        saved=saved,
    )
    return page(TEMPLATE, status=status, shown=shown)


def _channels(tx: Tx, form: Typed, terms: PointsTerms, *, home: str) -> list[Channel]:
    bare = PointsTerms(rate_hundredths=terms.rate_hundredths or 1, rates={})
    return [
        Channel(
            slug=one.slug, currency=one.currency, rate=form.rates.get(one.slug, ""),
            usual=earning.rate_of(bare, one.slug, one.currency, home=home) > 0,
        )
        for one in shops.channels(tx)
        if one.active
    ]  # fmt: skip
