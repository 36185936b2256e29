"""A sandbox shop and the app in it, as the demo has them, and a hand that kills the app."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from random import Random
from types import TracebackType
from typing import Any, Self

from sqlmodel import Session, col, select

from app.history import queries as history
from app.history.tables import Swept
from app.kit.house import House
from app.kit.settings import Settings
from app.kit.tx import ShopId, Tx
from app.loyalty.tables import Programme
from app.shops.tables import Shop
from sandbox.pair import Pair
from tests.support.processes import until

SCALE = 600
"""Business seconds a real second. A restart takes an hour or more of the shop's day."""
PATIENT, HASTY = 15.0, 600.0
"""How much faster than Saleor's the shop's post is. Saleor's last try is 310 s after the first; a
patient shop's is so late that it outlasts a restart, a hasty one gives up what meets a dead app."""

JSON = dict[str, Any]


def seed_of_this_run(usual: int | None = None) -> int:
    """PERENNIAL_SEED, or the usual or a new one; said aloud, so that a run can be had again."""
    new = Random().randrange(10**6) if usual is None else usual
    seed = int(os.environ.get("PERENNIAL_SEED") or new)
    say(f"\nPERENNIAL_SEED={seed}")
    return seed


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201  # a proof tells what it does


class Stage:
    """`with Stage(seed, customers=…, orders=…) as stage:`; nothing is left running after it."""

    def __init__(self, seed: int, *, customers: int, orders: int, pace: float = PATIENT) -> None:
        self.dice = Random(seed)
        self.pair = Pair(scale=SCALE, pace=pace, seed=seed, customers=customers, orders=orders)

    def __enter__(self) -> Self:
        self.pair.__enter__()
        url = f"sqlite:///{self.pair.folder / 'perennial.db'}"
        self.house = House.of(Settings(database_url=url, clock=self.pair.clock, _env_file=None))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        if failure is not None:
            say(f"The app's last words:\n{self.pair.last_words('app')}")
        self.house.engine.dispose()
        self.pair.__exit__()

    # What people do

    def installs(self) -> None:
        """The whole handshake, begun by the shop."""
        address = f"{self.pair.app_url}/api/manifest"
        self.pair.owner.control("install", manifest_url=address)

    def switches_offers_on(self) -> None:
        assert self.pair.owner.switches_offers_on(), "there is no tier to switch on"

    def lives(self, wish: str, **asked: object) -> None:
        self.pair.owner.control("life", do=wish, **asked)

    def status(self) -> JSON:
        told: JSON = self.pair.owner.control("status")
        return told

    def kills(self) -> None:
        self.pair.kill_app()

    def starts(self) -> None:
        self.pair.start_app()
        self.pair.wait_for_app()

    def begins_to_start(self) -> None:
        """Nobody waits for it to stand."""
        self.pair.start_app()

    # What the app knows

    @cached_property
    def shop(self) -> ShopId:
        with Session(self.house.engine) as session:
            return ShopId(session.exec(select(Shop.id)).one() or 0)

    def look(self) -> AbstractContextManager[Tx]:
        return self.house.look(self.shop)

    def imported(self) -> bool:
        with self.look() as tx:
            return history.progress(tx).done

    def tiers_found(self) -> bool:
        """The history is in, and everybody has been looked at."""
        with self.look() as tx:
            programme = tx.exec(select(Programme)).first()
            return bool(programme and programme.open_since and programme.reviewed_at)

    def swept(self) -> Mapping[str, Any]:
        with self.look() as tx:
            return dict(tx.exec(select(Swept.kind, col(Swept.swept_at))).all())

    def learns(self, *, within: float = 180) -> None:
        until(self.imported, "the import ends", within=within)
        until(self.tiers_found, "tiers are found", within=within)
