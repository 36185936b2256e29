"""Changing the rules: with a preview, an audit line, and half a minute to take it back."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from sqlmodel import col, select

from app.kit.money import major
from app.kit.tx import Job, Tx
from app.loyalty import form, proposal, queries, spans, standings
from app.loyalty.flows import Review
from app.loyalty.form import Draft
from app.loyalty.placing import Cause
from app.loyalty.queries import Terms
from app.loyalty.tables import Edit, Programme, Tier
from app.loyalty.view import Move, Preview, Proposal, Rung
from app.shops import flows as shops
from app.shops.tables import Rate

STROKES = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss"})
"""Letters that Unicode does not take apart."""
RESTORED = ("name", "threshold_minor", "percent_hundredths", "least_minor", "offer", "channels")
UNDOABLE = timedelta(seconds=30)
MILLION = 1_000_000
"""Nobody is moved before the owner can no longer take it back."""
USUAL = {"bronze": ("Bronze", 500), "silver": ("Silver", 1000), "gold": ("Gold", 1500)}
"""TI-2: the default ladder above Member, with what its codes take off once switched on."""


class Revalue(Job, kind="loyalty.revalue"):
    """Currency or rates have changed: every order is valued anew, then everybody looked at."""

    version: int


def stored(tx: Tx, terms: Terms, *, people: Mapping[str, int] | None = None) -> Draft:
    """The settings as they are."""
    sold_in = {channel.currency for channel in shops.channels(tx)} - {terms.currency}
    rates: dict[str, Decimal | str] = dict.fromkeys(sorted(sold_in), "")
    for rate in tx.exec(select(Rate).order_by(col(Rate.day))):
        if rate.currency in rates:
            rates[rate.currency] = Decimal(rate.rate)
    return Draft(
        rungs=tuple(_rung(terms, tier, people) for tier in terms.rungs),
        months=terms.programme.window_months,
        zone=terms.zone.key,
        currency=terms.currency,
        excluded="\n".join(terms.programme.excluded),
        channels=tuple(channel.slug for channel in shops.channels(tx) if channel.active),
        rates=rates,
    )


def _rung(terms: Terms, tier: Tier, people: Mapping[str, int] | None) -> Rung:
    hundredths = tier.percent_hundredths
    return Rung(
        key=tier.key,
        name=tier.name,
        threshold=major(tier.threshold_minor, terms.currency),
        percent=None if hundredths is None else Decimal(hundredths).scaleb(-2).normalize() + 0,
        least=major(tier.least_minor, terms.currency),
        offer=tier.offer,
        channels=None if tier.channels is None else tuple(tier.channels),
        people=None if people is None else people.get(tier.key, 0),
    )


def suggest(tx: Tx, terms: Terms) -> list[list[int]]:
    """TI-2: what the shop's own distribution suggests. Nothing while there are few buyers. A pass
    over a year of orders: a review makes it, and pages show what it kept."""
    spent = _spendings(tx, terms)
    if len(spent) < proposal.FEW:
        return []
    return [
        [threshold, round(proposal.share_reaching(spent, threshold) * MILLION)]
        for threshold in propose(terms, spent)
    ]


def keep_proposals(tx: Tx, told: list[list[int]]) -> None:
    if (terms := queries.terms(tx)) and terms.programme.proposed != told:
        terms.programme.proposed = told


def proposals(terms: Terms) -> Sequence[Proposal]:
    """As of the last review."""
    names = [tier.name for tier in terms.rungs[1:]] or [name for name, _ in USUAL.values()]
    return tuple(
        Proposal(
            name=name, threshold=major(threshold, terms.currency), share=Decimal(share) / MILLION
        )
        for name, (threshold, share) in zip(names, terms.programme.proposed, strict=False)
    )


def _spendings(tx: Tx, terms: Terms) -> list[int]:
    since = spans.window_start(tx.now, zone=terms.zone, months=terms.programme.window_months)
    return sorted(minor for minor in queries.spendings(tx, since=since).values() if minor > 0)


def propose(terms: Terms, spent: Sequence[int]) -> tuple[int, ...]:
    precision = get_currency_precision(terms.currency) if terms.currency else 2
    return proposal.propose(spent, minor_per_unit=10**precision)


def open_tiers(tx: Tx) -> None:
    """TI-2: the history is in, so a ladder is proposed and everybody finds their place on it.

    Offers stay off, nobody gets anything for what the import found, and an owner who has set
    thresholds already keeps them.
    """
    terms = queries.terms(tx)
    if terms is None or terms.open:
        return
    before = snapshot(tx, terms)
    terms.programme.open_since = tx.now
    if not terms.programme.version:
        thresholds = propose(terms, _spendings(tx, terms))
        for (key, (name, percent)), threshold in zip(USUAL.items(), thresholds, strict=True):
            tx.add(Tier(key=key, name=name, threshold_minor=threshold, percent_hundredths=percent))
        tx.flush()
        _audit(tx, terms.programme, before=before, by=None)
    tx.later(Review(cause=Cause.HISTORY, occasion=tx.now.isoformat()))


def tried(tx: Tx, terms: Terms, draft: Draft) -> Terms:
    """The programme as it would be, without being it. For drafts in which nothing is wrong."""
    programme = Programme(
        **terms.programme.model_dump(exclude={"id", "window_months", "excluded"}),
        window_months=int(draft.months),
        excluded=draft.exclusions,
    )
    keys = _keys(terms, draft)
    kept = {key: Tier(**tier.model_dump(exclude={"id"})) for key, tier in terms.tiers.items()}
    for tier in kept.values():
        tier.retired_at = tier.retired_at or (None if tier.key in keys.values() else tx.now)
    for rung in draft.rungs:
        tier = kept.setdefault(keys[rung.key], Tier(key=keys[rung.key], name=rung.name))
        _write(tier, rung, draft)
    return queries.terms_with(tx, programme, list(kept.values()))


def preview(tx: Tx, terms: Terms, draft: Draft) -> Preview | None:
    """TI-2: who moves and what it costs. None while it cannot be said."""
    if not draft.whole or not terms.open or draft.currency != terms.currency:
        return None
    then = tried(tx, terms, draft)
    everybody = list(standings.everybody(tx, terms, then))
    shifts = standings.shifts(tx, then, everybody)
    cost = standings.cost_minor(tx, then, everybody)
    return Preview(
        moves=tuple(
            Move(
                name=tier.name,
                before=shifts[tier.key].before,
                after=shifts[tier.key].after,
                rise=shifts[tier.key].rise,
                fall=shifts[tier.key].below_later,
            )
            for tier in then.rungs
        ),
        cost=then.sum(cost) if any(tier.offer for tier in then.rungs) else None,
    )


def save(tx: Tx, draft: Draft, *, by: str) -> int:
    """Take the draft over. The version it made, by which it can be undone. None must be wrong."""
    terms = _terms(tx)
    before = snapshot(tx, terms)
    keys = _keys(terms, draft)
    for key, tier in terms.tiers.items():
        if key not in keys.values() and tier.retired_at is None:
            tier.retired_at = tx.now
    for rung in draft.rungs:
        tier = terms.tiers.get(keys[rung.key]) or Tier(key=keys[rung.key], name=rung.name)
        _write(tier, rung, draft)
        tx.add(tier)
    terms.programme.window_months = int(draft.months)
    terms.programme.excluded = draft.exclusions
    shop = shops.this_shop(tx)
    shop.zone, shop.currency = draft.zone, draft.currency
    _set_rates(tx, {c: str(r) for c, r in draft.rates.items() if r and c != draft.currency})
    tx.flush()
    return _audit(tx, terms.programme, before=before, by=by)


def undo(tx: Tx, version: int, *, by: str) -> bool:
    """Everything as it was before that change, if nothing has been changed since."""
    terms = _terms(tx)
    edit = tx.exec(select(Edit).where(Edit.version == version)).first()
    if edit is None or edit.undone or terms.programme.version != version:
        return False
    before = snapshot(tx, terms)
    _restore(tx, terms, edit.before)
    edit.undone = True
    tx.flush()
    _audit(tx, terms.programme, before=before, by=by)
    return True


def stop_offers(tx: Tx, *, by: str) -> None:
    """MG-8: no code is put on from this moment on. What is on a checkout stays."""
    _stop(tx, by=by, stopped=True)


def resume_offers(tx: Tx, *, by: str) -> None:
    _stop(tx, by=by, stopped=False)


def _stop(tx: Tx, *, by: str, stopped: bool) -> None:
    terms = _terms(tx)
    if stopped is (terms.programme.stopped_at is not None):
        return
    before = snapshot(tx, terms)
    terms.programme.stopped_at = tx.now if stopped else None
    _audit(tx, terms.programme, before=before, by=by)


def _terms(tx: Tx) -> Terms:
    terms = queries.terms(tx)
    if terms is None:
        raise LookupError("the shop has no programme yet")
    return terms


def _write(tier: Tier, rung: Rung, draft: Draft) -> None:
    tier.name = rung.name
    tier.threshold_minor = draft.threshold_minor(rung)
    tier.percent_hundredths = form.percent_hundredths(rung)
    tier.least_minor = draft.least_minor(rung)
    tier.offer = rung.offer
    tier.channels = None if rung.channels is None else list(rung.channels)
    tier.retired_at = None


def _keys(terms: Terms, draft: Draft) -> dict[str, str]:
    """The lasting key of each tier in the form. A new one is named after what it is called."""
    open_ = {tier.key for tier in terms.rungs}
    keys = {rung.key: rung.key for rung in draft.rungs if rung.key in open_}
    for rung in draft.rungs:
        if rung.key not in keys:
            taken = set(keys.values()) | open_
            keys[rung.key] = _free(slug(rung.name), taken)
    return keys


def slug(name: str) -> str:
    """`perennial.tier` is read by storefronts: small letters, digits and hyphens."""
    bare = unicodedata.normalize("NFKD", name.translate(STROKES))
    plain = bare.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "tier"


def _free(wanted: str, taken: set[str]) -> str:
    """A removed tier that comes back under its name is the same tier again."""
    if wanted not in taken:
        return wanted
    return next(f"{wanted}-{n}" for n in range(2, 100) if f"{wanted}-{n}" not in taken)


def _set_rates(tx: Tx, rates: Mapping[str, str]) -> None:
    """LV-1: from today on; older orders keep the rate of their day."""
    known = {rate.currency: rate.rate for rate in tx.exec(select(Rate).order_by(col(Rate.day)))}
    zone = ZoneInfo(shops.this_shop(tx).zone)
    today = tx.now.astimezone(zone).date().isoformat()
    rows = [
        # the first rate of a currency is the best there is for the orders before it, too
        {"currency": currency, "day": today if currency in known else "0001-01-01", "rate": rate}
        for currency, rate in rates.items()
        if Decimal(known.get(currency, "0")) != Decimal(rate)
    ]
    tx.put(Rate, rows, key=("currency", "day"), overwrite=("rate",))


def snapshot(tx: Tx, terms: Terms) -> dict[str, Any]:
    """All that a change may change."""
    shop = shops.this_shop(tx)
    return {
        "months": terms.programme.window_months,
        "excluded": terms.programme.excluded,
        "stopped": terms.programme.stopped_at is not None,
        "zone": shop.zone,
        "currency": shop.currency,
        "rates": [
            [r.currency, r.day, r.rate] for r in tx.exec(select(Rate).order_by(col(Rate.id)))
        ],
        "tiers": [
            tier.model_dump(mode="json", exclude={"id", "retired_at"})
            | {"retired": tier.retired_at is not None}
            for tier in tx.exec(select(Tier).order_by(col(Tier.id)))
        ],
    }


def _restore(tx: Tx, terms: Terms, was: Mapping[str, Any]) -> None:
    shop = shops.this_shop(tx)
    terms.programme.window_months, terms.programme.excluded = was["months"], was["excluded"]
    terms.programme.stopped_at = tx.now if was["stopped"] else None
    shop.zone, shop.currency = was["zone"], was["currency"]
    for rate in tx.exec(select(Rate)).all():
        tx.delete(rate)
    tx.flush()
    for currency, day, rate in was["rates"]:
        tx.add(Rate(currency=currency, day=day, rate=rate))
    before = {tier["key"]: tier for tier in was["tiers"]}
    for key, tier in terms.tiers.items():
        told = before.get(key)
        tier.retired_at = tx.now if told is None or told["retired"] else None
        for name in RESTORED:
            setattr(tier, name, told.get(name, 0) if told else getattr(tier, name))


def _audit(tx: Tx, programme: Programme, *, before: dict[str, Any], by: str | None) -> int:
    """Write the change down, and promise what follows from it once it can't be undone."""
    after = snapshot(tx, _terms(tx))
    programme.version += 1
    tx.add(Edit(version=programme.version, at=tx.now, by=by, before=before, after=after))
    until = tx.now + UNDOABLE
    if any(before[what] != after[what] for what in ("currency", "rates", "zone")):
        tx.postpone(Revalue(version=programme.version), until=until)
    if by is not None:
        tx.postpone(Review(cause=Cause.RULES, occasion="change"), until=until)
    return programme.version


def with_proposals(draft: Draft, proposed: Sequence[Proposal]) -> Draft:
    return form.with_thresholds(draft, [p.threshold for p in proposed])


def with_people(draft: Draft, people: Mapping[str, int] | None) -> Draft:
    rungs = (replace(r, people=people.get(r.key) if people else None) for r in draft.rungs)
    return replace(draft, rungs=tuple(rungs))
