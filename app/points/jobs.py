"""What is to be done about somebody's points. All of it is of her lane, one after the other."""

from datetime import datetime

from typing_extensions import override

from app.kit.tx import Job


class Recount(Job, kind="points.recount", rank=0):
    """An order with a code of hers has changed."""

    person: int

    @property
    @override
    def lane(self) -> str:
        return f"person:{self.person}"


class Ripen(Recount, kind="points.ripen"):
    """PT-2: the return window of one of her orders is over."""

    order: int
    when: datetime


class BringSpend(Recount, kind="points.spend", rank=0):
    """PT-6: points are spent: make the code, and make it work in Saleor."""

    spend: int


class Lapse(Recount, kind="points.lapse"):
    """PT-6: the code's time is over."""

    spend: int
    when: datetime


class Night(Job, kind="points.night"):
    """PT-5, PT-8: what a night brings: the month that ended, warnings, ends, gift cards."""

    day: str


class ReadGiftCards(Job, kind="points.gift_cards"):
    """PT-3: which products are gift cards."""

    version: int
