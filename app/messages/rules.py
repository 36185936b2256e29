"""May this message leave now? Pure: facts in, one of a few words out (§3.6–3.12, 3.28)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    PUSH = "push"


class Purpose(StrEnum):
    """CO-1: kept apart."""

    MARKETING = "marketing"
    FEEDBACK = "feedback"
    PERSONALISATION = "personalisation"
    AUDIENCES = "audiences"
    SERVICE = "service"
    """FC-2: what somebody has to be told; needs no consent, counts for no cap, holds no offer."""


class Priority(IntEnum):
    """FC-4: of several that are due, the smaller goes first."""

    PROBLEM = 1
    CART = 2
    STOCK = 3
    REPLENISH = 4
    LOYALTY = 5
    WINBACK = 6
    FEEDBACK = 7
    NEWSLETTER = 8

    @property
    def topic(self) -> str:
        """UN-4: what a person may switch off by itself."""
        return self.name.lower()


class State(StrEnum):
    WAITING = "waiting"
    RESERVED = "reserved"
    """Written down, and on disk, before the provider is called."""
    SENT = "sent"
    FAILED = "failed"
    """Surely not sent: the provider said no, or was never reached."""
    UNKNOWN = "unknown"
    """SS-1: whoever was sending it died or got no answer. Never sent again."""
    REFUSED = "refused"
    CANCELLED = "cancelled"


ENDED = frozenset({State.SENT, State.FAILED, State.UNKNOWN, State.REFUSED, State.CANCELLED})
COUNTED = frozenset({State.RESERVED, State.SENT, State.UNKNOWN})
"""What a person may have received."""


class Word(StrEnum):
    """Why not, or why not now."""

    NO_CONSENT = "no_consent"
    UNCONFIRMED = "unconfirmed"
    """CO-4: a double opt-in is waiting for its click."""
    WITHDRAWN = "withdrawn"
    COMPLAINED = "complained"
    NO_ADDRESS = "no_address"
    NOBODY = "nobody"
    """The person was erased, or is of the shop's own staff."""
    SUPPRESSED = "suppressed"
    TOPIC_OFF = "topic_off"
    PAUSED_BY_PERSON = "paused_by_person"
    CAPPED = "capped"
    OUTRANKED = "outranked"
    """FC-4: something more important is due for the same person."""
    SUNSET = "sunset"
    """FC-6: no sign of life for half a year."""
    QUIET = "quiet"
    TOO_LATE = "too_late"
    STOPPED = "stopped"
    """SS-3: the owner stopped everything."""
    PAUSED = "paused"
    """SS-3: this automation is paused."""
    RAMP = "ramp"
    """SS-2: a new automation begins slowly."""
    BACKLOG = "backlog"
    """SS-2: older than a day when its automation began."""
    WARMING_UP = "warming_up"
    """BS-3: a new sending domain begins slowly."""
    DOMAIN = "domain"
    """BS-1: something is wrong with the sending domain."""
    COMPLAINT_RATE = "complaint_rate"
    """BS-2."""
    BATCH_BOUNCES = "batch_bounces"
    """BO-5."""
    NO_OUTLET = "no_outlet"
    """Nothing is set up for the channel."""
    NO_MESSAGE = "no_message"
    MISSING_FIELD = "missing_field"
    """SS-4: a merge field without value and without fallback."""
    STOPPED_PURCHASE = "stopped_purchase"
    """AC-6."""
    PAID = "paid"
    SHOPPER_ACTIVE = "shopper_active"
    """AC-13: somebody is paying just now; what follows in the series is asked for all the same."""
    COULD_NOT_VERIFY = "could_not_verify"
    """AC-6: Saleor could not be asked for six hours."""
    NOT_TAKEN = "not_taken"
    """The provider refused it."""
    HARD_BOUNCE = "hard_bounce"
    """The provider knows no such address."""
    NOTHING_LEFT = "nothing_left"
    """AC-10: what it was to show is gone: an empty cart, an order nobody knows, no code."""
    CRASHED = "crashed"
    NO_ANSWER = "no_answer"
    SKIPPED = "skipped"
    """SS-3: piled up while stopped, and the owner said to skip it."""
    LANDLINE = "landline"
    """SM-3."""
    WINDOW_CLOSED = "window_closed"
    """SM-4: WhatsApp has approved no such message, and she has not written for a day."""
    OFFER_IN_SERVICE = "offer_in_service"
    """FC-2."""
    UNHAPPY = "unhappy"
    """FB-6: she said that she is not content, and no promotion follows for a while."""
    NOT_USEFUL = "not_useful"
    """FB-7: she said twice that this automation is of no use to her: half as often."""
    ASKED_LATELY = "asked_lately"
    """FB-3: one question in 90 days."""
    ORDER_LATE = "order_late"
    """FB-3: nobody is asked how it was who still waits for it."""
    REFUND_OPEN = "refund_open"
    COMPLAINED_LATELY = "complained_lately"
    WITHHELD = "withheld_holdout"
    """HO-8: somebody who is held back from this content gets it from nobody else either."""


class RefusedError(Exception):
    """Whoever supplies the last words of a message says that it is not to be sent."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True)
class Verdict:
    """Go where there is no word; wait `until` where there is one; else never."""

    word: str = ""
    until: datetime | None = None

    @property
    def goes(self) -> bool:
        return not self.word


GO = Verdict()


@dataclass(frozen=True)
class Facts:
    """All that the gate knows of a message and of whom it is for."""

    service: bool
    channel: str | None
    nobody: bool = False
    stopped: bool = False
    paused: str = ""
    """A reason, or nothing."""
    outlet: bool = True
    address: bool = True
    permission: str = ""
    """CO: why not, or nothing."""
    suppressed: bool = False
    topic_off: bool = False
    paused_until: datetime | None = None
    tired: bool = False
    """FC-6: no sign of life for 90 days."""
    sunset: bool = False
    outranked: bool = False
    capped_until: datetime | None = None
    capped_by: str = Word.CAPPED
    unhappy_until: datetime | None = None
    """FB-6."""
    domain: str = ""
    """BS-1, BS-2: a reason, or nothing."""
    slowed_until: datetime | None = None
    """BS-3 or SS-2."""
    slowed_by: str = ""
    backlog: bool = False
    not_after: datetime | None = None
    allowed_from: Callable[[datetime], datetime] = lambda at: at
    """QH: the first moment from `at` on that is not quiet."""


SOON = timedelta(minutes=10)
HOLD = timedelta(days=1)
"""How long what was stopped sleeps by itself; resuming wakes it at once."""


HELD = frozenset({Word.STOPPED, Word.PAUSED})
"""Until somebody says go on; only then is it known whether it is too late."""


def judge(facts: Facts, *, now: datetime) -> Verdict:
    """The one place where a message is let out, held back or refused."""
    refusal = next((word for word, holds in _refusals(facts, now) if holds), None)
    if refusal:
        return Verdict(refusal)
    if delay := _delay(facts, now):
        # FC-3: what would have to wait too long is dropped, for the reason it would have waited
        held = delay.word in HELD
        late = facts.not_after and delay.until and delay.until > facts.not_after and not held
        return Verdict(delay.word) if late else delay
    return GO


def _refusals(facts: Facts, now: datetime) -> Sequence[tuple[str, bool]]:
    marketing = not facts.service
    return (
        (Word.NOBODY, facts.nobody),
        (Word.TOO_LATE, facts.not_after is not None and now > facts.not_after),
        (Word.NO_ADDRESS, not facts.address),
        (facts.permission, bool(facts.permission) and marketing),
        (Word.SUPPRESSED, facts.suppressed and marketing),
        (Word.TOPIC_OFF, facts.topic_off and marketing),
        (Word.BACKLOG, facts.backlog and marketing),
        (Word.SUNSET, facts.sunset and marketing),
    )


def _delay(facts: Facts, now: datetime) -> Verdict | None:
    if facts.stopped:
        return Verdict(Word.STOPPED, now + HOLD)
    if not facts.outlet:
        return Verdict(Word.NO_OUTLET, now + timedelta(hours=1))
    if facts.service:
        return None
    waits = [
        Verdict(facts.paused, now + HOLD) if facts.paused else None,
        Verdict(facts.domain, now + timedelta(hours=1)) if facts.domain else None,
        Verdict(Word.PAUSED_BY_PERSON, facts.paused_until),
        Verdict(Word.OUTRANKED, now + SOON) if facts.outranked else None,
        Verdict(facts.capped_by, facts.capped_until),
        Verdict(Word.UNHAPPY, facts.unhappy_until),
        Verdict(facts.slowed_by, facts.slowed_until),
    ]
    longest = max(
        (wait for wait in waits if wait and wait.until and wait.until > now),
        key=lambda wait: wait.until or now,
        default=None,
    )
    if longest:
        return longest
    allowed = facts.allowed_from(now)
    return Verdict(Word.QUIET, allowed) if allowed > now else None
