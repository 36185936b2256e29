"""What the filters let through. A filter that is null lets everything through."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from graphql import GraphQLError

from sandbox.api.ask import Args
from sandbox.catalogue import Channel

Fits = Callable[[Any], bool]


def within(asked: Any, get: Callable[[Any], Any]) -> Fits | None:
    """A range {gte, lte}, either end open."""
    if not asked:
        return None
    low, high = asked.get("gte"), asked.get("lte")
    if low is None and high is None:
        return None
    return lambda one: (low is None or get(one) >= low) and (high is None or get(one) <= high)


def one_of(asked: Any, get: Callable[[Any], Any]) -> Fits | None:
    if asked is None:
        return None
    wanted = frozenset(asked)
    return lambda one: get(one) in wanted


def equal(asked: Any, get: Callable[[Any], Any]) -> Fits | None:
    """{eq} or {oneOf} of the newer `where`."""
    if not asked:
        return None
    if asked.get("eq") is not None:
        return lambda one: get(one) == asked["eq"]
    return one_of(asked.get("oneOf"), get)


def holds(text: str | None, *gets: Callable[[Any], Any]) -> Fits | None:
    """A search: the text somewhere in one of the fields, whatever the case."""
    if not text:
        return None
    wanted = text.lower()
    return lambda one: any(wanted in str(get(one) or "").lower() for get in gets)


def every(*tests: Fits | None) -> Fits | None:
    wanted = [test for test in tests if test is not None]
    if not wanted:
        return None
    return lambda one: all(test(one) for test in wanted)


def anything(_one: Any) -> bool:
    return True


def refuse_unknown(asked: Any, known: str) -> None:
    """A filter the sandbox cannot play is an error, not a wrong answer."""
    for name, value in (asked or {}).items():
        if value is not None and name not in known.split():
            raise GraphQLError(f"The sandbox does not filter by {name}.")


def day(get: Callable[[Any], datetime]) -> Callable[[Any], date]:
    return lambda one: get(one).date()


def gift_card_fits(args: Args) -> Fits | None:
    asked = args.get("filter") or {}
    active, used, code = asked.get("isActive"), asked.get("used"), asked.get("code")
    return every(
        None if active is None else lambda one: one.is_active is active,
        None if used is None else lambda one: (one.used_by_email is not None) is used,
        one_of([code], lambda one: one.code) if code else None,
    )


def order_fits(args: Args) -> Fits | None:
    """Saleor's filter has day ends for `created` and moments for `updatedAt`."""
    asked, where = args.get("filter") or {}, args.get("where") or {}
    refuse_unknown(
        asked,
        "status customer created channels authorizeStatus chargeStatus updatedAt ids numbers "
        "checkoutIds search",
    )
    known = "ids channelId createdAt updatedAt user userEmail status checkoutId voucherCode"
    refuse_unknown(where, known)
    slug = args.get("channel")
    return every(
        (lambda one: one.channel.slug == slug) if slug else None,
        within(asked.get("updatedAt"), lambda one: one.updated_at),
        within(asked.get("created"), day(lambda one: one.created)),
        one_of(asked.get("status"), lambda one: one.status),
        one_of(asked.get("chargeStatus"), lambda one: one.charge_status),
        one_of(asked.get("authorizeStatus"), lambda one: one.authorize_status),
        one_of(asked.get("channels"), lambda one: one.channel.id),
        one_of(asked.get("ids"), lambda one: one.id),
        one_of(asked.get("numbers"), lambda one: one.number),
        one_of(asked.get("checkoutIds"), lambda one: one.checkout_id),
        holds(asked.get("customer"), lambda one: one.user_email),
        holds(
            asked.get("search") or args.get("search"),
            lambda one: one.user_email,
            lambda one: one.number,
        ),
        order_where(where),
    )


def order_where(where: Any) -> Fits | None:
    return every(
        one_of(where.get("ids"), lambda one: one.id),
        equal(where.get("channelId"), lambda one: one.channel.id),
        within(where.get("createdAt"), lambda one: one.created),
        within(where.get("updatedAt"), lambda one: one.updated_at),
        equal(where.get("user"), lambda one: one.user and one.user.id),
        equal(where.get("userEmail"), lambda one: one.user_email),
        equal(where.get("status"), lambda one: one.status),
        equal(where.get("checkoutId"), lambda one: one.checkout_id),
        equal(where.get("voucherCode"), lambda one: one.voucher_code),
    )


def customer_fits(args: Args) -> Fits:
    asked, where = args.get("filter") or {}, args.get("where") or {}
    refuse_unknown(asked, "dateJoined search ids updatedAt numberOfOrders")
    refuse_unknown(where, "ids email isActive dateJoined updatedAt")
    active = where.get("isActive")
    texts = (lambda one: one.email, lambda one: one.name)
    return (
        every(
            within(asked.get("updatedAt"), lambda one: one.updated_at),
            within(asked.get("dateJoined"), day(lambda one: one.date_joined)),
            within(asked.get("numberOfOrders"), lambda one: len(one.order_ids)),
            one_of(asked.get("ids"), lambda one: one.id),
            holds(asked.get("search") or args.get("search"), *texts),
            one_of(where.get("ids"), lambda one: one.id),
            equal(where.get("email"), lambda one: one.email),
            (lambda one: one.is_active == active) if active is not None else None,
            within(where.get("dateJoined"), lambda one: one.date_joined),
            within(where.get("updatedAt"), lambda one: one.updated_at),
        )
        or anything
    )


def cart_fits(args: Args) -> Fits:
    """Days only, as Saleor's: an hour cannot be asked for."""
    asked = args.get("filter") or {}
    refuse_unknown(asked, "customer created search channels updatedAt")
    slug = args.get("channel")
    return (
        every(
            (lambda one: one.channel.slug == slug) if slug else None,
            within(asked.get("updatedAt"), day(lambda one: one.updated_at)),
            within(asked.get("created"), day(lambda one: one.created)),
            one_of(asked.get("channels"), lambda one: one.channel.id),
            holds(asked.get("customer") or asked.get("search"), lambda one: one.customer_email),
        )
        or anything
    )


def product_fits(args: Args, channel: Channel | None) -> Fits:
    asked, where = args.get("filter") or {}, args.get("where") or {}
    refuse_unknown(
        asked,
        "isPublished publishedFrom collections categories search updatedAt ids slugs isAvailable "
        "isVisibleInListing giftCard",
    )
    refuse_unknown(where, "ids isPublished updatedAt isAvailable")
    published = asked.get("isPublished", where.get("isPublished"))
    moments = where.get("updatedAt") or {}
    collections = asked.get("collections")
    return (
        every(
            within(asked.get("updatedAt"), lambda one: one.updated_at),
            within(moments.get("range"), lambda one: one.updated_at),
            one_of(asked.get("ids"), lambda one: one.id),
            one_of(where.get("ids"), lambda one: one.id),
            one_of(asked.get("slugs"), lambda one: one.slug),
            one_of(asked.get("categories"), lambda one: one.category and one.category.id),
            (lambda one: any(c.id in collections for c in one.collections))
            if collections
            else None,
            holds(asked.get("search") or args.get("search"), lambda one: one.name),
            (lambda one: on_sale(one, channel) == published) if published is not None else None,
            *(listed_as(channel, name, value) for name, value in asked.items()),
        )
        or anything
    )


def listed_as(channel: Channel | None, name: str, value: Any) -> Fits | None:
    """What a product's own listing in the channel says; the sandbox sells no gift cards."""
    if value is None:
        return None

    def listing(product: Any) -> Any:
        return product.listings.get(channel.slug) if channel else None

    tests: dict[str, Fits] = {
        "publishedFrom": lambda one: bool(
            (held := listing(one)) and held.published_at and held.published_at <= value
        ),
        "isAvailable": lambda one: bool(
            (held := listing(one)) and held.is_available_for_purchase == value
        ),
        "isVisibleInListing": lambda one: bool(
            (held := listing(one)) and held.visible_in_listings == value
        ),
        "giftCard": lambda _one: not value,
    }
    return tests.get(name)


def on_sale(product: Any, channel: Channel | None) -> bool:
    if channel is not None:
        return bool(product.on_sale_in(channel))
    return any(one.is_published for one in product.listings.values())


def voucher_fits(args: Args) -> Fits:
    asked = args.get("filter") or {}
    refuse_unknown(asked, "search ids")
    slug = args.get("channel")
    return (
        every(
            one_of(asked.get("ids"), lambda one: one.id),
            holds(
                asked.get("search") or args.get("query"),
                lambda one: one.name,
                lambda one: " ".join(one.codes),
            ),
            (lambda one: slug in one.listings) if slug else None,
        )
        or anything
    )
