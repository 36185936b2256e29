"""RF-2: an advocate's link: our number of the shop and of the person, and a keyed hash of both.

It opens nothing but the page on which a friend takes a code, and names no address and no id of
Saleor's. Nothing of it is stored: the same person has the same link, always.
"""

import hmac
import re
from hashlib import sha256
from ipaddress import ip_address, ip_network

from app.kit.tx import ShopId, shop_named

LENGTH = 24
"""Hexadecimal digits of the hash: 96 bits."""
TOKEN = re.compile(rf"([0-9a-f]{{1,8}})-([0-9a-f]{{1,15}})-([0-9a-f]{{{LENGTH}}})")

INSIDE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"))
)


def token_of(secret: str, *, shop: int, person: int) -> str:
    return f"{shop:x}-{person:x}-{_hash(secret, 'link', shop, person)[:LENGTH]}"


def shop_of(token: str) -> ShopId:
    """Which shop a token says it is of. Proves nothing."""
    found = TOKEN.fullmatch(token)
    return shop_named(int(found[1], 16)) if found else ShopId(0)


def person_of(secret: str, token: str, *, shop: int) -> int | None:
    """Whose link it is; None for one that is not ours."""
    found = TOKEN.fullmatch(token)
    person = int(found[2], 16) if found else 0
    true = token_of(secret, shop=shop, person=person)
    return person if found and hmac.compare_digest(true, token) else None


def visitor_of(secret: str, address: str) -> str | None:
    """RF-6: an IP address as a keyed hash. None of one that says nothing of who came: it is that of
    a proxy in the shop's own network, which was not told to pass the visitor's on.
    """
    try:
        known = ip_address(address)
    except ValueError:
        return None
    inside = known.is_loopback or any(
        known.version == network.version and known in network for network in INSIDE
    )
    return None if inside else _hash(secret, "visitor", known)[:LENGTH]


def _hash(secret: str, *what: object) -> str:
    told = "\x1f".join(map(str, what)).encode()
    return hmac.digest(secret.encode(), b"perennial/referral\x1f" + told, sha256).hex()
