"""The rules of sending by themselves: caps, hours, law, reputation, without a shop."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules import greeted_as
from app.messages import calendar, caps, hours, law, links, merge, rendering, reputation, rules
from app.messages.apprise import numbers
from app.messages.apprise.carrier import Apprise
from app.messages.blocks import Block, Draft, Letter, Note, safe_link
from app.messages.caps import Cap, Life, Past
from app.messages.carriers import Parcel
from app.messages.hours import MAIL, PHONE
from app.messages.law import Basis, Said, Stance
from app.messages.rendering import Frame, Rendered, Sender
from app.messages.reputation import Kind, Mood, Standing
from app.messages.rules import Facts, Verdict, Word

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WARSAW, SAO_PAULO = ZoneInfo("Europe/Warsaw"), ZoneInfo("America/Sao_Paulo")


def no_holiday(_: date) -> bool:
    return False


# -- FC


def past(channel: str, *hours_ago: float) -> list[Past]:
    return [Past(channel, MONDAY - h * HOUR) for h in hours_ago]


@pytest.mark.parametrize(
    ("before", "channel", "wait"),
    [
        ([], "email", None),
        (past("email", 15), "email", 1),
        (past("email", 16), "email", None),
        (past("email", 20, 40, 60, 167), "email", 1),
        (past("email", 20, 40, 60, 169), "email", None),
        (past("sms", 23), "whatsapp", 1),
        (past("sms", 30) + past("whatsapp", 60), "sms", 7 * 24 - 60),
        (past("sms", 170, 250, 350, 450, 550, 719), "sms", 1),
        (past("push", 23), "push", 1),
        (past("email", 20, 40) + past("sms", 60, 90) + past("push", 100), "email", 7 * 24 - 100),
    ],
)
def test_fc1_caps_over_all_channels(before: Sequence[Past], channel: str, wait: int | None) -> None:
    """FC-1: e-mail 1 in 16 h and 4 in 7 days; phones 1, 2 and 6 in 1, 7 and 30; 5 a week in all."""
    free = caps.free_from(before, channel, caps=caps.USUAL, now=MONDAY, fewer=False)
    assert free == (None if wait is None else MONDAY + wait * HOUR)


@given(
    st.lists(st.tuples(st.sampled_from(caps.EVERY), st.integers(0, 40 * 24)), max_size=60),
    st.sampled_from(caps.EVERY),
)
def test_fc1_whoever_waits_until_told_breaks_no_cap(
    told: list[tuple[str, int]], channel: str
) -> None:
    before = [Past(one, MONDAY - ago * HOUR) for one, ago in told]
    at = caps.free_from(before, channel, caps=caps.USUAL, now=MONDAY, fewer=False) or MONDAY
    for cap in caps.USUAL:
        if channel in cap.channels:
            within = [p for p in before if p.channel in cap.channels and p.at > at - cap.window]
            assert len(within) < cap.most


def test_fc5_nothing_is_no_limit() -> None:
    """FC-5: 0 or empty is no cap, and blocks nobody."""
    for most in (0, -1):
        none = [Cap(("email",), most, 24)]
        before = past("email", *range(20))
        assert caps.free_from(before, "email", caps=none, now=MONDAY, fewer=True) is None


@pytest.mark.parametrize(
    ("first", "sign", "tired", "gone"),
    [(None, None, False, False), (10, None, False, False), (91, None, True, False),
     (200, 89, False, False), (200, 91, True, False), (181, None, True, True),
     (400, 181, True, True), (400, 1, False, False)],
)  # fmt: skip
def test_fc6_silence_is_measured_from_the_last_sign_of_life(
    first: int | None, sign: int | None, *, tired: bool, gone: bool
) -> None:
    """FC-6: 90 days without click or order: half as often; 180: nothing but the sunset."""
    life = Life(
        None if first is None else MONDAY - first * DAY,
        None if sign is None else MONDAY - sign * DAY,
    )
    assert caps.tired(life, now=MONDAY) is tired
    assert caps.gone(life, now=MONDAY) is gone


def test_fc6_weekly_caps_halve() -> None:
    before = past("email", 20, 40)
    assert caps.free_from(before, "email", caps=caps.USUAL, now=MONDAY, fewer=False) is None
    free = caps.free_from(before, "email", caps=caps.USUAL, now=MONDAY, fewer=True)
    assert free == MONDAY + (7 * 24 - 40) * HOUR


# -- QH


def at(text: str, zone: ZoneInfo = WARSAW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("now", "hours_", "then"),
    [
        ("2026-03-02T06:59", MAIL, "2026-03-02T07:00"),
        ("2026-03-02T07:00", MAIL, "2026-03-02T07:00"),
        ("2026-03-02T21:59", MAIL, "2026-03-02T21:59"),
        ("2026-03-02T22:00", MAIL, "2026-03-03T07:00"),
        ("2026-03-08T12:00", MAIL, "2026-03-08T12:00"),
        ("2026-03-08T12:00", PHONE, "2026-03-09T09:00"),
        ("2026-03-07T20:00", PHONE, "2026-03-09T09:00"),
        ("2026-11-10T20:30", PHONE, "2026-11-12T09:00"),
    ],
    ids=str,
)
def test_qh2_hours_by_channel(now: str, hours_: hours.Hours, then: str) -> None:
    """QH-2: mail 07–22; phones 09–20, not on Sundays, not on Poland's 11 November."""
    moved = hours.allowed_from(at(now), hours_, [WARSAW], holiday=calendar.holiday("PL"))
    assert moved == at(then)


@pytest.mark.parametrize(
    ("country", "day"),
    [("PL", date(2026, 11, 11)), ("BR", date(2026, 9, 7)), ("PT", date(2026, 6, 10)),
     ("US", date(2026, 7, 4)), ("FR", date(2026, 7, 14))],
)  # fmt: skip
def test_qh2_public_holidays_are_known(country: str, day: date) -> None:
    assert calendar.holiday(country)(day)
    assert not calendar.holiday("XX")(day)


def test_qh1_the_persons_word_goes_before_her_country() -> None:
    """QH-1: stated, region, country, the shop's own; never from opens."""
    assert calendar.zones("PL", stated="Asia/Tokyo", fallback="UTC") == (ZoneInfo("Asia/Tokyo"),)
    assert calendar.zones("PL", stated="Nowhere/At", fallback="UTC") == (WARSAW,)
    assert calendar.zones("BR", region="AM", fallback="UTC") == (ZoneInfo("America/Manaus"),)
    assert calendar.zones("", fallback="Europe/Lisbon") == (ZoneInfo("Europe/Lisbon"),)
    assert calendar.zones("", fallback="no such zone") == (ZoneInfo("UTC"),)


def test_qh1_a_wide_country_is_quiet_while_any_of_it_is() -> None:
    zones = calendar.zones("US", fallback="UTC")
    moved = hours.allowed_from(
        at("2026-03-02T07:00", ZoneInfo("America/New_York")), MAIL, zones, holiday=no_holiday
    )
    assert moved == at("2026-03-02T07:00", ZoneInfo("America/Los_Angeles"))


@pytest.mark.parametrize(
    ("day", "wall", "utc"),
    [
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30:00+00:00"),  # does not exist: 03:30
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30:00+00:00"),  # twice: the first
        (date(2026, 3, 28), time(7), "2026-03-28T06:00:00+00:00"),
        (date(2026, 3, 29), time(7), "2026-03-29T05:00:00+00:00"),
    ],
)
def test_qh4_wall_times_across_a_change_of_clocks(day: date, wall: time, utc: str) -> None:
    """QH-4: a time that is not moves forward, of two the first; days are those of the person."""
    assert hours.moment(day, wall, WARSAW) == datetime.fromisoformat(utc)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
    st.sampled_from(["PL", "BR", "US", "PT", "DE", "AU", ""]),
    st.sampled_from([MAIL, PHONE]),
)
def test_qh2_what_was_moved_is_allowed_in_every_zone(
    moment: datetime, country: str, hours_: hours.Hours
) -> None:
    zones = calendar.zones(country, fallback="UTC")
    then = hours.allowed_from(
        moment.replace(tzinfo=UTC), hours_, zones, holiday=calendar.holiday(country)
    )
    assert then >= moment.replace(tzinfo=UTC)
    for zone in zones:
        here = then.astimezone(zone)
        assert hours_.opens <= here.time() < hours_.closes
        assert hours_.sundays or here.weekday() != 6
        assert hours_.holidays or not calendar.holiday(country)(here.date())


def test_qh3_the_jitter_is_under_half_an_hour_and_the_same_again() -> None:
    spans = [hours.jitter(n) for n in range(200)]
    assert spans == [hours.jitter(n) for n in range(200)]
    assert timedelta() <= min(spans) < max(spans) < timedelta(minutes=30)
    assert len(set(spans)) > 190


# -- CO

SILENT = Stance(Said.NOTHING)


@pytest.mark.parametrize(
    ("country", "bought", "soft", "allowed"),
    [("PL", True, ("PL",), False), ("DE", True, (), False), ("DE", True, ("DE",), True),
     ("DE", False, ("DE",), False), ("BR", False, (), True), ("GB", True, (), True),
     ("GB", False, (), False), ("US", False, (), True), ("JP", True, (), False),
     ("", True, (), False)],
)  # fmt: skip
def test_co2_what_silence_means_depends_on_the_country(
    country: str, soft: tuple[str, ...], *, bought: bool, allowed: bool
) -> None:
    """CO-2: the table of legal grounds; PL knows no soft opt-in, whatever the owner ticks."""
    on = law.basis("email", "marketing", country, own={}, soft=soft)
    stance = Stance(Said.NOTHING, country, bought=bought)
    assert law.ground(stance, on).allowed is allowed


@pytest.mark.parametrize("country", ["PL", "BR", "US", "GB", "DE"])
@pytest.mark.parametrize("channel", ["sms", "whatsapp", "push"])
def test_co2_a_phone_needs_a_word_everywhere(country: str, channel: str) -> None:
    """SM-1: consent to e-mail is no consent to anything else."""
    on = law.basis(channel, "marketing", country, own={"BR": "legitimate_interest"})
    assert on is Basis.CONSENT
    assert law.ground(Stance(Said.NOTHING, country, bought=True), on).word == Word.NO_CONSENT


def test_co2_the_owner_may_ask_for_more_but_not_for_less_in_poland() -> None:
    assert law.basis("email", "marketing", "BR", own={"BR": "consent"}) is Basis.CONSENT
    assert law.basis("email", "marketing", "PL", own={"PL": "opt_out"}) is Basis.CONSENT


@pytest.mark.parametrize("on", list(Basis))
def test_co2_a_no_is_a_no_on_every_ground_but_a_contract(on: Basis) -> None:
    told = law.ground(Stance(Said.WITHDRAWN, "US", bought=True), on)
    assert told.allowed is (on is Basis.CONTRACT)
    angry = law.ground(Stance(Said.GRANTED, "US", bought=True, complained=True), on)
    assert angry.allowed is (on is Basis.CONTRACT)


def test_co1_purposes_are_apart() -> None:
    """CO-1: profiling and audiences ask for a word of their own, even where mail does not."""
    assert law.basis("email", "personalisation", "US", own={}) is Basis.CONSENT
    assert law.basis("email", "audiences", "BR", own={}) is Basis.CONSENT
    assert law.basis("email", "feedback", "US", own={}) is Basis.OPT_OUT


def test_co4_a_word_that_waits_for_its_click_is_none() -> None:
    assert law.ground(Stance(Said.PENDING, "DE"), Basis.CONSENT).word == Word.UNCONFIRMED


# -- BO and BS


@pytest.mark.parametrize(
    ("status", "kind"),
    [("5.1.1", Kind.HARD), ("5.1.10", Kind.HARD), ("5.2.1", Kind.HARD), ("5.2.2", Kind.SOFT),
     ("4.2.2", Kind.SOFT), ("5.7.1", Kind.SOFT), ("4.4.7", Kind.SOFT), ("2.0.0", Kind.DELIVERED)],
)  # fmt: skip
def test_bo1_only_a_dead_address_is_a_hard_bounce(status: str, kind: Kind) -> None:
    assert reputation.kind_of(status) is kind


@pytest.mark.parametrize(
    ("delivered", "complaints", "mood"),
    [(199, 5, Mood.GOOD), (1000, 0, Mood.GOOD), (1000, 1, Mood.WARNING), (1000, 2, Mood.CAREFUL),
     (1000, 3, Mood.PAUSED), (10_000, 9, Mood.GOOD)],
)  # fmt: skip
def test_bs2_what_a_complaint_rate_means(delivered: int, complaints: int, mood: Mood) -> None:
    """BS-2: 0.10 % warns, 0.20 % spares the tired, 0.30 % stops; under 200 delivered: nothing."""
    assert reputation.mood(Standing(delivered, complaints)) is mood


@pytest.mark.parametrize(
    ("day", "most"), [(0, 200), (1, 200), (2, 400), (4, 800), (10, 6400), (90, 200 * 2**20)]
)
def test_bs3_a_new_domain_doubles_every_two_days(day: int, most: int) -> None:
    now = MONDAY + day * DAY
    assert reputation.warm_up(MONDAY, now=now, standing=Standing(1000)) == most
    assert reputation.warm_up(MONDAY, now=now, standing=Standing(1000, bounced=30)) == 200
    assert reputation.warm_up(MONDAY, now=now, standing=Standing(1000, complaints=1)) == 200


@pytest.mark.parametrize(("bounced", "bad"), [(2, False), (3, True)])
def test_bo5_three_dead_of_a_hundred_are_a_bad_batch(bounced: int, *, bad: bool) -> None:
    assert reputation.bad_batch(Standing(100, bounced=bounced)) is bad
    assert not reputation.bad_batch(Standing(99, bounced=50))


@pytest.mark.parametrize(("hours_", "most"), [(0, 50), (0.9, 50), (1, 500), (2.5, 5000)])
def test_ss2_an_automation_begins_slowly(hours_: float, most: int) -> None:
    """SS-2: at most 50 in the first hour, ten times as many in each one after."""
    assert reputation.ramp(MONDAY, now=MONDAY + hours_ * HOUR) == most


# -- the gate


def facts(**other: object) -> Facts:
    return Facts(**({"service": False, "channel": "email"} | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({}, ""),
        ({"nobody": True}, "nobody"),
        ({"address": False}, "no_address"),
        ({"permission": Word.NO_CONSENT}, "no_consent"),
        ({"suppressed": True}, "suppressed"),
        ({"topic_off": True}, "topic_off"),
        ({"sunset": True}, "sunset"),
        ({"backlog": True}, "backlog"),
        ({"not_after": MONDAY - HOUR}, "too_late"),
    ],
)
def test_each_refusal_has_its_word(told: dict[str, object], word: str) -> None:
    assert rules.judge(facts(**told), now=MONDAY) == Verdict(word)


@pytest.mark.parametrize(
    "told",
    [{"permission": Word.NO_CONSENT}, {"suppressed": True}, {"capped_until": MONDAY + DAY},
     {"topic_off": True}, {"sunset": True}, {"domain": Word.DOMAIN}, {"outranked": True},
     {"allowed_from": lambda moment: moment + HOUR}, {"paused_until": MONDAY + DAY}],
)  # fmt: skip
def test_fc2_what_has_to_be_told_is_told(told: dict[str, object]) -> None:
    """FC-2: service messages are stopped by no cap, no quiet hour and no missing consent."""
    assert rules.judge(facts(**told), now=MONDAY) != Verdict()
    assert rules.judge(facts(**told, service=True), now=MONDAY) == Verdict()
    assert rules.judge(facts(stopped=True, service=True), now=MONDAY).word == Word.STOPPED


def test_fc3_what_is_capped_waits_and_is_dropped_only_when_it_would_be_too_late() -> None:
    waits = rules.judge(facts(capped_until=MONDAY + HOUR, not_after=MONDAY + DAY), now=MONDAY)
    assert waits == Verdict(Word.CAPPED, MONDAY + HOUR)
    late = rules.judge(facts(capped_until=MONDAY + 2 * DAY, not_after=MONDAY + DAY), now=MONDAY)
    assert late == Verdict(Word.CAPPED)


def test_qh3_what_falls_into_the_night_waits_for_the_morning() -> None:
    morning = MONDAY + 5 * HOUR
    told = facts(allowed_from=lambda _: morning)
    assert rules.judge(told, now=MONDAY) == Verdict(Word.QUIET, morning)


def test_of_several_delays_the_longest_is_told() -> None:
    told = facts(capped_until=MONDAY + HOUR, paused_until=MONDAY + DAY, outranked=True)
    assert rules.judge(told, now=MONDAY) == Verdict(Word.PAUSED_BY_PERSON, MONDAY + DAY)


# -- words


@pytest.mark.parametrize(
    "text",
    ["{{ first_name.__class__ }}", "{% for x in y %}{% endfor %}", "{{ ''.join }}", "{{ f() }}",
     "{{ first_name|attr('x') }}", "{{ 1/0 }}", "{{ [1] }}", "{% set a = 1 %}", "{{ a if b }}",
     "{% include 'x' %}", "{{ a|map('x') }}", "{{ unclosed"],
)  # fmt: skip
def test_merge_fields_are_names_and_nothing_else(text: str) -> None:
    """The sandbox: no statement, no attribute, no call, no filter that is not on the list."""
    with pytest.raises(ValueError, match=r".+"):
        merge.names(text)
    with pytest.raises(ValueError, match=r".+"):
        Block(kind="text", text=text)


def test_ss4_an_empty_field_needs_a_fallback() -> None:
    told = {"first_name": "", "shop_name": "Tea <& Co"}
    assert merge.fill("Hi {{ first_name|fallback('you') }}", told) == "Hi you"
    assert merge.fill("{{ gone|fallback('x') }}", told) == "x"
    assert merge.fill("{{ shop_name }}", told, html=True) == "Tea &lt;&amp; Co"
    for words in ("Hi {{ first_name }}", "Hi {{ nothing_like_it }}"):
        with pytest.raises(merge.MissingFieldError):
            merge.fill(words, told)


def test_what_is_filled_in_makes_no_link_and_nothing_bold() -> None:
    """Only the merchant's own words do; an address of ours leads where it led before."""
    told = {
        "first_name": "**Win** [now](https://evil.example)",
        "link": "https://shop.example/*?a=[1]",
    }
    words = "Hi **{{ first_name }}**, [look]({{ link }})"
    frame = Frame(sender=Sender("Tea"), language="en", link=lambda url: url)
    html = str(rendering._html(merge.fill(words, told, html=True), frame))
    assert html.count("<a ") == html.count("<strong>") == 1
    assert 'href="https://shop.example/*?a=[1]"' in html


@pytest.mark.parametrize(
    ("name", "said"),
    [("Ana", "Ana"), (" Ana  Maria ", "Ana Maria"), ("O'Neill-Łoś", "O'Neill-Łoś"),
     ("J.R.", "J.R."), ("St. John", "St. John"), ("Müller, Dr.", "Müller, Dr."),
     ("You won: evil.example", ""), ("https://evil", ""), ("WWW evil", ""), ("ana@example.com", ""),
     ("[Click](x)", ""), ("<b>Ana</b>", ""), ("{{ code }}", ""), ("Ana\r\nBcc: x", ""),
     ("A" * 41, "")],
)  # fmt: skip
def test_a_name_is_only_said_where_it_is_one(name: str, said: str) -> None:
    """Who fills in a checkout may type somebody else's address, and words for her to read."""
    assert greeted_as(name) == said


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a@evil.example/",
     "ftp://x.example", "/relative", ""],
)  # fmt: skip
def test_links_lead_only_to_the_web(address: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        safe_link(address)


def test_fc2_a_service_message_may_hold_no_offer() -> None:
    letter = Letter(subject="x", blocks=(Block(kind="code"),))
    assert Draft(key="a", name="a", variants={"email": {"en": letter}}).offers
    with pytest.raises(ValueError, match="FC-2"):
        Draft(key="a", name="a", purpose="service", variants={"email": {"en": letter}})


def test_a_missing_translation_is_reported_and_another_language_stands_in() -> None:
    letter = Letter(subject="x", blocks=(Block(kind="text", text="x"),))
    draft = Draft(
        key="a", name="a",
        variants={"email": {"en": letter, "pt_BR": letter}, "sms": {"pl": Note(text="x")}},
    )  # fmt: skip
    assert draft.missing() == [("email", "pl"), ("sms", "en"), ("sms", "pt_BR")]
    told = [draft.variant("email", (wish,)) for wish in ("pt_BR", "pt", "pt_PT", "pl", "")]
    assert [found[0] for found in told if found] == ["pt_BR", "pt_BR", "pt_BR", "en", "en"]
    assert draft.variant("sms", ("en",)) == ("pl", Note(text="x"))
    assert draft.variant("push", ("en",)) is None


def test_at1_links_are_marked_and_what_is_marked_stays() -> None:
    """AT-1: lower case, existing marks kept, nothing else changed."""
    marked = links.marked(
        "https://shop.example/p?size=L&utm_source=Blog#top", medium="email", campaign="Cart",
        content="2-a",
    )  # fmt: skip
    assert marked == (
        "https://shop.example/p?size=L&utm_source=Blog"
        "&utm_medium=email&utm_campaign=cart&utm_content=2-a#top"
    )


# -- numbers


@pytest.mark.parametrize(
    ("told", "kept"),
    [("+48 512 345 678", "+48512345678"), ("+55 (11) 96123-4567", "+5511961234567")],
)
def test_sm3_numbers_are_kept_as_networks_know_them(told: str, kept: str) -> None:
    assert numbers.e164(told) == kept
    assert numbers.e164(kept) == kept


@pytest.mark.parametrize("told", ["512345678", "+48 22 826 00 00", "+48 1", "hello", ""])
def test_sm3_landlines_and_nonsense_are_refused(told: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        numbers.e164(told)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a" * 160, 1), ("a" * 161, 2), ("ą" * 70, 1), ("ą" + "a" * 70, 2), ("€" * 80, 1),
     ("€" * 81, 2), ("ç" * 71, 2), ("😀" * 35, 1), ("😀" * 36, 2), ("", 1)],
)  # fmt: skip
def test_sm2_polish_and_portuguese_letters_make_texts_shorter(text: str, parts: int) -> None:
    assert numbers.parts(text) == parts


@pytest.mark.parametrize(
    ("template", "begins"), [("cart_1", "whatsapp://cart_1:t0k3n@"), ("", "whatsapp://t0k3n@")]
)
def test_sm4_an_approved_template_has_its_place_in_the_address(template: str, begins: str) -> None:
    url = "whatsapp://{template}:t0k3n@15551234567/{to}?lang={language}"
    words = Rendered("pt_BR", text="hi", template=template)
    parcel = Parcel(
        send=1, recipient="+5511987654321", rendered=words, message_id="m", sender="Shop"
    )
    filled = Apprise(url).address_of(parcel)
    assert filled == f"{begins}15551234567/5511987654321?lang=pt_BR"
