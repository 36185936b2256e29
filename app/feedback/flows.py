"""A question has gone out; somebody answers it, answers it otherwise, or says what was of use."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlmodel import col, select

from app.customers.tables import Person
from app.feedback import promoting, queries, rules
from app.feedback.rules import SCALES, Scale
from app.feedback.tables import Survey, Useful
from app.journeys import flows as journeys
from app.journeys import queries as runs
from app.journeys.flows import Entrant
from app.journeys.rules import Trigger
from app.journeys.survey_rules import KINDS, NPS
from app.kit.tx import Tx, among
from app.loyalty import queries as loyalty
from app.messages import queries as messages
from app.messages import restraints
from app.messages.rules import Purpose, State
from app.messages.tables import Send
from app.orders.queries import BOUGHT
from app.orders.tables import Order


class Sight(StrEnum):
    """What a link leads to."""

    OPEN = "open"
    UNKNOWN = "unknown"
    """No such link, or one of another kind."""
    FORGOTTEN = "forgotten"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Question:
    """What stands behind the link of a letter."""

    sight: Sight
    send: Send | None = None
    survey: Survey | None = None
    """None while nobody has written it down: the letter left a moment ago."""

    @property
    def kind(self) -> str:
        return self.send.campaign if self.send else ""

    @property
    def scale(self) -> Scale:
        return SCALES[self.kind]


class Whose(NamedTuple):
    sight: Sight
    send: Send | None


def _letter(tx: Tx, token: str) -> Whose:
    send = messages.send_with_token(tx, token)
    if send is None:
        return Whose(Sight.UNKNOWN, None)
    if send.person is None or messages.whole(tx, send.person) is None:
        return Whose(Sight.FORGOTTEN, send)
    old = send.handed_at is None or send.handed_at + rules.OPEN < tx.now
    return Whose(Sight.EXPIRED if old else Sight.OPEN, send)


def question(tx: Tx, token: str) -> Question:
    """FB-4: reading it says nothing."""
    sight, send = _letter(tx, token)
    if send is None or not _asks(send):
        return Question(Sight.UNKNOWN)
    return Question(sight, send, queries.by_run(tx, run_of(send)))


def _asks(send: Send) -> bool:
    return send.campaign in KINDS and send.purpose == Purpose.FEEDBACK and run_of(send) > 0


def run_of(send: Send) -> int:
    """Whose letter it is, among the runs of app.journeys; 0 for one that is of none."""
    word, _, rest = send.key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if word == "journey" and number.isdecimal() else 0


def sent(tx: Tx, send_id: int, *, state: str) -> None:
    """FB-5: who was asked counts, whether she answers or not."""
    if state != State.SENT:
        return
    send = messages.send_by_id(tx, send_id)
    if send is not None and _asks(send):
        note(tx, send)


def note(tx: Tx, send: Send) -> Survey | None:
    """The survey of this letter, written down once. None where she is forgotten."""
    person = messages.whole(tx, send.person) if send.person else None
    if person is None:
        return None
    run = run_of(send)
    people = messages.group(tx, person.id or 0)
    row = {
        "run": run, "kind": send.campaign, "person": person.id,
        "order": _order(tx, send.campaign, run, people), "tier": _tier(tx, person),
        "country": messages.place_of(tx, person, people)[0],
        "asked_at": send.handed_at or tx.now, "words": "",
    }  # fmt: skip
    tx.put(Survey, [row], key=("run",))
    return queries.by_run(tx, run)


def _order(tx: Tx, kind: str, run: int, people: list[int]) -> str | None:
    walked = runs.run(tx, run)
    if kind != NPS and walked is not None:
        return walked.subject
    last = select(Order.saleor_id).where(BOUGHT, among(col(Order.person), people))
    return tx.exec(last.order_by(col(Order.created_at).desc()).limit(1)).first()


def _tier(tx: Tx, person: Person) -> str:
    terms = loyalty.terms(tx)
    if terms is None or not terms.open:
        return ""
    return terms.tier_of(loyalty.member(tx, person.id or 0), person.email, now=tx.now).key


def answer(tx: Tx, token: str, *, score: int, words: str) -> Question:
    """FB-4, FB-6: a second answer takes the place of the first. Nothing happens by a link that
    has ended.
    """
    asked = question(tx, token)
    if asked.sight is not Sight.OPEN or asked.send is None:
        return asked
    survey = asked.survey or note(tx, asked.send)
    if survey is None or survey.person is None or score not in asked.scale.scores:
        return Question(Sight.FORGOTTEN, asked.send)
    first, other = survey.score is None, survey.score != score
    survey.words = rules.tidied(words)
    if other:
        survey.score, survey.answered_at = score, tx.now
        survey.handled_at = survey.handled_by = None
    tx.add(survey)
    tx.flush()
    _look_after(tx, survey.person)
    promoting.answered(tx, survey)
    if first:
        _told(tx, survey)
    return Question(Sight.OPEN, asked.send, survey)


def _told(tx: Tx, survey: Survey) -> None:
    """FB-3: nobody is reminded of what she has answered."""
    person = survey.person or 0
    journeys.happened(
        tx,
        Trigger.SURVEY_ANSWERED,
        [
            Entrant(
                person=one, occasion=f"survey:{survey.run}", subject=survey.order, of=survey.kind,
                begins=one == person,
            )
            for one in messages.group(tx, person)
        ],
    )  # fmt: skip


def _look_after(tx: Tx, person: int) -> None:
    """FB-6: no promotions for 14 days after a low score, and as before once it is a better one."""
    lows = queries.lows(tx, messages.group(tx, person), since=tx.now - rules.PAUSE)
    restraints.hold(tx, person, until=max(lows) + rules.PAUSE if lows else None)


def handle(tx: Tx, survey: int, *, by: str, done: bool = True) -> Survey | None:
    """FB-6: somebody has looked after it, or not after all."""
    row = tx.exec(select(Survey).where(Survey.id == survey)).first()
    if row is None or row.person is None or row.score is None:
        return None
    row.handled_at, row.handled_by = (tx.now, by) if done else (None, None)
    tx.add(row)
    tx.flush()
    return row


# -- FB-7


class Letter(NamedTuple):
    """What stands behind the yes and the no of a letter."""

    sight: Sight
    send: Send | None = None
    useful: bool | None = None
    """What was said before."""


def letter(tx: Tx, token: str) -> Letter:
    sight, send = _letter(tx, token)
    if send is None or send.purpose != Purpose.MARKETING or run_of(send) == 0:
        return Letter(Sight.UNKNOWN)
    said = tx.exec(select(Useful.useful).where(Useful.send == send.id)).first()
    return Letter(sight, send, said)


def say(tx: Tx, token: str, *, useful: bool) -> Letter:
    """FB-7: once a letter; the last word counts."""
    known = letter(tx, token)
    if known.sight is not Sight.OPEN or known.send is None:
        return known
    person = messages.whole(tx, known.send.person or 0)
    if person is None:
        return Letter(Sight.FORGOTTEN, known.send)
    if known.useful != useful:
        row = {
            "send": known.send.id, "campaign": known.send.campaign, "person": person.id,
            "useful": useful, "at": tx.now,
        }  # fmt: skip
        tx.put(Useful, [row], key=("send",), overwrite=("useful", "at"))
        _weigh(tx, person.id or 0, known.send.campaign)
    return Letter(Sight.OPEN, known.send, useful)


def _weigh(tx: Tx, person: int, campaign: str) -> None:
    until = rules.halved_until(_noes(tx, person, campaign))
    restraints.hold(tx, person, until=until, campaign=campaign)


def _noes(tx: Tx, person: int, campaign: str) -> list[datetime]:
    rows = select(Useful.at).where(
        among(col(Useful.person), messages.group(tx, person)),
        Useful.campaign == campaign,
        col(Useful.useful).is_(False),
        col(Useful.at) > tx.now - rules.NOES,
    )
    return list(tx.exec(rows))
