"""Stories of holding back: who is kept from what, what is written down of it, and who never is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.customers.tables import Merge, Person
from app.journeys import flows, newsletters
from app.journeys.flows import Entrant
from app.journeys.rules import Definition, Offer, Send, Tag, Trigger, Wait
from app.journeys.tables import Footprint, Grant
from app.kit.chance import roll
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty.tables import Code
from app.messages import library, withholding
from app.messages.blocks import Block, Draft, Letter
from app.messages.tables import SendNote
from app.segments.tables import Trait
from app.trials import deciding as drawing
from app.trials import flows as trials
from app.trials import queries, rules
from app.trials.rules import Mode
from app.trials.tables import Assignment, Denied, Holding, Trial
from tests.support.loyal import Loyal
from tests.support.makers import checkout, gid
from tests.support.recovering import Counter, Recovering
from tests.support.till import Till
from tests.test_journeys_engine import happens, letter
from tests.test_loyalty_offers import reasons, touches

DAY = timedelta(days=1)
SEND_A, SEND_B = Send(key="send-a", message="a"), Send(key="send-b", message="b")


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        shop.person = shop.guest("cleo@example.com")  # type: ignore[attr-defined]
        yield shop


def holds(shop: Recovering, **terms: Any) -> None:  # noqa: ANN401
    with shop.work() as tx:
        trials.terms(tx, **terms)


def journey(shop: Recovering, *steps: Any, key: str = "own", **more: Any) -> None:  # noqa: ANN401
    with shop.work() as tx:
        for name in ("a", "b"):
            library.ensure(tx, letter(name))
        definition = Definition(**{"trigger": Trigger.BIRTHDAY, "steps": steps} | more)
        flows.publish(tx, key, definition, name=key)
        flows.switch_on(tx, key)


def feet(shop: Recovering) -> list[tuple[str, str, str]]:
    with shop.look() as tx:
        rows = tx.exec(select(Footprint).order_by(col(Footprint.id)))
        return [(foot.step, foot.what, foot.reason) for foot in rows if "@" not in foot.step]


def test_one_in_ten_is_held_back_for_good_and_by_each_automation_anew(shop: Recovering) -> None:
    """HO-1: the default; the same person always, and independently of other automations."""
    assert Holding().share == pytest.approx(0.10)
    holds(shop, share=0.10)
    people = range(1, 2001)
    with shop.work() as tx:
        cart = trials.hold(tx, "cart", people)
        welcome = trials.hold(tx, "welcome", people)
    away = {person for person, arm in cart.items() if arm.withheld}
    both = away & {person for person, arm in welcome.items() if arm.withheld}
    assert 150 < len(away) < 250
    assert 5 < len(both) < 40
    holds(shop, share=0.0)
    with shop.work() as tx:
        assert trials.hold(tx, "cart", people) == cart
        assert not any(arm.withheld for arm in trials.hold(tx, "cart", range(3000, 3100)).values())


def test_who_is_held_back_from_all_marketing_gets_none_of_it(shop: Recovering) -> None:
    """HO-1: the global holdout, optional; nobody in it is counted against one automation."""
    holds(shop, share=0.5, everywhere=0.05)
    with shop.work() as tx:
        arms = trials.hold(tx, "cart", range(1, 1001))
    away = [person for person, arm in arms.items() if arm.key == trials.EVERYBODY and arm.withheld]
    assert 25 < len(away) < 80
    with shop.look() as tx:
        own = queries.newest(tx, "holdout:cart")
        assert own
        counted = set(tx.exec(select(Assignment.person).where(Assignment.trial == own.id)))
    assert counted == set(range(1, 1001)) - set(away)


def test_a_service_message_is_never_withheld(shop: Recovering) -> None:
    """HO-1: a ghost of the journey still gets it; a journey of service alone holds nobody back."""
    holds(shop, share=1.0)
    journey(shop, SEND_A, Send(key="told", message="b", purpose="service"))
    happens(shop, Trigger.BIRTHDAY, shop.person)
    assert shop.subjects() == ["b"]
    journey(shop, Send(key="told", message="a", purpose="service"), key="service")
    happens(shop, Trigger.BIRTHDAY, shop.person, occasion="again")
    assert "holdout:service" not in [trial.key for trial in shop.all(Trial)]


def test_prove_it_first_begins_with_half_then_a_tenth_then_a_twentieth(shop: Recovering) -> None:
    """HO-2."""
    holds(shop, share=0.10, prove_first=True)
    with shop.work() as tx:
        first = trials.hold(tx, "cart", range(1, 1001))
    assert 430 < sum(arm.withheld for arm in first.values()) < 570
    shop.waits(days=61)
    with shop.work() as tx:
        later = trials.hold(tx, "cart", range(2001, 3001))
    assert 60 < sum(arm.withheld for arm in later.values()) < 140
    with shop.work() as tx:
        trial = queries.newest(tx, "holdout:cart")
        assert trial
        trial.proven_at = tx.now
    with shop.work() as tx:
        last = trials.hold(tx, "cart", range(4001, 5001))
        assert trials.hold(tx, "cart", range(1, 1001)) == first
    assert 25 < sum(arm.withheld for arm in last.values()) < 80
    shares = [trial.strata for trial in shop.all(Trial)]
    assert shares == [[[0.5, 0.5], [0.1, 0.9], [0.05, 0.95]]]


def test_prove_it_first_ends_with_enough_people_too() -> None:
    """HO-2: the first n people or 60 days, whichever comes first."""
    trial = Trial(key="k", kind="holdout", subject="s", salt="", arms=[], strata=[], mode="prove")
    enough = rules.FIRST_PEOPLE
    assert rules.share_now(trial, usual=0.1, people=enough - 1, now=None) == 0.5  # type: ignore[arg-type]
    assert rules.share_now(trial, usual=0.1, people=enough, now=None) == 0.1  # type: ignore[arg-type]


def test_a_ghost_walks_along_and_nothing_comes_of_it(shop: Recovering) -> None:
    """HO-3: at the same moments it is written what she would have got; no code, no message."""
    holds(shop, share=1.0)
    with shop.work() as tx:
        buyer = tx.exec(select(Person).where(Person.id == shop.person)).one()
        assert buyer
    journey(
        shop,
        SEND_A,
        Wait(key="w", span=DAY),
        Offer(key="offer", percent_hundredths=1000, else_to="send-b"),
        Tag(key="tag", name="offered"),
        SEND_B,
    )
    happens(shop, Trigger.BIRTHDAY, shop.person)
    assert feet(shop) == [("send-a", "withheld_holdout", "a")]
    shop.waits(days=1)
    assert feet(shop)[1:] == [
        ("offer", "withheld_holdout", "code 10 %"),
        ("tag", "withheld_holdout", "offered"),
        ("send-b", "withheld_holdout", "b"),
        ("end", "ended", "finished"),
    ]
    assert shop.sends() == []
    assert shop.mail() == []
    assert not shop.all(Grant)
    assert not shop.all(Code)
    assert not shop.all(Trait)


def test_a_ghost_who_may_not_be_written_to_ends_where_the_others_would(shop: Recovering) -> None:
    """HO-3: both arms lose the same people at the same step."""
    holds(shop, share=1.0)
    journey(shop, SEND_A, Wait(key="w", span=DAY), SEND_B)
    happens(shop, Trigger.BIRTHDAY, shop.guest("dora@example.com"))
    assert feet(shop) == [
        ("send-a", "would_be_refused", "no_consent"), ("end", "ended", "no_consent"),
    ]  # fmt: skip


def test_a_newsletter_holds_back_too(shop: Recovering) -> None:
    """HO-1: sticky for all that says the same."""
    holds(shop, share=1.0)
    with shop.work() as tx:
        library.ensure(tx, letter("a"))
        newsletters.plan(tx, name="News", message="a", segment=None, at=tx.now)
    shop.settles()
    assert shop.mail() == []
    assert [(row.person, row.content) for row in shop.all(Denied)] == [(shop.person, "a")]


def test_what_one_automation_keeps_from_somebody_no_other_gives_her(shop: Recovering) -> None:
    """HO-8: the same content is refused, other content is not."""
    holds(shop, share=1.0)
    journey(shop, SEND_A)
    happens(shop, Trigger.BIRTHDAY, shop.person)
    holds(shop, share=0.0)
    with shop.work() as tx:
        newsletters.plan(tx, name="News", message="a", segment=None, at=tx.now)
        newsletters.plan(tx, name="Other", message="b", segment=None, at=tx.now)
    shop.settles()
    shop.waits(days=2)
    assert shop.subjects() == ["b"]
    assert [send.reason for send in shop.sends() if send.message == "a"] == ["withheld_holdout"]


SPRING = "Twenty kinds of tulips have come in, and the first ten go out with a vase."


def saying(key: str, *blocks: Block) -> Draft:
    return Draft(key=key, name=key, variants={"email": {"en": Letter(subject=key, blocks=blocks)}})


def held_back_from(shop: Recovering, draft: Draft) -> None:
    """Cleo is a ghost of an automation with this letter; nothing is held back afterwards."""
    holds(shop, share=1.0)
    with shop.work() as tx:
        library.ensure(tx, draft)
    journey(shop, Send(key="s", message=draft.key))
    happens(shop, Trigger.BIRTHDAY, shop.person)
    holds(shop, share=0.0)


def posts(shop: Recovering, draft: Draft) -> None:
    with shop.work() as tx:
        library.ensure(tx, draft)
        newsletters.plan(tx, name=draft.key, message=draft.key, segment=None, at=tx.now)
    shop.settles()
    shop.waits(days=2)


def test_what_she_is_kept_from_is_left_out_of_a_newsletter_for_a_month(
    shop: Recovering,
) -> None:
    """HO-8: the block and not the letter; short words are nobody's own; the note says so."""
    tulips, hello = Block(kind="text", text=SPRING), Block(kind="text", text="Hello!")
    held_back_from(shop, saying("tulips", hello, tulips))
    news = Block(kind="text", text="We are open on Sundays from now on, from ten to four.")
    again = Block(kind="text", text=f"  {SPRING.upper()} ")
    posts(shop, saying("news", hello, news, again))
    (letter,) = shop.mail()
    assert "Sundays" in letter.text
    assert "Hello!" in letter.text
    assert "tulips" not in letter.text.lower()
    assert [note.outcome for note in shop.all(SendNote)].count("left_out") == 1
    shop.waits(days=31)
    posts(shop, saying("later", again))
    assert "TULIPS" in shop.mail()[-1].text


def test_a_letter_that_says_nothing_else_does_not_go(shop: Recovering) -> None:
    """HO-8: headings and buttons alone are no letter; who is not held back gets the whole."""
    held_back_from(shop, saying("tulips", Block(kind="text", text=SPRING)))
    shop.guest("ben@example.com")
    shop.agrees("ben@example.com")
    whole = (Block(kind="heading", text="Spring"), Block(kind="text", text=SPRING))
    posts(shop, saying("news", *whole))
    assert [letter.recipient for letter in shop.mail()] == ["ben@example.com"]
    assert {send.reason for send in shop.sends() if send.person == shop.person} == {
        "withheld_holdout"
    }


@pytest.mark.parametrize(
    ("block", "kept"),
    [
        (Block(kind="recommendations"), "block:recommendations"),
        (Block(kind="cart"), "block:cart"),
        (Block(kind="code"), None),
        (Block(kind="products"), None),
        (Block(kind="text", text="See you soon, {{ first_name }}!"), None),
        (Block(kind="button", label="To the shop", link="https://shop.example/"), None),
    ],
)
def test_what_counts_as_the_same(block: Block, kept: str | None) -> None:
    """HO-8: what is made for her anew is alike by its kind, and a code is its automation's own."""
    assert withholding.of(block) == kept


def test_what_was_promised_is_kept_from_nobody(shop: Recovering) -> None:
    """HO-9: once the owner marks it, also for those who were held back before."""
    holds(shop, share=1.0)
    with shop.work() as tx:
        assert trials.hold(tx, "tiers", [1])[1].withheld
        trials.promise(tx, "tiers")
    with shop.work() as tx:
        assert trials.hold(tx, "tiers", [1, 2]) == {}
    journey(shop, SEND_A, trigger=Trigger.BACK_IN_STOCK)
    happens(shop, Trigger.BACK_IN_STOCK, shop.person)
    assert shop.subjects() == ["a"]


def test_an_assignment_is_a_keyed_hash_that_anybody_can_repeat(shop: Recovering) -> None:
    """AB-1: sticky, uniform, drawn when it is decided; a guest who joins an account keeps hers."""
    holds(shop, share=0.5)
    with shop.work() as tx:
        arm = trials.hold(tx, "cart", [shop.person])[shop.person]
    assert arm.roll == roll("trial", arm.salt, shop.person)
    with shop.work() as tx:
        account = Person(key="account:1", account="1", email="cleo@example.com")
        tx.add(account)
        tx.flush()
        guest = tx.exec(select(Person).where(Person.id == shop.person)).one()
        guest.merged_into = account.id
        tx.add(Merge(source=shop.person, target=account.id or 0, merged_at=tx.now))
        tx.flush()
        again = trials.hold(tx, "cart", [account.id or 0])
    assert list(again.values()) == [arm]
    assert len(shop.all(Assignment)) == 1
    (told,) = [
        drawing.drawn(one, person=person, ref="x", subject="cart") for person, one in again.items()
    ]
    assert (told.person, told.seen["who"]) == (account.id, shop.person)
    assert drawing.drawn_again(told.seen, salt=told.salt) == (told.outcome, told.made)


def test_a_holdout_switched_off_keeps_nothing_from_anybody(shop: Recovering) -> None:
    """HO-2: and on again it begins anew, its old people where they were."""
    holds(shop, share=1.0)
    with shop.work() as tx:
        trials.hold(tx, "cart", [1])
        trials.set_mode(tx, "cart", Mode.OFF)
    with shop.work() as tx:
        assert trials.hold(tx, "cart", [1]) == {}
        trials.set_mode(tx, "cart", Mode.PROVE)
    with shop.work() as tx:
        assert trials.hold(tx, "cart", [1])[1].version == 2
        flows.happened(tx, Trigger.BIRTHDAY, [Entrant(person=1, occasion="x")])


def test_a_tiers_code_is_held_back_until_the_owner_says_it_is_promised(
    house: House, clock: StillClock
) -> None:
    """HO-1, HO-9: no code is made and the diary says why; once it is promised she gets hers."""
    till = Till(clock.now)
    with Loyal(house, till) as shop:
        shop.buys("ana", 120)
        with shop.work() as tx:
            trials.terms(tx, share=1.0)
        touches(shop, checkout(no="C1"))
        assert till.codes == []
        assert reasons(shop) == ["withheld_holdout"]
        with shop.work() as tx:
            trials.promise(tx, trials.TIERS)
        touches(shop, checkout(no="C2"))
        assert till.codes == [till.on(gid("Checkout", "C2"))]
