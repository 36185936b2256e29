"""The gate with a shop behind it: who is refused, who waits, and what is written down about it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from app.customers import meeting
from app.customers.rules import Who
from app.customers.tables import Person
from app.kit.hearing import Version
from app.kit.house import House
from app.kit.loop import Keeper
from app.messages import (
    brakes,
    bringing,
    consent,
    erasing,
    flows,
    grounds,
    library,
    queries,
    windows,
)
from app.messages.consent_tables import LastWord, Preference, Suppression
from app.messages.flows import Request
from app.messages.law import Said
from app.messages.rules import Priority
from app.messages.tables import Outlet, Send, SendNote, Touch
from tests.support.makers import by_user, checkout, customer, event, gid, line, order, user
from tests.support.postbox import Postbox
from tests.support.writing import Writing

DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        yield shop


def notes(shop: Writing, key: str = "k1") -> list[tuple[str, str]]:
    id_ = shop.send(key).id
    return [(n.outcome, n.word) for n in shop.all(SendNote) if n.send == id_]


def buys(shop: Writing, name: str, country: str = "DE") -> None:
    now = shop.house.clock.now().isoformat()
    body = order(user(name), lines=[line(each=30)], created=now)
    body["shippingAddress"]["country"]["code"] = country
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=now, by=by_user(name), order=body))


# -- CO


def test_co1_a_word_for_one_purpose_is_none_for_another(shop: Writing) -> None:
    """CO-1: e-mail marketing, SMS and surveys are apart; each word is kept with its text."""
    shop.sends("survey", purpose="feedback")
    assert shop.word("survey") == "refused:no_consent"
    with shop.look() as tx:
        (entry,) = consent.words_of(tx, shop.ana)
    assert (entry.purpose, entry.state, entry.basis) == ("marketing", "granted", "consent")


@pytest.mark.parametrize(
    ("country", "bought", "word"),
    [("PL", True, "refused:no_consent"), ("BR", False, "sent"), ("GB", True, "sent"),
     ("GB", False, "refused:no_consent"), ("US", False, "sent"),
     ("DE", True, "refused:no_consent")],
)  # fmt: skip
def test_co2_the_country_decides_what_silence_means(
    shop: Writing, country: str, word: str, *, bought: bool
) -> None:
    """CO-2: the same person, nothing said, six legal grounds."""
    ben = shop.person("ben", country=country)
    if bought:
        buys(shop, "ben", country)
    shop.waits(hours=8)  # also in Los Angeles it is morning by now
    shop.sends(person=ben)
    assert shop.word() == word


def test_co2_silence_of_an_address_that_anybody_typed_is_no_ground(shop: Writing) -> None:
    """CO-2, J9: "tell me when it is back", typed with a stranger's address, where the law takes
    silence for enough: nothing goes there before she has to do with the shop herself."""
    shop.rules(country="US")
    with shop.work() as tx:
        known = Version(tx.now, tx.now)
        who = Who(account=None, email="stranger@example.com", version=known, since=tx.now)
        met = meeting.meet(tx, [who]).of(who)
        assert met
    shop.waits(hours=6)
    assert shop.sends(person=met.person).state == "refused"
    assert shop.word() == "refused:no_consent"
    with shop.look() as tx:
        assert grounds.reachable(tx, [met.person]) == set()
    left = checkout("stranger@example.com", updated=shop.house.clock.now())
    shop.hears("CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", checkout=left))
    with shop.look() as tx:
        assert grounds.reachable(tx, [met.person]) == {met.person}
    assert shop.sends("k2", person=met.person).state == "sent"


def test_co2_soft_opt_in_needs_the_owners_word(shop: Writing) -> None:
    ben = shop.person("ben")
    buys(shop, "ben")
    shop.rules(soft_opt_in=["DE", "PL"])
    assert shop.sends(person=ben).state == "sent"
    pole = shop.person("pola", country="PL")
    buys(shop, "pola", "PL")
    shop.sends("k2", person=pole)
    assert shop.word("k2") == "refused:no_consent"


def test_co3_buying_and_an_empty_box_take_nothing_away(shop: Writing) -> None:
    """CO-3."""
    shop.agrees("ana", said=Said.NOTHING, source="checkout")
    buys(shop, "ana")
    assert shop.sends().state == "sent"


def test_co3_a_tick_does_not_bring_back_who_complained(shop: Writing) -> None:
    """CO-3: a tick at checkout no; her own word on the preference page yes."""
    shop.agrees("ana", said=Said.WITHDRAWN, source=consent.COMPLAINT)
    shop.waits(seconds=1)
    shop.agrees("ana", source="checkout")
    shop.sends()
    assert shop.word() == "refused:complained"
    shop.waits(seconds=1)
    shop.agrees("ana", source="preferences")
    assert shop.sends("k2").state == "sent"


def test_co1_an_older_word_never_replaces_a_newer(shop: Writing) -> None:
    """An import tells the past: it is kept as proof, and changes nothing that was said since."""
    shop.agrees("ana", said=Said.WITHDRAWN)
    shop.agrees("ana", source="import", at=shop.house.clock.now() - 300 * DAY)
    shop.sends()
    assert shop.word() == "refused:withdrawn"


def test_sm1_consent_to_mail_is_none_to_texts(shop: Writing) -> None:
    """SM-1: and without a word on the channel there is not even a number."""
    shop.sends(channel="sms", context={"link": "https://shop.example/"})
    assert shop.word() == "refused:no_address"
    number = {"channel": "sms", "address": "+49 1512 3456789", "person": shop.ana}
    shop.agrees("ana", said=Said.PENDING, **number)
    with shop.work() as tx:
        tx.add(
            Outlet(
                channel="sms", url=shop.house.secrets.seal("mailbox:"), sender="Shop", since=tx.now
            )
        )
    shop.sends("k2", channel="sms", context={"link": "https://shop.example/"})
    assert shop.word("k2") == "refused:unconfirmed"
    shop.agrees("ana", **number)
    assert (
        shop.sends("k3", channel="sms", context={"link": "https://shop.example/"}).state == "sent"
    )


def test_segments_are_told_who_may_be_written_to(shop: Writing) -> None:
    """The same answers as the gate's, for many at once."""
    ben, bia = shop.person("ben"), shop.person("bia", country="BR")
    cleo = shop.person("cleo")
    shop.agrees("cleo")
    with shop.work() as tx:
        consent.suppress(tx, consent.hashing.of_address("cleo@example.com"), "hard_bounce")
    with shop.look() as tx:
        found = grounds.reachable(tx, [shop.ana, ben, bia, cleo])
        assert found == {shop.ana, bia}
        for id_ in (shop.ana, ben, bia):
            person = queries.whole(tx, id_)
            assert person
            told = grounds.permission(tx, person, channel="email", purpose="marketing")
            assert told.allowed is (id_ in found)


# -- FC


def test_fc1_a_second_mail_waits_sixteen_hours(shop: Writing) -> None:
    """FC-1, FC-3: it is planned anew for the first allowed moment, and then it goes."""
    shop.sends("k1", campaign="a")
    shop.sends("k2", campaign="b")
    assert shop.word("k2") == "waiting:capped"
    assert shop.send("k2").due == shop.send("k1").handed_at + timedelta(hours=16)
    shop.waits(hours=16, minutes=-1)
    assert len(shop.post.sent) == 1
    shop.waits(hours=10)  # 02:00 in Berlin is night: it moves to the morning
    assert shop.send("k2").state == "sent"
    assert ("postponed", "capped") in notes(shop, "k2")


def test_fc2_service_mail_is_neither_stopped_nor_counted(shop: Writing) -> None:
    """FC-2."""
    for n in range(4):
        assert shop.sends(f"s{n}", message="receipt", purpose="service").state == "sent"
    assert shop.sends("k1").state == "sent"
    assert shop.sends("s9", message="receipt", purpose="service").state == "sent"


def test_fc2_an_offer_is_no_service(shop: Writing) -> None:
    offer = library.Letter(subject="x", blocks=(library.Block(kind="code"),))
    with shop.work() as tx:
        library.save(tx, library.Draft(key="offer", name="x", variants={"email": {"en": offer}}))
    shop.sends(message="offer", purpose="service")
    assert shop.word() == "refused:offer_in_service"


def test_fc3_what_would_wait_too_long_is_dropped_with_its_reason(shop: Writing) -> None:
    """FC-3."""
    shop.sends("k1")
    shop.sends("k2", not_after=shop.house.clock.now() + timedelta(hours=15))
    assert shop.word("k2") == "refused:capped"
    assert notes(shop, "k2") == [("refused", "capped")]


def test_fc4_the_more_important_goes_first(shop: Writing) -> None:
    """FC-4: both due at once, asked for in the wrong order."""
    shop.asks("news", priority=Priority.NEWSLETTER)
    shop.asks("cart", priority=Priority.CART)
    shop.settles()
    assert shop.word("cart") == "sent"
    assert shop.word("news") == "waiting:outranked"
    shop.waits(minutes=10)
    assert shop.word("news") == "waiting:capped"


def test_fc5_no_limit_where_the_owner_says_none(shop: Writing) -> None:
    """FC-5."""
    shop.rules(caps=[{"channels": ["email"], "most": 0, "hours": 24}])
    for n in range(6):
        assert shop.sends(f"k{n}").state == "sent"


def test_fc6_who_is_silent_for_long_is_written_to_less_and_then_not(shop: Writing) -> None:
    """FC-6: halved after 90 days, only the sunset after 180; a human click wakes everything."""
    shop.sends("first")
    shop.waits(days=91)
    for n in range(2):
        assert shop.sends(f"a{n}").state == "sent"
        shop.waits(days=1)
    shop.sends("a2")
    assert shop.word("a2") == "waiting:capped"  # two a week, not four
    shop.waits(days=100)
    shop.sends("late")
    assert shop.word("late") == "refused:sunset"
    assert shop.sends("bye", campaign="winback", step="sunset").state == "sent"
    with shop.work() as tx:
        tx.add(Touch(send=1, person=shop.ana, kind="open", by="human", at=tx.now))
    shop.waits(days=1)
    shop.sends("opened")
    assert shop.word("opened") == "refused:sunset"  # OP-3: an open is no sign
    with shop.work() as tx:
        tx.add(Touch(send=1, person=shop.ana, kind="click", by="human", at=tx.now))
    assert shop.sends("woken").state == "sent"


def test_fc7_fifty_workers_ten_automations_one_person(shop: Writing) -> None:
    """FC-7: the cap check and the reservation are one step: one mail, whoever is faster."""
    for n in range(10):
        shop.asks(f"k{n}", campaign=f"automation {n}", priority=Priority.CART)
    keeper: Keeper[object] = shop.perennial.worker.keeper  # type: ignore[assignment]
    start = threading.Barrier(50)
    sends = [row.id for row in shop.all(Send)]
    troubles: list[BaseException] = []

    def work(number: int) -> None:
        start.wait()
        job = flows.Deliver(send=sends[number % 10] or 0, who=f"nobody {number}")
        try:
            keeper.agenda.errands[job.kind].run(job, keeper.world(shop.id))
        except BaseException as trouble:  # noqa: BLE001
            troubles.append(trouble)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [t for t in troubles if "serializ" not in str(t)] == []
    assert len(shop.post.sent) == 1
    assert sorted(shop.word(f"k{n}") for n in range(10))[:1] == ["sent"]
    assert sum(row.state == "sent" for row in shop.all(Send)) == 1


# -- QH


def test_qh1_a_postal_code_may_name_the_clock(shop: Writing) -> None:
    """QH-1: Portuguese addresses name no region; the Azores are an hour behind Lisbon."""
    shop.waits(hours=22, minutes=30)  # Tuesday, half past seven in Lisbon
    told = {}
    for name, postal in (("rui", "1100-148"), ("ines", "9500-150")):
        person = shop.person(name, country="PT")
        shop.agrees(name)
        with shop.work() as tx:
            row = tx.get(Person, person)
            assert row
            row.postal = postal
            tx.add(row)
        shop.sends(name, person=person)
        told[name] = shop.word(name)
    assert told == {"rui": "sent", "ines": "waiting:quiet"}


def test_qh2_a_night_is_waited_out_and_so_is_a_sunday_for_texts(shop: Writing) -> None:
    """QH-2, QH-3: moved to the morning plus up to half an hour, in the person's own zone."""
    brazil = shop.person("bia", country="BR")
    shop.sends(person=brazil)  # six in the morning in São Paulo, four in Rio Branco
    assert shop.word() == "waiting:quiet"
    seven = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert seven <= shop.send().due < seven + timedelta(minutes=30)
    shop.waits(hours=4)
    assert shop.word() == "sent"


def test_qh1_a_zone_she_stated_goes_before_her_country(shop: Writing) -> None:
    with shop.work() as tx:
        tx.add(Preference(address="ana@example.com", zone="Pacific/Auckland", at=tx.now))
    shop.waits(hours=1)  # 23:00 over there
    shop.sends()
    assert shop.word() == "waiting:quiet"


@pytest.mark.parametrize(("region", "word"), [("AM", "sent"), ("", "waiting:quiet")])
def test_qh1_where_the_region_is_known_only_its_own_clock_counts(
    shop: Writing, region: str, word: str
) -> None:
    """QH-1: at 11:45 in Greenwich Manaus is up, and Rio Branco, in the same country, is not."""
    bia = shop.person("bia", country="BR")
    shop.agrees("bia")
    with shop.work() as tx:
        tx.exec(select(Person).where(Person.id == bia)).one().region = region
    shop.waits(hours=2, minutes=45)
    shop.sends(person=bia)
    assert shop.word() == word


def test_qh3_after_the_night_everything_is_asked_again(shop: Writing) -> None:
    """QH-3: what she said meanwhile counts."""
    shop.waits(hours=14)
    shop.asks()
    shop.settles()
    assert shop.word() == "waiting:quiet"
    shop.agrees("ana", said=Said.WITHDRAWN)
    assert shop.word() == "cancelled:withdrawn"
    shop.waits(hours=12)
    assert shop.post.sent == []


def test_qh5_the_wait_says_until_when(shop: Writing) -> None:
    """QH-5: the moment is kept as an instant, so that a page can show it with its zone."""
    shop.waits(hours=14)
    shop.sends()
    (note,) = shop.all(SendNote)
    assert note.until.astimezone(BERLIN).hour == 7


def test_qh4_the_night_of_the_changed_clocks(shop: Writing) -> None:
    """QH-4: 07:00 is 07:00 also on the morning after."""
    shop.waits(days=26, hours=14)  # Saturday 28 March, 23:00 UTC
    shop.sends()
    due = shop.send().due.astimezone(BERLIN)
    assert (due.date().isoformat(), due.hour) == ("2026-03-29", 7)


# -- BS


def test_bs1_a_domain_with_a_red_mark_sends_no_marketing(shop: Writing) -> None:
    """BS-1: it waits, and goes once it is mended."""
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.checks = {"domain": {"spf": "bad", "dkim": "good"}}
    shop.sends()
    assert shop.word() == "waiting:domain"
    assert shop.sends("s", message="receipt", purpose="service").state == "sent"
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.checks = {"domain": {"spf": "good", "dkim": "warning"}}
    shop.waits(hours=1)
    assert shop.word() == "sent"


def test_bs2_complaints_pause_marketing(shop: Writing) -> None:
    for mood, word in (("warning", "sent"), ("paused", "waiting:complaint_rate")):
        with shop.work() as tx:
            outlet = queries.outlet(tx, "email")
            assert outlet
            outlet.checks = {"mood": mood}
        shop.sends(mood)
        assert shop.word(mood) == word
        shop.waits(days=2)


def test_bs3_a_new_domain_sends_two_hundred_a_day(shop: Writing) -> None:
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.since = tx.now
        for n in range(200):
            tx.add(
                Send(
                    key=f"old {n}", message="hello", purpose="marketing", channel="email",
                    priority=8, state="sent", asked_at=tx.now, due=tx.now, handed_at=tx.now,
                )
            )  # fmt: skip
    shop.sends()
    assert shop.word() == "waiting:warming_up"
    assert shop.send().due == datetime(2026, 3, 3, tzinfo=UTC)


def test_bs3_who_shows_interest_goes_first(shop: Writing) -> None:
    """BS-3: half of a new domain's day is kept for them."""
    ben = shop.person("ben")
    shop.agrees("ben")
    shop.waits(days=100)
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.since = tx.now
        tx.add(Touch(send=1, person=shop.ana, kind="click", by="human", at=tx.now))
        for n in range(100):
            tx.add(
                Send(
                    key=f"old {n}", message="hello", purpose="marketing", channel="email",
                    priority=8, state="sent", asked_at=tx.now, due=tx.now, handed_at=tx.now,
                )
            )  # fmt: skip
    shop.sends("ben", person=ben)
    assert shop.word("ben") == "waiting:warming_up"
    assert shop.sends("ana").state == "sent"


# -- SS


def test_ss1_the_same_key_is_the_same_message(shop: Writing) -> None:
    one = shop.asks("cart:C1:1")
    two = shop.asks("cart:C1:1")
    assert one.id == two.id
    shop.settles()
    shop.waits(days=3)
    again = shop.asks("cart:C1:1")
    shop.settles()
    assert again.state == "sent"
    assert len(shop.post.sent) == 1


def test_ss2_fifty_in_the_first_hour(shop: Writing) -> None:
    """SS-2: the next ones wait for the next hour."""
    with shop.work() as tx:
        for n in range(50):
            tx.add(
                Send(
                    key=f"old {n}", message="hello", purpose="marketing", channel="email",
                    campaign="new", priority=8, state="sent", asked_at=tx.now, due=tx.now,
                    handed_at=tx.now,
                )
            )  # fmt: skip
    shop.sends(campaign="new")
    assert shop.word() == "waiting:ramp"
    assert shop.send().due == shop.house.clock.now() + timedelta(hours=1)
    shop.waits(hours=1)
    assert shop.word() == "sent"


def test_ss2_a_backlog_is_not_sent(shop: Writing) -> None:
    shop.sends(due=shop.house.clock.now() - timedelta(hours=25))
    assert shop.word() == "refused:backlog"


@pytest.mark.parametrize(("skip", "word"), [(False, "sent"), (True, "cancelled:skipped")])
def test_ss3_stopping_holds_everything_until_somebody_says_go(
    shop: Writing, word: str, *, skip: bool
) -> None:
    """SS-3: and asks what to do with what piled up."""
    with shop.work() as tx:
        brakes.stop_all(tx)
    shop.sends()
    assert shop.word() == "waiting:stopped"
    shop.waits(hours=3)
    assert shop.post.sent == []
    with shop.work() as tx:
        assert brakes.resume_all(tx, skip=skip) == 1
    shop.settles()
    assert shop.word() == word


def test_ss3_one_automation_is_paused_and_the_others_go_on(shop: Writing) -> None:
    ben = shop.person("ben", country="US")
    shop.waits(hours=8)
    with shop.work() as tx:
        brakes.pause_campaign(tx, "carts")
    shop.sends("k1", campaign="carts")
    shop.sends("k2", campaign="news", person=ben)
    assert shop.word("k1") == "waiting:paused"
    assert shop.word("k2") == "sent"
    with shop.work() as tx:
        assert brakes.resume_campaign(tx, "carts", skip=False) == 1
    shop.settles()
    assert shop.word("k1") == "sent"


def test_whoever_asked_hears_how_it_ended(shop: Writing) -> None:
    ended: list[flows.Ended] = []
    decisions = shop.perennial.worker.keeper.agenda.decisions
    handler = decisions["messages.ended"]
    decisions["messages.ended"] = type(handler)(flows.Ended, lambda job, _: ended.append(job))
    try:
        shop.sends("good")
        shop.sends("bad", person=shop.person("ben"))
        shop.asks("off", due=shop.house.clock.now() + DAY)
        with shop.work() as tx:
            assert flows.cancel(tx, key="off", reason="bought") == 1
        shop.settles()
    finally:
        decisions["messages.ended"] = handler
    told = [(job.asked, job.state, job.reason) for job in ended]
    assert told == [
        ("good", "sent", ""), ("bad", "refused", "no_consent"), ("off", "cancelled", "bought"),
    ]  # fmt: skip


def test_nobody_of_the_shops_own_and_nobody_forgotten_is_written_to(shop: Writing) -> None:
    now = shop.house.clock.now().isoformat()
    staff = customer("boss", updated=now, isStaff=True)
    shop.hears("CUSTOMER_CREATED", event("CUSTOMER_CREATED", issued=now, user=staff))
    shop.agrees("boss")
    boss = shop.people()["boss@example.com"].id
    shop.sends("staff", person=boss)
    assert shop.word("staff") == "refused:nobody"
    gone = event("CUSTOMER_DELETED", issued=now, user={"id": gid("User", "ana"), "email": ""})
    shop.asks("late", due=shop.house.clock.now() + timedelta(hours=1))
    shop.hears("CUSTOMER_DELETED", gone)
    shop.waits(hours=2)
    assert shop.post.sent == []


def test_two_shops_are_two_worlds(house: House, postbox: Postbox, shop: Writing) -> None:
    with Writing(house, postbox, domain="other.example") as other:
        other.asks("k1")
        assert shop.all(Send) == []
        assert len(other.all(Send)) == 1
        shop.sends("k1")
        assert other.send("k1").state == "waiting"
        with shop.look() as tx:
            assert queries.send(tx, "k1") is not None
        assert other.all(Suppression) == []


def test_a_request_is_a_plain_value() -> None:
    assert Request(key="k", message="m", person=1) == Request(key="k", message="m", person=1)


# -- what is left of the codes


def test_co5_a_list_is_brought_along_with_basis_source_and_date_or_as_nothing(
    shop: Writing,
) -> None:
    """CO-5."""
    ben, cleo = shop.person("ben"), shop.person("cleo")
    then = shop.house.clock.now() - 40 * DAY
    with shop.work() as tx:
        came = bringing.bring_along(
            tx,
            [
                bringing.Row("ben@example.com", "consent", "old shop, form 3", then),
                bringing.Row("cleo@example.com", "consent", "", then),
                bringing.Row("ana@example.com", "consent", "old shop", then),
            ],
        )
    assert came == bringing.Brought(agreed=2, bare=1)
    shop.agrees("ana", said=Said.WITHDRAWN)
    assert shop.sends("k1", person=ben).state == "sent"
    shop.sends("k2", person=cleo)
    assert shop.word("k2") == "refused:no_consent"
    shop.sends("k3")
    assert shop.word("k3") == "refused:withdrawn"


def test_bs4_service_mail_comes_from_another_sub_domain(shop: Writing) -> None:
    """BS-4."""
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.service_sender = "Shop <orders@service.shop.example>"
    shop.sends("news")
    shop.sends("note", message="receipt", purpose="service")
    domains = [mail.parsed["From"].addresses[0].domain for mail in shop.post.sent]
    assert domains == ["news.shop.example", "service.shop.example"]
    assert shop.post.sent[1].parsed["Message-ID"].endswith("@service.shop.example>")


def test_sm4_another_channel_only_where_she_agreed_to_it(shop: Writing) -> None:
    """SM-4: asked for without a channel, it is the one that may be used; none where none may."""
    pola = shop.person("pola", country="PL")
    with shop.work() as tx:
        url = shop.house.secrets.seal("mailbox:")
        tx.add(Outlet(channel="sms", url=url, since=tx.now))
    link = {"link": "https://shop.example/"}
    shop.sends("k1", person=pola, context=link)
    assert shop.word("k1") == "refused:no_consent"
    shop.agrees("pola", channel="sms", address="+48512345678", person=pola)
    shop.sends("k2", person=pola, context=link)
    assert (shop.word("k2"), shop.send("k2").channel) == ("sent", "sms")
    shop.agrees("pola")
    shop.waits(days=2)
    shop.sends("k3", person=pola, context=link)
    assert shop.send("k3").channel == "email"


def test_sm4_whatsapp_takes_free_words_for_a_day_and_else_an_approved_template(
    shop: Writing,
) -> None:
    """SM-4: the day begins with each message of hers; without it only a template goes out."""
    free = library.Note(text="Hello {{ link }}")
    for key, note in (("free", free), ("approved", free.model_copy(update={"template": "hi_1"}))):
        draft = library.Draft(key=key, name=key, variants={"whatsapp": {"en": note}})
        with shop.work() as tx:
            library.save(tx, draft)
    with shop.work() as tx:
        seal = shop.house.secrets.seal
        tx.add(Outlet(channel="whatsapp", url=seal("mailbox:"), secret=seal("s"), since=tx.now))
    shop.agrees("ana", channel="whatsapp", address="+4915123456789", person=shop.ana)
    asked = {"channel": "whatsapp", "context": {"link": "https://shop.example/"}}
    shop.sends("k1", message="free", **asked)
    assert shop.word("k1") == "refused:window_closed"
    assert shop.sends("k2", message="approved", **asked).state == "sent"
    shop.waits(days=2)
    with shop.work() as tx:
        windows.heard(tx, "+49 1512 3456789", channel="whatsapp")
    assert shop.sends("k3", message="free", **asked).state == "sent"
    with shop.work() as tx:
        erasing.forget(tx, [shop.ana], [], at=tx.now)
    assert shop.all(LastWord) == []
