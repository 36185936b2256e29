"""DOOR 2: a promise falls due. Everything that time brings is in `AGENDA`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib import import_module
from typing import Any

import webhooks
from app.carts import flows as carts
from app.feedback import flows as feedback
from app.feedback import promoting
from app.feedback.promoting import AskToRefer
from app.history import errands as history
from app.history.flows import (
    Compare,
    HearFailed,
    HistoryRead,
    Overheard,
    ReadHistory,
    Recheck,
    Sweep,
    keep_watch,
    watch_on,
)
from app.journeys import errands as steps
from app.journeys import flows as journeys
from app.journeys import moving, newsletters, recovery, reminding, supplying, wishes
from app.journeys.jobs import BringOffer, Dawn, EndCoupons, RemindCode, Take
from app.kit.deliveries import Heard
from app.kit.housekeeping import tidy
from app.kit.loop import Agenda, Decision, Errand
from app.kit.tx import Job, Tx
from app.loyalty import errands as loyalty
from app.loyalty import flows as tiers
from app.loyalty import offers
from app.loyalty.minting import BringCode
from app.loyalty.placing import TellTiers
from app.loyalty.settings import Revalue, open_tiers
from app.ltv import flows as value
from app.messages import errands as messages
from app.messages import grounds, joining, nights, reports, setting_up
from app.messages.flows import Deliver, Ended
from app.messages.hooks import errands as hooking
from app.messages.hooks import flows as hooks
from app.messages.tables import Send
from app.points import earning
from app.points import errands as paying
from app.points import flows as points
from app.points.jobs import BringSpend, Lapse, Night, ReadGiftCards, Recount
from app.points.jobs import Ripen as RipenPoints
from app.privacy import flows as privacy
from app.privacy import retention, unsaying
from app.privacy import wishes as privacy_wishes
from app.proof import jobs as proof
from app.recommend import flows as lists
from app.referrals import errands as thanking
from app.referrals import flows as referrals
from app.referrals import judging, letters
from app.referrals.jobs import BringReward, Look, Ripen
from app.segments import counting
from app.segments import flows as segments
from app.shops import errands as shops
from app.shops import flows as installation
from app.shops.flows import AskStillIn, Chore, Daily, EraseShop, LearnShop, Reconcile
from app.world import World


def cart_goes_quiet(job: carts.CartGoesQuiet, tx: Tx) -> None:
    carts_go_quiet([job], tx)


def carts_go_quiet(jobs: Sequence[carts.CartGoesQuiet], tx: Tx) -> None:
    lost = carts.judge_all(tx, {job.checkout for job in jobs})
    recovery.carts_lost(tx, lost)
    hooks.checkouts_left(tx, lost)


NIGHTLY: Mapping[str, Callable[[Tx, date], object]] = {
    "promises": lambda tx, _: tidy(tx),
    "watch": lambda tx, _: watch_on(tx),
    "tiers": lambda tx, _: tiers.nightly(tx),
    "lists": lambda tx, _: lists.nightly(tx),
    "value": lambda tx, _: value.nightly(tx),
    "messages": lambda tx, _: nights.nightly(tx),
    "retention": lambda tx, _: retention.nightly(tx),
    "segments": segments.nightly,
    "proof": lambda tx, day: proof.nightly(tx, day.isoformat()),
    "referrals": lambda tx, _: referrals.nightly(tx),
    "points": points.nightly,
}


def a_day_begins(job: Daily, tx: Tx) -> None:
    """The next night is promised before anything of this one is done."""
    night = installation.tonight(tx)
    tx.later(Daily.of(night), at=night)
    for room in NIGHTLY:
        tx.later(Chore(day=job.day, of=room))
    tx.later(Dawn(day=job.day.isoformat()))
    tx.later(EndCoupons(day=job.day.isoformat()))
    tx.later(AskStillIn(day=job.day))


def a_chore(job: Chore, tx: Tx) -> None:
    NIGHTLY[job.of](tx, job.day)


def history_is_read(_: HistoryRead, tx: Tx) -> None:
    open_tiers(tx)
    lists.history_read(tx)
    value.history_read(tx)
    segments.fill(tx)


def revalue(job: Revalue, world: World) -> Job:
    """LV-1: every order is worth something else, and so is every customer."""
    review = loyalty.revalue(job, world)
    world.do(value.revalued)
    return review


def people_are_scored(job: value.Scored, tx: Tx) -> None:
    """A new score moves people through the same door as an order does; the first one quietly."""
    if job.quiet:
        tx.later(segments.Foretell(occasion=job.occasion))
        tx.later(segments.Review(occasion=f"scores {job.occasion}", cause="first"))
    elif job.people is None:
        tx.later(segments.Review(occasion=f"scores {job.occasion}", cause="score"))
    else:
        segments.look_again(tx, job.people)


def ask_still_in(job: AskStillIn, world: World) -> None:
    if shops.ask_still_in(job, world):
        world.do(keep_watch)


def erase_shop(job: EraseShop, tx: Tx) -> None:
    if installation.still_removed(tx, job):
        privacy.erase_shop(tx)
        installation.forget(tx)


def a_message_ends(job: Ended, tx: Tx) -> None:
    """Sent, refused, cancelled, failed or unknown: whoever asked for it may go on."""
    journeys.send_ended(tx, key=job.asked, state=job.state, reason=job.reason)
    feedback.sent(tx, job.send, state=job.state)


def tier_reconsidered(job: tiers.Reconsider, tx: Tx) -> None:
    tiers_reconsidered([job], tx)


def tiers_reconsidered(jobs: Sequence[tiers.Reconsider], tx: Tx) -> None:
    tiers.reconsidered_all(jobs, tx)
    earning.recount(tx, {job.person for job in jobs})
    moving.tiers_moved(tx, {job.person for job in jobs})
    hooks.tiers_changed(tx, {job.person for job in jobs})


def people_move(jobs: Sequence[segments.Place], tx: Tx) -> None:
    moving.people_moved(tx, segments.place(tx, {job.person for job in jobs}))


def person_moves(job: segments.Place, tx: Tx) -> None:
    people_move([job], tx)


def review_segments(job: segments.Review, world: World) -> None:
    quiet = job.cause == "first"  # IN-5: what the past brings is no news
    segments.review(job, world, moved=nobody_hears if quiet else moving.people_moved)


def count_segments(job: segments.Count, world: World) -> None:
    counting.count(job, world, able=grounds.reachable)


def nobody_hears(_: Tx, __: Sequence[segments.Move]) -> None:
    """Who came into a segment by the shop's past starts nothing."""


def sign_up_again(job: joining.Remind, tx: Tx) -> None:
    joining.look_again(tx, job)


def deliver(job: Deliver, world: World) -> None:
    base = world.house.settings.base_url or ""
    open_ = world.house.secrets.open

    def supply(tx: Tx, send: Send) -> Mapping[str, object]:
        told = letters.supply(tx, send, base=base, open_=open_)
        return {**supplying.supply(tx, send, base), **told}

    messages.deliver(job, world, supply=supply)


def at_need(module: str, name: str) -> Callable[[Any, World], Any]:
    """An errand that is loaded when it is first run: its compiler takes a hundred megabytes, and a
    process that only imports a shop's past never needs it.
    """

    def run(job: Job, world: World) -> Any:  # noqa: ANN401 - what the errand itself hands back
        return getattr(import_module(module), name)(job, world)

    run.__module__, run.__qualname__ = module, name
    return run


AGENDA = Agenda[World](
    Decision(Ended, a_message_ends),
    Decision(segments.Place, person_moves, people_move),
    Decision(Take, journeys.taken, journeys.taken_all),
    Decision(joining.Remind, sign_up_again),
    Errand(Deliver, deliver),
    Errand(reports.ReadInbox, reports.read_inbox),
    Errand(hooks.Post, hooking.post),
    Errand(setting_up.CheckDomain, setting_up.check_domain),
    Errand(segments.Review, review_segments),
    Errand(segments.Count, count_segments),
    Errand(segments.Group, at_need("app.segments.errands", "group")),
    Errand(segments.Foretell, at_need("app.segments.errands", "foretell")),
    Errand(BringOffer, steps.bring_offer),
    Decision(RemindCode, reminding.remind),
    Errand(EndCoupons, steps.end_coupons),
    Errand(Dawn, steps.dawn),
    Errand(newsletters.Post, newsletters.post),
    Errand(wishes.LookAtShelf, wishes.look),
    Decision(Heard, webhooks.answer, webhooks.answer_all),
    Decision(carts.CartGoesQuiet, cart_goes_quiet, carts_go_quiet),
    Decision(tiers.Reconsider, tier_reconsidered, tiers_reconsidered),
    Decision(offers.Consider, offers.considered),
    Decision(AskToRefer, promoting.ask),
    Decision(Look, judging.look),
    Decision(Ripen, judging.look),
    Errand(BringReward, thanking.bring_reward),
    Decision(Recount, points.recounted),
    Decision(RipenPoints, points.ripened),
    Decision(Lapse, points.lapse),
    Errand(BringSpend, paying.bring_spend),
    Errand(Night, paying.night),
    Errand(ReadGiftCards, paying.gift_cards),
    Decision(Daily, a_day_begins),
    Decision(Chore, a_chore),
    Decision(EraseShop, erase_shop),
    Decision(privacy_wishes.EraseOnWish, privacy_wishes.carry_out),
    Errand(retention.Retire, retention.retire),
    Errand(unsaying.Unsay, unsaying.unsay),
    Decision(Overheard, webhooks.answer, webhooks.answer_all),
    Decision(HistoryRead, history_is_read),
    Errand(ReadHistory, history.read_history),
    Errand(Sweep, history.sweep),
    Errand(HearFailed, history.hear_failed),
    Errand(Compare, history.compare),
    Errand(Recheck, history.recheck),
    Errand(LearnShop, shops.learn_shop),
    Errand(Reconcile, shops.reconcile),
    Errand(AskStillIn, ask_still_in),
    Errand(offers.PutCodeOn, loyalty.put_code_on),
    Errand(BringCode, loyalty.bring_code),
    Errand(TellTiers, loyalty.tell_tiers),
    Errand(tiers.Review, loyalty.review),
    Errand(tiers.TidyCodes, loyalty.tidy_codes),
    Errand(lists.ReadShelves, at_need("app.recommend.errands", "read_shelves")),
    Errand(lists.Tune, at_need("app.recommend.errands", "tune")),
    Errand(lists.TellLists, at_need("app.recommend.errands", "tell")),
    Errand(lists.TakeBack, at_need("app.recommend.errands", "take_back")),
    Errand(Revalue, revalue),
    Decision(value.Scored, people_are_scored),
    Errand(value.Reckon, at_need("app.ltv.errands", "reckon")),
    Errand(value.Rescore, at_need("app.ltv.errands", "rescore")),
    Errand(proof.Measure, at_need("app.proof.errands", "measure")),
    always=(Heard, EraseShop, AskStillIn),
)

COMPUTING = (
    value.Reckon, value.Rescore, lists.ReadShelves, lists.Tune, lists.TellLists, Revalue,
    segments.Review, segments.Group, segments.Foretell, tiers.Review, proof.Measure,
)  # fmt: skip
"""Errands that hold a whole shop in memory: the server's, not an import's."""
