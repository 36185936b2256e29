"""What can be bought this very moment: asked of Saleor about the few products a list would show.

Nobody tells an app without MANAGE_PRODUCTS that a product was unpublished, and nobody tells any
app that the last piece is gone. So an answer of Saleor's is good for some seconds and no longer.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock

from app.kit.clock import real_now, stopwatch
from app.kit.portions import portions
from app.saleor.client import Saleor, SaleorError
from app.saleor.operations import PRODUCTS_FOR_SALE
from app.saleor.shapes import ForSale

GOOD_FOR = 10.0
"""Seconds an answer may be used without asking again."""
RENEWED_AFTER = 5.0
"""Seconds after which it is asked again behind the back of whoever uses it meanwhile."""
AT_ONCE = 100
"""Saleor's page."""
MOST_KEPT = 200_000


class NobodyKnowsError(Exception):
    """Saleor cannot be asked: then nothing is for sale."""


class Sale:
    """Answers of one shop's Saleor, by channel and product. Thread-safe."""

    def __init__(
        self, *, good_for: float = GOOD_FOR, clock: Callable[[], float] = stopwatch
    ) -> None:
        self.good_for = good_for
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[tuple[str, int], tuple[float, bool]] = {}
        self._renewing: set[tuple[str, int]] = set()

    def known(self, channel: str, products: Collection[int]) -> dict[int, bool]:
        """What was answered not long ago."""
        return self._younger(channel, products, self.good_for)

    def fading(self, channel: str, products: Collection[int]) -> list[int]:
        """Those whose answer should be renewed before it is too old, and nobody is at it yet."""
        fresh = self._younger(channel, products, RENEWED_AFTER)
        with self._lock:
            mine = {(channel, p) for p in products if p not in fresh} - self._renewing
            self._renewing |= mine
        return sorted(product for _, product in mine)

    def give_up(self, channel: str, products: Collection[int]) -> None:
        """It could not be renewed: it grows old, and is asked for again then."""
        with self._lock:
            self._renewing -= {(channel, product) for product in products}

    def _younger(self, channel: str, products: Collection[int], seconds: float) -> dict[int, bool]:
        now = self._clock()
        with self._lock:
            found = {product: self._seen.get((channel, product)) for product in products}
        return {p: seen[1] for p, seen in found.items() if seen and now - seen[0] < seconds}

    def keep(self, channel: str, answers: Mapping[int, bool]) -> None:
        now = self._clock()
        with self._lock:
            if len(self._seen) > MOST_KEPT:
                self._seen.clear()
            self._seen |= {(channel, product): (now, sold) for product, sold in answers.items()}
            self._renewing -= {(channel, product) for product in answers}

    def forget(self, products: Collection[int]) -> None:
        """Saleor says that something about them changed: ask again."""
        gone = set(products)
        with self._lock:
            self._seen = {key: seen for key, seen in self._seen.items() if key[1] not in gone}


def sold(one: ForSale, currency: str) -> bool:
    """In stock, and with a price in the channel's own currency; the rest the question demanded."""
    return bool(one.is_available and one.price and one.price.currency == currency)


def ask(saleor: Saleor, channel: str, currency: str, ids: Sequence[str]) -> frozenset[str]:
    """Those of them that can be bought in a channel. Raises NobodyKnowsError."""
    found: set[str] = set()
    try:
        for some in portions(ids, AT_ONCE):
            page = saleor.run(PRODUCTS_FOR_SALE, channel=channel, now=real_now(), ids=list(some))
            found |= {one.id for one in page.nodes if sold(one, currency)}
    except SaleorError as failure:
        raise NobodyKnowsError(str(failure)) from failure
    return frozenset(found)
