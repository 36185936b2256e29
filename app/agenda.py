"""DOOR 2: a promise falls due. Everything that time brings is in `AGENDA`."""

from collections.abc import Sequence

import webhooks
from app.carts import flows as carts
from app.history import errands as history
from app.history.flows import (
    Compare,
    HearFailed,
    HistoryRead,
    Overheard,
    ReadHistory,
    Recheck,
    Sweep,
)
from app.kit.housekeeping import tidy
from app.kit.loop import Agenda, Decision, Errand
from app.kit.tx import Job, Tx
from app.loyalty import errands as loyalty
from app.loyalty import flows as tiers
from app.loyalty import offers
from app.loyalty.minting import BringCode
from app.loyalty.placing import TellTiers
from app.loyalty.settings import Revalue, open_tiers
from app.ltv import errands as worth
from app.ltv import flows as value
from app.messages import errands as messages
from app.messages.flows import Deliver, Ended
from app.privacy import flows as privacy
from app.recommend import errands as recommend
from app.recommend import flows as lists
from app.shops import errands as shops
from app.shops import flows as installation
from app.shops.flows import AskStillIn, Daily, EraseShop, LearnShop, Reconcile
from app.world import World
from webhooks.hearing import Heard


def cart_goes_quiet(job: carts.CartGoesQuiet, tx: Tx) -> None:
    carts.judge(tx, job.checkout)


def carts_go_quiet(jobs: Sequence[carts.CartGoesQuiet], tx: Tx) -> None:
    carts.judge_all(tx, {job.checkout for job in jobs})


def a_day_begins(job: Daily, tx: Tx) -> None:
    tidy(tx)
    tiers.nightly(tx)
    lists.nightly(tx)
    value.nightly(tx)
    tx.later(AskStillIn(day=job.day))
    night = installation.tonight(tx)
    tx.later(Daily.of(night), at=night)


def history_is_read(_: HistoryRead, tx: Tx) -> None:
    open_tiers(tx)
    lists.history_read(tx)
    value.history_read(tx)


def revalue(job: Revalue, world: World) -> Job:
    """LV-1: every order is worth something else, and so is every customer."""
    review = loyalty.revalue(job, world)
    world.do(value.revalued)
    return review


def erase_shop(job: EraseShop, tx: Tx) -> None:
    if installation.still_removed(tx, job):
        privacy.erase_shop(tx)
        installation.forget(tx)


def a_message_ends(job: Ended, tx: Tx) -> None:
    """Sent, refused, cancelled, failed or unknown: whoever asked for it may go on."""


def deliver(job: Deliver, world: World) -> None:
    messages.deliver(job, world)


AGENDA = Agenda[World](
    Decision(Ended, a_message_ends),
    Errand(Deliver, deliver),
    Decision(Heard, webhooks.answer, webhooks.answer_all),
    Decision(carts.CartGoesQuiet, cart_goes_quiet, carts_go_quiet),
    Decision(tiers.Reconsider, tiers.reconsidered, tiers.reconsidered_all),
    Decision(offers.Consider, offers.considered),
    Decision(Daily, a_day_begins),
    Decision(EraseShop, erase_shop),
    Decision(Overheard, webhooks.answer, webhooks.answer_all),
    Decision(HistoryRead, history_is_read),
    Errand(ReadHistory, history.read_history),
    Errand(Sweep, history.sweep),
    Errand(HearFailed, history.hear_failed),
    Errand(Compare, history.compare),
    Errand(Recheck, history.recheck),
    Errand(LearnShop, shops.learn_shop),
    Errand(Reconcile, shops.reconcile),
    Errand(AskStillIn, shops.ask_still_in),
    Errand(offers.PutCodeOn, loyalty.put_code_on),
    Errand(BringCode, loyalty.bring_code),
    Errand(TellTiers, loyalty.tell_tiers),
    Errand(tiers.Review, loyalty.review),
    Errand(tiers.TidyCodes, loyalty.tidy_codes),
    Errand(lists.ReadShelves, recommend.read_shelves),
    Errand(lists.Tune, recommend.tune),
    Errand(lists.TellLists, recommend.tell),
    Errand(lists.TakeBack, recommend.take_back),
    Errand(Revalue, revalue),
    Errand(value.Reckon, worth.reckon),
    Errand(value.Rescore, worth.rescore),
    always=(Heard, EraseShop),
)
