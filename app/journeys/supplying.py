"""What a message of ours is told at the very last moment: its link, and its code."""

from collections.abc import Mapping
from decimal import Decimal

from app.carts import queries as carts
from app.journeys import links, queries, surveys
from app.journeys.tables import Run
from app.kit.tx import Tx
from app.loyalty import cards, coupons
from app.messages.rules import Purpose, RefusedError, Word
from app.messages.tables import Send
from app.orders import queries as orders

LANGUAGE = "en"


def supply(tx: Tx, send: Send, base: str) -> Mapping[str, object]:
    """Never stored: the link's token is known to the message alone (RL-2).

    Raises RefusedError where the journey is over meanwhile.
    """
    run = queries.run(tx, int(send.context["run"])) if "run" in send.context else None
    if run is None:
        return {}
    asked_for = send.purpose == Purpose.SERVICE.value or send.step == "again"
    if run.ended_at and run.why != "finished" and not asked_for:
        raise RefusedError(Word.STOPPED_PURCHASE)
    return {**_code(tx, send), **_link(tx, send, run, base), **surveys.supply(tx, send)}


def _link(tx: Tx, send: Send, run: Run, base: str) -> Mapping[str, object]:
    checkout = send.context.get("checkout")
    cart = carts.by_checkout(tx, str(checkout)) if checkout else None
    if cart is None or run.subject != cart.checkout:
        return {}
    token = links.token_for(tx.shop)
    links.make(tx, run, token=token, decision=send.decision or "", code=send.context.get("code"))
    locale = (cart.language or LANGUAGE).replace("_", "-").lower()
    terms = queries.recovery(tx)
    return {"link": links.address(terms, cart.channel, token=token, locale=locale, base=base)}


def _code(tx: Tx, send: Send) -> Mapping[str, object]:
    """CP-3: with its exact end."""
    code = coupons.by_id(tx, int(send.context["code"])) if send.context.get("code") else None
    if code is None or code.used_at or (code.ends_at and code.ends_at <= tx.now):
        return {}
    percent = Decimal(coupons.percent_of(tx, code)).scaleb(-2)
    told: dict[str, object] = {"text": code.code, "ends_at": code.ends_at, "percent": percent}
    if worth := cards.worth(code):
        told["worth"] = worth
    elif least := coupons.least_of(tx, code, _currency(tx, send)):
        told["least"] = least
    return {"code": told}


def _currency(tx: Tx, send: Send) -> str:
    """What she pays in: of the cart it is about, else of her last order, else the shop's own."""
    checkout = send.context.get("checkout")
    if cart := carts.by_checkout(tx, str(checkout)) if checkout else None:
        return cart.currency
    last = next(iter(orders.last_orders(tx, send.person or 0, limit=1)), None)
    return last.currency if last else ""
