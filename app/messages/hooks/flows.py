"""Events of ours for other apps of the shop: written down, and posted, signed, until taken."""

import hmac
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlmodel import col, delete, select
from typing_extensions import override

from app.carts.tables import Cart
from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Job, Tx, among
from app.loyalty.tables import TierChange
from app.messages.hooks.tables import Hook, Posting

ABANDONED, TIER, STEP = "checkout_abandoned", "tier_changed", "automation_step"
EVENTS = (ABANDONED, TIER, STEP)


class Post(Job, kind="messages.post"):
    """One event for one address."""

    posting: int

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.posting}"


def add(tx: Tx, url: str, *, events: Collection[str], sealed: str) -> Hook:
    """An address of another app's, with the sealed secret that signs what it is told."""
    hook = Hook(url=url, secret=sealed, events=sorted(set(events) & set(EVENTS)))
    tx.add(hook)
    tx.flush()
    return hook


def drop(tx: Tx, hook: int) -> None:
    tx.exec(delete(Posting).where(col(Posting.hook) == hook))
    tx.exec(delete(Hook).where(col(Hook.id) == hook))


def announce(
    tx: Tx, event: str, *, key: str, payload: Mapping[str, Any], person: int | None = None
) -> int:
    """To every hook that wants it, once for each `key`. How many there are."""
    hooks = [hook for hook in tx.exec(select(Hook).where(col(Hook.active))) if event in hook.events]
    for hook in hooks:
        _promise(tx, f"{hook.id}:{event}:{key}", event, payload, hook=hook.id, person=person)
    return len(hooks)


def _promise(
    tx: Tx,
    key: str,
    event: str,
    payload: Mapping[str, Any],
    *,
    hook: int | None,
    person: int | None,
) -> None:
    if tx.exec(select(Posting.id).where(Posting.key == key)).first():
        return
    body = {"event": event, "at": tx.now.isoformat(), **payload}
    posting = Posting(key=key, hook=hook, person=person, event=event, body=body, at=tx.now)
    tx.add(posting)
    tx.flush()
    tx.later(Post(posting=posting.id or 0))


def checkouts_left(tx: Tx, carts: Collection[Cart]) -> None:
    """§4.1: the event that Saleor does not have."""
    for cart in carts:
        at = cart.abandoned_at or tx.now
        payload = {
            "checkout": cart.checkout, "channel": cart.channel, "currency": cart.currency,
            "worth": str(major(cart.worth_minor, cart.currency)), "language": cart.language,
            "touched_at": cart.touched_at.isoformat(), "abandoned_at": at.isoformat(),
            "lines": [
                {"variant": line["variant"], "quantity": line["quantity"]} for line in cart.lines
            ],
        }  # fmt: skip
        key = f"{cart.checkout}:{cart.touched_at.isoformat()}"
        announce(tx, ABANDONED, key=key, payload=payload, person=cart.person)


def tiers_changed(tx: Tx, persons: Collection[int]) -> None:
    """Those of them whose tier has just changed, by Saleor's own id of the customer."""
    if tx.exec(select(Hook.id).where(col(Hook.active)).limit(1)).first() is None:
        return
    rows = tx.exec(
        select(TierChange, Person.account)
        .join(Person, col(Person.id) == col(TierChange.person))
        .where(among(col(TierChange.person), sorted(persons)), TierChange.at == tx.now)
    )
    for change, account in rows:
        if account and change.from_tier != change.to_tier:
            payload = {
                "customer": account, "from": change.from_tier, "to": change.to_tier,
                "move": change.move,
            }  # fmt: skip
            announce(tx, TIER, key=str(change.id), payload=payload, person=change.person)


def taken(tx: Tx, posting: int, *, status: int) -> None:
    """No body outlives its delivery."""
    row = tx.exec(select(Posting).where(Posting.id == posting)).first()
    if row is None:
        return
    row.status, row.taken_at, row.body = status, tx.now, {}
    hook = tx.exec(select(Hook).where(Hook.id == row.hook)).first() if row.hook else None
    if hook:
        hook.last_status, hook.last_at = status, tx.now
        hook.active = hook.active and status != GONE


GONE = 410


def signature(secret: str, at: datetime, body: bytes) -> str:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>`, so that an old one can't be used
    again for long.
    """
    seconds = int(at.timestamp())
    mark = hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
    return f"t={seconds},v1={mark}"


def raw(posting: Posting) -> bytes:
    return json.dumps(posting.body, ensure_ascii=False, sort_keys=True).encode()
