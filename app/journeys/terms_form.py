"""The shop's own terms of recovery, as a form: who is left alone, and where links lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

from babel import Locale
from sqlmodel import col, select

from app.carts import flows as carts
from app.carts import queries as cart_queries
from app.carts.rules import LEAST, MOST
from app.journeys import links, queries
from app.journeys.tables import Recovery
from app.kit.money import major, minor
from app.kit.tx import Tx
from app.shops.tables import Channel
from app.web.inputs import read_decimal

PATIENCE = (int(LEAST.total_seconds() // 60), int(MOST.total_seconds() // 60))
"""AC-1: minutes a checkout rests before it counts as left."""
COOL_DOWN = (1, 30)
LINK_DAYS = (1, 30)


class Fields(Protocol):
    def get(self, key: str, /) -> object: ...
    def __contains__(self, key: object, /) -> bool: ...


@dataclass(frozen=True)
class Front:
    """A channel's storefront."""

    slug: str
    recover: str = ""
    """RL-1: its own recovery page, `https://…/{locale}/…?rt={token}`."""
    checkout: str = ""
    """Where a rebuilt checkout goes on, `https://…?checkout={checkout}`."""


@dataclass(frozen=True)
class TermsForm:
    least: Mapping[str, Decimal | str]
    """By currency."""
    excluded: str
    cool_down: int
    link_days: int
    fronts: Sequence[Front]
    patience: int = 60
    """AC-1: in minutes."""
    per_channel: bool = False
    """AC-8."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """By field: `number`, `address`."""


def stored(tx: Tx) -> TermsForm:
    terms, channels = queries.recovery(tx), _channels(tx)
    currencies = sorted({channel.currency for channel in channels})
    return TermsForm(
        least={c: major(terms.least_minor.get(c, 0), c) for c in currencies},
        excluded="\n".join(terms.excluded),
        cool_down=terms.cool_down_days,
        link_days=terms.link_days,
        fronts=[_front(channel.slug, terms) for channel in channels],
        patience=int(cart_queries.patience(tx).total_seconds() // 60),
        per_channel=cart_queries.per_channel(tx),
    )


def _channels(tx: Tx) -> Sequence[Channel]:
    return tx.exec(select(Channel).where(col(Channel.active)).order_by(col(Channel.slug))).all()


def _front(slug: str, terms: Recovery) -> Front:
    told: Mapping[str, Any] = terms.storefronts.get(slug) or {}
    return Front(slug, str(told.get("recover", "")), str(told.get("checkout", "")))


def typed(tx: Tx, fields: Fields, locale: Locale) -> TermsForm:
    """As it stands in the form, with what is wrong in it."""
    before, problems = stored(tx), dict[str, str]()
    least: dict[str, Decimal | str] = {}
    for currency in before.least:
        text = str(fields.get(f"least_{currency}") or "").strip()
        try:
            least[currency] = read_decimal(text, locale) if text else Decimal(0)
        except ValueError:
            least[currency], problems[f"least_{currency}"] = text, "number"
    fronts = []
    for front in before.fronts:
        told = {
            name: str(fields.get(f"{name}_{front.slug}") or "").strip()
            for name in ("recover", "checkout")
        }
        for name, mark in (("recover", "{token}"), ("checkout", "{checkout}")):
            if told[name] and not _good(told[name], mark):
                problems[f"{name}_{front.slug}"] = "address"
        fronts.append(Front(front.slug, **told))
    return TermsForm(
        least=least,
        excluded=str(fields.get("excluded") or "")[:20_000],
        cool_down=_within(fields.get("cool_down"), COOL_DOWN, before.cool_down),
        link_days=_within(fields.get("link_days"), LINK_DAYS, before.link_days),
        fronts=fronts,
        patience=_within(fields.get("patience"), PATIENCE, before.patience),
        per_channel="per_channel" in fields,
        problems=problems,
    )


def _good(pattern: str, mark: str) -> bool:
    """RL-8: a whole address of one host, with its place for what is filled in."""
    return mark in pattern and links.allowed(pattern, [links.host_of(pattern)])


def _within(told: object, bounds: tuple[int, int], usual: int) -> int:
    text = str(told or "")
    return min(max(int(text), bounds[0]), bounds[1]) if text.isdecimal() else usual


def save(tx: Tx, form: TermsForm) -> None:
    """What was typed is the list of hosts, too: nobody else's can get in (RL-8)."""
    terms = queries.recovery(tx)
    terms.least_minor = {
        currency: minor(amount, currency)
        for currency, amount in form.least.items()
        if isinstance(amount, Decimal) and amount
    }
    lines = [line.strip().lower() for line in form.excluded.splitlines()]
    terms.excluded = [line for line in lines if line]
    terms.cool_down_days, terms.link_days = form.cool_down, form.link_days
    terms.storefronts = {
        front.slug: {
            "recover": front.recover,
            "checkout": front.checkout,
            "hosts": sorted({links.host_of(p) for p in (front.recover, front.checkout) if p}),
        }
        for front in form.fronts
        if front.recover or front.checkout
    }
    tx.add(terms)
    carts.be_patient(tx, timedelta(minutes=form.patience))
    carts.keep_apart(tx, per_channel=form.per_channel)
