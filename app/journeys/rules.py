"""What a journey is: a trigger, a list of steps that only goes forward, and its ways out.

A definition is data. It is kept as JSON, one row a version, and whoever is on the way finishes on
the version they began with (J1).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

Tree: TypeAlias = dict[str, Any]
"""A condition on a person, as app.segments.rules reads it."""

END = "end"
MOST_STEPS = 60
LONGEST = timedelta(days=400)


class Trigger(StrEnum):
    """What may begin a journey. Each is told by one of the tables of contents."""

    CART_ABANDONED = "cart_abandoned"
    ORDER_UNPAID = "order_unpaid"
    ORDER_PAID = "order_paid"
    ORDER_FULFILLED = "order_fulfilled"
    ACCOUNT_OPENED = "account_opened"
    TIER_REACHED = "tier_reached"
    TIER_AT_RISK = "tier_at_risk"
    SEGMENT_ENTERED = "segment_entered"
    """Also a score that is crossed: a segment can be made of one (S6)."""
    SEGMENT_LEFT = "segment_left"
    REPLENISHMENT_DUE = "replenishment_due"
    BIRTHDAY = "birthday"
    DATE = "date"
    """A day of hers has come, or is so many days away: which, says the definition's `day`."""
    BACK_IN_STOCK = "back_in_stock"
    SURVEY_DUE = "survey_due"
    """FB-2: it is somebody's turn to be asked whether she would recommend the shop."""
    SURVEY_ANSWERED = "survey_answered"


class Subject(StrEnum):
    """What a journey is about, where that is more than the person. It is looked at again at each
    step: once it is over, so is the journey.
    """

    CART = "cart"
    UNPAID_ORDER = "unpaid_order"
    NOTHING = "nothing"


SUBJECTS: Mapping[Trigger, Subject] = {
    Trigger.CART_ABANDONED: Subject.CART,
    Trigger.ORDER_UNPAID: Subject.UNPAID_ORDER,
}


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wait(Part):
    kind: Literal["wait"] = "wait"
    key: str
    span: timedelta
    since: Literal["here", "start"] = "here"
    """`start`: counted from what began the journey; for a cart, from the shopper's last act."""
    gap: timedelta = timedelta()
    """AC-4: and no sooner than that after the journey's last message."""


class WaitFor(Part):
    """Until something happens to her, or no longer than that."""

    kind: Literal["wait_for"] = "wait_for"
    key: str
    event: Trigger
    at_most: timedelta
    otherwise: str = END
    """Where who waited in vain goes on."""


class Condition(Part):
    """Who does not fit goes on at `otherwise`."""

    kind: Literal["condition"] = "condition"
    key: str
    holds: Tree
    otherwise: str = END


class Arm(Part):
    share: float = Field(gt=0, le=1)
    to: str


class Split(Part):
    """Chance that repeats itself: the same person always takes the same arm."""

    kind: Literal["split"] = "split"
    key: str
    arms: tuple[Arm, ...] = Field(min_length=2)


class Send(Part):
    kind: Literal["send"] = "send"
    key: str
    message: str
    purpose: Literal["marketing", "service", "feedback"] = "marketing"
    channel: str | None = None
    valid_for: timedelta = timedelta(hours=72)
    """FC-3: later than that it is dropped, with a reason."""
    then: str | None = None
    """Where it goes on; None: the next step."""


class Offer(Part):
    """A personal code, if the guardrails allow one; without it the journey goes on all the same."""

    kind: Literal["offer"] = "offer"
    key: str
    percent_hundredths: int = Field(ge=0, le=3000)
    """MG-2: never more than 30 %."""
    days: int = Field(default=7, ge=1, le=90)
    """CP-3."""
    bound: Literal["soft", "firm"] = "soft"
    """CP-4: a voucher's code, or a gift card that her account alone can pay with."""
    least: int = Field(default=0, ge=0, le=1_000_000)
    """CP-1: what a basket has to come to for a code, in whole units of the shop's currency."""
    else_to: str | None = None
    """Where who gets none goes on; None: the next step."""


class Tag(Part):
    kind: Literal["tag"] = "tag"
    key: str
    name: str = Field(pattern=r"^[a-z0-9_.-]{1,40}$")
    value: str = ""


class Webhook(Part):
    kind: Literal["webhook"] = "webhook"
    key: str
    event: str = Field(pattern=r"^[a-z_]{1,40}$")


Step: TypeAlias = Annotated[
    Wait | WaitFor | Condition | Split | Send | Offer | Tag | Webhook, Field(discriminator="kind")
]


class Reentry(Part):
    """4.4.21: as a sentence: at most once in so many days; None is once, ever."""

    days: int | None = Field(default=None, ge=0, le=3650)


class Day(Part):
    """So many days after a day in somebody's life; before it, where there are fewer than none."""

    anchor: Literal["date", "first_order", "last_order"] = "date"
    """`date`: one that the shop knows of her, by its `name`. `last_order`: while none follows."""
    name: str = Field(default="birthday", pattern=r"^[\w.-]{1,40}$")
    yearly: bool = True
    """Each year again; else in the year that stands in it."""
    days: int = Field(default=0, ge=-365, le=3650)

    @property
    def key(self) -> str:
        """Tells it from others."""
        which = f"{self.name}:{'yearly' if self.yearly else 'once'}"
        return f"{which if self.anchor == 'date' else self.anchor}:{self.days}"


BIRTHDAY = Day()


class Definition(Part):
    trigger: Trigger
    of: str | None = None
    """Which segment, tier or score, where the trigger asks."""
    day: Day | None = None
    """Which day, where it begins with one."""
    audience: Tree | None = None
    """Only who fits when it begins."""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MOST_STEPS)
    exits: tuple[Trigger, ...] = ()
    """J10: what ends it at once, at whatever step."""
    leaves_audience: bool = False
    """It also ends when she does not fit `audience` any more, looked at before each step."""
    reentry: Reentry = Reentry()
    priority: int = Field(default=8, ge=1, le=8)
    """FC-4."""

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        """Keys are unique, every jump leads forward, shares of a split make one."""
        keys = [step.key for step in self.steps]
        if len(set(keys)) != len(keys) or END in keys:
            raise ValueError("each step needs a key of its own")
        for at, step in enumerate(self.steps):
            for target in jumps(step):
                if target != END and target not in keys[at + 1 :]:
                    raise ValueError(f"{step.key} leads to {target}, which is not after it")
            if isinstance(step, Split) and abs(sum(a.share for a in step.arms) - 1) > 1e-6:  # noqa: PLR2004
                raise ValueError(f"the arms of {step.key} do not make a whole")
            if isinstance(step, Wait | WaitFor) and not timedelta() <= spanned(step) <= LONGEST:
                raise ValueError(f"{step.key} waits too long")
        if (self.trigger is Trigger.DATE) != (self.day is not None):
            raise ValueError("it begins with a day, or it does not")
        return self

    @property
    def about(self) -> str | None:
        """Which of the trigger's happenings it is about; None for any."""
        return self.day.key if self.day else self.of

    @property
    def on(self) -> Day | None:
        """The day that it begins with, if it does."""
        return BIRTHDAY if self.trigger is Trigger.BIRTHDAY else self.day

    @property
    def subject(self) -> Subject:
        return SUBJECTS.get(self.trigger, Subject.NOTHING)

    def index(self, key: str) -> int:
        """Where a step is; the end is after the last one."""
        keys = [step.key for step in self.steps]
        return keys.index(key) if key in keys else len(keys)


def spanned(step: Wait | WaitFor) -> timedelta:
    return step.span if isinstance(step, Wait) else step.at_most


def jumps(step: Any) -> Sequence[str]:  # noqa: ANN401  # any kind of step
    """The places a step may send somebody to, but for the next one."""
    match step:
        case WaitFor() | Condition():
            return (step.otherwise,)
        case Split():
            return [arm.to for arm in step.arms]
        case Offer() if step.else_to:
            return (step.else_to,)
        case Send() if step.then:
            return (step.then,)
        case _:
            return ()


def arm_of(split: Split, draw: float) -> str:
    """Where a draw in [0, 1) leads."""
    edge = 0.0
    for arm in split.arms:
        edge += arm.share
        if draw < edge:
            return arm.to
    return split.arms[-1].to


class Last(BaseModel):
    """The latest time somebody was in a journey."""

    model_config = ConfigDict(frozen=True)

    ended: bool
    days_ago: float


def may_enter(reentry: Reentry, last: Last | None) -> bool:
    if last is None:
        return True
    return last.ended and reentry.days is not None and last.days_ago >= reentry.days


class Entry(StrEnum):
    """What becomes of somebody to whom a trigger happened."""

    ENTERED = "entered"
    NOT_FOR_HER = "not_in_audience"
    AGAIN_TOO_SOON = "again_too_soon"


def entry(reentry: Reentry, last: Last | None, *, fits: bool) -> Entry:
    if not fits:
        return Entry.NOT_FOR_HER
    return Entry.ENTERED if may_enter(reentry, last) else Entry.AGAIN_TOO_SOON


PURCHASE = frozenset(
    {"bought", "recovered", "bought_anyway", "paid", "stopped_purchase", "order_paid"}
)
"""AC-6: ways in which a purchase ends a journey."""
WITHHELD = "withheld_holdout"


def ending(why: str) -> str:
    """DC-1: how a way that ended early is called among decisions."""
    return "stopped_purchase" if why in PURCHASE else why


def haunting(what: str, reason: str) -> str:
    """HO-3: of somebody who is held back: that alone is why, or what would have stopped it too."""
    return WITHHELD if what == WITHHELD else reason
