"""A shop's API address: one spelling for each shop, and who may install."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

PATH = "/graphql/"
PORTS = {"https": 443, "http": 80}
HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
)
UNSAFE = re.compile(r"[^\x21-\x7e]|[\\@?#%]")
LABEL = r"[a-z0-9_-]+"


class AddressRefusedError(Exception):
    """Not the address of a Saleor API. The message is for people."""

    permanent = True
    public = True


@lru_cache(maxsize=4096)
def normalised(address: str) -> str:
    """`https://Shop.Example:443/graphql/` is `https://shop.example/graphql/`: the shop's key.

    Raises AddressRefusedError for anything but http or https, a plain host, an optional port and
    exactly that path: no user, query, fragment, escape or other disguise.
    """
    if UNSAFE.search(address):
        raise AddressRefusedError("this is not the address of a Saleor API")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as failure:
        raise AddressRefusedError("this is not the address of a Saleor API") from failure
    scheme = parts.scheme.lower()
    if scheme not in PORTS or parts.path != PATH or parts.netloc.endswith(":"):
        raise AddressRefusedError("a Saleor API address looks like https://shop.example/graphql/")
    host = _host(parts)
    suffix = "" if port is None or port == PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{suffix}{PATH}"


def allowed(api_url: str, patterns: Iterable[str], *, development: bool) -> bool:
    """Whether a normalised address may install the app.

    A pattern is an address, in which `*` stands for one or more characters inside one label of
    the host: `https://*.saleor.cloud/graphql/`. Nothing listed means nobody; plain http only in
    development, where everybody may.
    """
    if development:
        return True
    if not api_url.startswith("https://"):
        return False
    return any(_matches(api_url, pattern) for pattern in patterns)


def _matches(api_url: str, pattern: str) -> bool:
    try:
        wanted = normalised(pattern.replace("*", "_any_"))
    except AddressRefusedError:
        return False
    expression = re.escape(wanted).replace("_any_", LABEL)
    return re.fullmatch(expression, api_url) is not None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError as failure:
            raise AddressRefusedError("this is not an internet address") from failure
    if not HOST.fullmatch(host):
        raise AddressRefusedError("this is not the name of a host")
    return host
