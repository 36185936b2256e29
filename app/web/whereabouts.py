"""Where in the app somebody is: which of the pages, and which of its tabs."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Tab: TypeAlias = tuple[str, str, Sequence[str]]
"""Its address, its name, and the other addresses that lie under it."""
HOME = "/app"


class Whereabouts(NamedTuple):
    page: str | None = None
    """The name of the page; None for an address that is under none of them."""
    tab: str | None = None
    """The address of the tab."""
    tabs: Sequence[Tab] = ()
    """All of that page."""


def whereabouts(path: str | None, pages: Sequence[tuple[str, Sequence[Tab]]]) -> Whereabouts:
    """The longest address that `path` is, or lies beneath. A tab's address may name its tab, as in
    `/app/automations?tab=calendar`, and so may the path; without that the first one is meant.
    """
    found, length = Whereabouts(), 0
    for name, tabs in pages:
        for tab in tabs:
            for address in (tab[0], *tab[2]):
                if path and _under(path, address) and len(address) > length:
                    found, length = Whereabouts(name, tab[0], tabs), len(address)
    return found


def _under(path: str, address: str) -> bool:
    bare = path.partition("?")[0]
    return address in (path, bare) or (address != HOME and bare.startswith(address + "/"))
