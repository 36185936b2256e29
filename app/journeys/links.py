"""RL-1, RL-2, RL-8: links that bring a cart back, and where they may lead.

A token is a number of ours that says which shop it is of, and 256 random bits. Of those only the
hash is kept; the link names no address, no customer and no id of Saleor's.
"""

import hmac
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from app.journeys import queries
from app.journeys.tables import Link, Recovery, Run
from app.kit.tx import ShopId, Tx, shop_named

RANDOM_BYTES = 32
RECOVER = "recover"
MOST_DIGITS = 12


def token_for(shop: ShopId) -> str:
    return f"{shop:x}-{secrets.token_urlsafe(RANDOM_BYTES)}"


def shop_of(token: str) -> ShopId:
    """Which shop a token says it is of; 0 for one that says nothing. Proves nothing."""
    number, _, rest = token.partition("-")
    try:
        return shop_named(int(number, 16)) if rest and len(number) <= MOST_DIGITS else ShopId(0)
    except ValueError:
        return ShopId(0)


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def make(tx: Tx, run: Run, *, token: str, decision: str, code: int | None) -> Link:
    """RL-2: bound to one cart, one person and one purpose."""
    days = queries.recovery(tx).link_days
    link = Link(
        hash=hash_of(token), purpose=RECOVER, checkout=run.subject or "", person=run.person,
        run=run.id or 0, decision=decision, code=code, made_at=tx.now,
        expires_at=tx.now + timedelta(days=days),
    )  # fmt: skip
    tx.add(link)
    tx.flush()
    return link


def find(tx: Tx, token: str) -> Link | None:
    """Looked up by its hash, and compared without haste or hurry."""
    hash_ = hash_of(token)
    link = queries.link(tx, hash_)
    return link if link and hmac.compare_digest(link.hash, hash_) else None


def expired(link: Link, now: datetime) -> bool:
    return now >= link.expires_at


def address(terms: Recovery, channel: str, *, token: str, locale: str, base: str) -> str:
    """RL-1: the storefront's own page where the channel has one, else ours. The marks of AT-1 are
    added by app.messages, as to every link."""
    shown = terms.storefronts.get(channel) or {}
    pattern = str(shown.get("recover") or "")
    if pattern and allowed(pattern, shown.get("hosts") or ()):
        return _filled(pattern, locale=locale, token=token)
    return f"{base.rstrip('/')}/r/{token}"


def checkout_address(terms: Recovery, channel: str, *, checkout: str, locale: str) -> str | None:
    """Where a rebuilt checkout goes on in the storefront; None where nobody told us."""
    shown: Mapping[str, Any] = terms.storefronts.get(channel) or {}
    pattern = str(shown.get("checkout") or "")
    if not pattern or not allowed(pattern, shown.get("hosts") or ()):
        return None
    return _filled(pattern, locale=locale, checkout=checkout)


def _filled(pattern: str, **values: str) -> str:
    for name, value in values.items():
        pattern = pattern.replace("{" + name + "}", quote(value, safe=""))
    return pattern


def allowed(pattern: str, hosts: Collection[str]) -> bool:
    """RL-8: an address of ours leads only to a host that the channel lists."""
    parts = urlsplit(pattern)
    local = parts.hostname in ("localhost", "127.0.0.1")
    return (parts.scheme == "https" or local) and parts.netloc.lower() in {
        host.lower() for host in hosts
    }


def host_of(pattern: str) -> str:
    return urlsplit(pattern).netloc.lower()


def masked(email: str) -> str:
    """RL-3: `m•••@g•••.com`."""
    name, _, domain = email.partition("@")
    host, _, end = domain.rpartition(".")
    return f"{name[:1]}•••@{host[:1]}•••.{end}" if end else "•••"
