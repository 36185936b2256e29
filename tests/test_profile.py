"""PR-4, RC-5: an objection to being profiled holds at once and for all that is reckoned."""

from collections.abc import Iterator

import pytest
from sqlmodel import col, select

from app.customers.tables import Merge, Person
from app.kit.clock import StillClock
from app.kit.house import House
from app.ltv.tables import CustomerScore
from app.messages import profiling
from app.messages.consent_tables import ConsentEntry
from tests.support.loyal import Loyal
from tests.support.makers import gid
from tests.support.market import Market
from tests.support.postbox import Postbox
from tests.support.recovering import Counter, Recovering
from tests.support.story import Shop
from tests.support.till import Till
from tests.support.valued import Valued
from tests.support.writing import Writing
from tests.test_journeys_incentives import enters, gives
from tests.test_messages_leaving import way_out
from tests.test_recommend_house_storefront import ANA, bearer, slugs


def says(shop: Shop, email: str, *, objects: bool = True) -> None:
    with shop.work() as tx:
        for person in tx.exec(select(Person).where(Person.email == email)):
            change = profiling.object_ if objects else profiling.take_back
            change(tx, person, source="staff")
    shop.settles()


@pytest.fixture
def market(house: House) -> Iterator[Market]:
    with Market(house, customers=6, orders=24) as market:
        market.sandbox.customer(ANA, "br").fills_cart({"earl-grey": 1}).pays()
        market.settles()
        yield market


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_rc5_who_objects_gets_what_everybody_gets(market: Market) -> None:
    """RC-5: her own token is good, and opens no list of her own; she is served all the same."""
    hers = bearer(market.shopper(ANA))
    assert slugs(market.asks(hers, slot="again")) == ["earl-grey"]
    says(market, ANA)
    assert slugs(market.asks(hers, slot="again")) == []
    answer = market.asks(hers)
    assert answer.json()["personal"] is False
    assert slugs(answer) == slugs(market.asks())
    says(market, ANA, objects=False)
    assert slugs(market.asks(hers, slot="again")) == ["earl-grey"]


def test_pr4_nothing_is_foretold_of_her_by_day_or_night(house: House) -> None:
    with Valued(house) as shop:
        shop.past(60)
        shop.reckons()
        (one, *_) = shop.all(CustomerScore)
        with shop.look() as tx:
            (person,) = tx.exec(select(Person).where(Person.id == one.person))
        email = person.email or ""

        def scored() -> bool:
            return one.person in {row.person for row in shop.all(CustomerScore)}

        says(shop, email)
        assert not scored()
        shop.night()
        assert not scored()
        assert len(shop.all(CustomerScore)) > 30
        says(shop, email, objects=False)
        shop.waits(minutes=5)
        assert scored()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_pr4_no_offer_is_made_of_what_she_did(house: House, clock: StillClock) -> None:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        gives(shop)
        person = shop.guest("cleo@example.com")
        says(shop, "cleo@example.com")
        assert enters(shop, person) == "excluded"
        assert shop.subjects() == ["plain"], "what she agreed to still comes"


def test_pr4_a_guest_who_objected_objects_as_an_account_too(house: House) -> None:
    """ID-3: the stricter of the two, whoever of them said so."""
    with Shop(house) as shop:
        with shop.work() as tx:
            account = Person(key="account:1", account="1", email="a@example.com")
            guest = Person(key="guest:b@example.com", email="b@example.com")
            tx.add(account)
            tx.add(guest)
            tx.flush()
        says(shop, "b@example.com")
        with shop.work() as tx:
            (row,) = tx.exec(select(Person).where(Person.id == guest.id))
            row.merged_into = account.id
            tx.add(Merge(source=guest.id or 0, target=account.id or 0, merged_at=tx.now))
            tx.flush()
            assert profiling.objects(tx, account)
        says(shop, "a@example.com", objects=False)
        assert {person.no_profile_at for person in shop.all(Person)} == {None}


def test_pr4_she_says_so_on_the_page_of_her_choices(house: House) -> None:
    """PR-1, PR-4: apart from what she gets, with its proof (CO-1), and she may take it back."""
    with Postbox() as postbox, Writing(house, postbox) as shop:
        shop.sends()
        path = way_out(shop.mail()).replace("/u/", "/preferences/")
        assert "You can object to that" in shop.http.get(path).text
        assert (
            "Nothing is made of what you bought" in shop.http.post(path, data={"do": "object"}).text
        )
        (ana,) = [person for person in shop.all(Person) if person.id == shop.ana]
        assert ana.no_profile_at
        told = [(e.purpose, e.state, e.source) for e in shop.all(ConsentEntry)]
        assert told[-1] == ("personalisation", "withdrawn", "preferences")
        shop.waits(days=2)
        assert shop.sends("k2").state == "sent", "her consent to news is another matter"
        shop.http.post(path, data={"do": "allow"})
        (ana,) = [person for person in shop.all(Person) if person.id == shop.ana]
        assert ana.no_profile_at is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_pr4_staff_write_it_down_for_her(house: House, clock: StillClock) -> None:
    with Loyal(house, Till(clock.now)) as shop:
        shop.buys("ana", 20)
        with shop.look() as tx:
            id_ = tx.exec(select(Person.id).where(col(Person.account) == gid("User", "ana"))).one()
        path = f"/app/customers/{id_}/profile"
        page = shop.http.post(path, data={"do": "object"}, headers=shop.staff(part="customer"))
        assert "objects to a profile" in page.text
        page = shop.http.post(path, data={"do": "allow"}, headers=shop.staff(part="customer"))
        assert "has the right to it" in page.text
