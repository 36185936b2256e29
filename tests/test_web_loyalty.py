"""Settings for tiers and offers, and the widget beside a customer."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.loyalty.guards import Word
from app.loyalty.view import Problem, Saved, SettingsForm, Sight, Standing
from tests.support.html import LANGUAGES, markup, seen
from tests.support.views import (
    NOW,
    PREVIEW,
    PROPOSALS,
    person,
    pln,
    rung,
    settings,
    widget,
)

PAGE = "loyalty/settings.html"
WIDGET = "loyalty/widget.html"


def read(form: SettingsForm, locale: str = "en") -> str:
    return seen(PAGE, locale=locale, form=form).replace("\u00a0", " ")


def beside(sight: Sight = Sight.READY, *, locale: str = "en", **facts: object) -> str:
    text = seen(WIDGET, part=None, locale=locale, widget=widget(sight, **facts))
    return text.replace("\u00a0", " ").replace("\u202f", " ")


WRONG = settings(
    rungs=(
        rung("Member", threshold=Decimal(0)),
        rung(
            "Silver",
            threshold="a lot",
            percent="120",
            problems={
                "name": Problem.TAKEN,
                "threshold": Problem.NOT_A_NUMBER,
                "percent": Problem.PERCENT,
            },
        ),
    ),
    months="0",
    zone="Mars/Crater",
    rates={"EUR": "x"},
    problems={
        "months": Problem.MONTHS,
        "zone": Problem.UNKNOWN,
        "excluded": Problem.EXCLUSION,
        "rate_EUR": Problem.NOT_A_NUMBER,
    },
    stopped_at=NOW - timedelta(hours=3),
)


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize(
    "form",
    [
        settings(),
        WRONG,
        settings(preview=PREVIEW),
        settings(saved=Saved(undo="7"), proposals=PROPOSALS),
    ],
    ids=["normal", "wrong", "preview", "saved"],
)
def test_every_state_of_the_settings_can_be_read_in_every_language(
    form: SettingsForm, locale: str
) -> None:
    assert read(form, locale)
    assert (read(form, locale) == read(form)) is (locale == "en")


def test_the_ladder_shows_what_is_stored_as_the_language_writes_it() -> None:
    english, polish = markup(PAGE, form=settings()), markup(PAGE, form=settings(), locale="pl")
    assert 'value="4,000"' in english
    assert 'value="12.5"' in english
    assert 'value="4000"' in polish
    assert 'value="12,5"' in polish
    assert english.count('name="offer"') == 4
    assert english.count(" checked>") > 2


def test_the_first_rung_begins_at_zero_and_cannot_be_removed() -> None:
    html = markup(PAGE, form=settings())
    first, second = html.split('<li class="rung">')[1:3]
    assert "readonly" in first
    assert 'name="remove"' not in first
    assert 'name="remove" value="bronze"' in second


def test_what_was_typed_wrong_comes_back_as_it_was_with_the_reason_beside_it() -> None:
    html, text = markup(PAGE, form=WRONG), read(WRONG)
    assert "Nothing was saved." in text
    assert 'value="a lot"' in html
    assert "Please write a number, such as 250." in text
    assert "Between 1 and 100, please." in text
    assert "Another tier has this name." in text
    assert "A whole number of months from 1 to 60, please." in text
    assert html.count('aria-invalid="true"') == 7
    assert 'aria-describedby="months-wrong months-hint"' in html


def test_the_preview_tells_who_rises_and_that_nobody_drops_at_once() -> None:
    text = read(settings(preview=PREVIEW))
    assert "Bronze 402 421 +32 0" in text
    assert "Silver 141 154 +13 4" in text
    assert "Nobody drops at once" in text
    assert "take off PLN 18,420.00 at most" in text


def test_the_preview_is_a_part_of_its_own() -> None:
    html = markup(PAGE, part="preview", form=settings(preview=PREVIEW))
    assert html.lstrip().startswith('<section id="preview"')
    assert "A field can't be read yet." in seen(PAGE, part="preview", form=WRONG)


def test_a_change_can_be_taken_back_for_half_a_minute() -> None:
    html = markup(PAGE, form=settings(saved=Saved(undo="7")))
    assert 'data-expires="30"' in html
    assert '<input type="hidden" name="undo" value="7">' in html
    taken_back = settings(saved=Saved(undo=None))
    assert "Undone. Everything is as it was before." in read(taken_back)
    assert 'name="undo"' not in markup(PAGE, form=taken_back)


def test_stopping_everything_takes_a_look_and_a_second_press() -> None:
    html = markup(PAGE, form=settings())
    before, _, after = html.partition('<button name="do" value="stop"')
    assert before.rpartition("<details")[2].count("</details>") == 0
    assert after
    stopped = settings(stopped_at=NOW - timedelta(hours=3))
    assert "All offers were stopped 3 hours ago." in read(stopped)
    assert 'value="resume"' in markup(PAGE, form=stopped)


def test_whoever_may_not_change_can_look() -> None:
    html = markup(PAGE, form=settings(may_change=False))
    assert "that needs the permission to manage apps" in read(settings(may_change=False))
    assert '<fieldset class="bare" disabled>' in html
    assert 'value="save"' not in html
    assert 'value="stop"' not in html


def test_enter_in_a_field_tries_out_and_saves_nothing() -> None:
    form = markup(PAGE, form=settings()).partition('class="sheet"')[2]
    assert form.partition("<button ")[2].startswith('name="do" value="preview"')


def test_thresholds_of_the_shops_own_are_proposed() -> None:
    text = read(settings(proposals=PROPOSALS))
    assert "Silver from PLN 1,500.00 (reached by 7.1%)" in text
    assert 'value="propose"' in markup(PAGE, form=settings(proposals=PROPOSALS))


def test_channels_are_asked_for_only_where_there_are_several() -> None:
    assert 'name="channels-silver" value="eu-web"' in markup(PAGE, form=settings())
    assert "channels-" not in markup(PAGE, form=settings(channels=("only",)))
    narrow = settings(rungs=(rung("Member"), rung("Silver", channels=("eu-web",))))
    assert "Only in eu-web" in read(narrow)


# ---- The widget


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("sight", Sight)
def test_every_sight_has_its_words_in_every_language(sight: Sight, locale: str) -> None:
    text = beside(sight, locale=locale)
    assert len(text) > 20
    assert (text == beside(sight)) is (locale == "en")


def test_a_customer_is_seen_at_a_glance() -> None:
    text = beside()
    assert "Everything charged on this customer's orders, less refunds. PLN 2,410.40" in text
    assert "Orders 7" in text
    assert "Average order PLN 344.34" in text
    assert "Last order 2 weeks ago" in text
    assert "PLN 2,088.00 to Gold" in text
    assert "SLV-7KQ2M9XWPA 10% off" in text
    assert "Good for one order until Dec 31, 2026, 11:59 PM (Warsaw)." in text
    assert "#987 Sep 12, 2026 refunded PLN 1,099.99" in text
    assert "#871 Jul 4, 2026 cancelled PLN 80.00" in text


def test_the_reason_for_the_tier_is_one_press_away() -> None:
    assert "Goods of PLN 1,912.00 bought in the last 12 months" in beside()
    assert "Silver begins at PLN 1,500.00" in beside()
    by_hand = replace(standing(), by_hand="Won the raffle")
    assert "Somebody of your team set it: Won the raffle" in beside(standing=by_hand)
    assert "Goods of" not in beside(standing=by_hand)


def test_a_tier_kept_from_better_times_does_not_pretend_to_be_earned_now() -> None:
    kept = replace(standing(), spent=pln("900"))
    assert "reached when more of the orders lay in that time" in beside(standing=kept)
    assert "reached when more" not in beside()


def test_at_the_top_there_is_no_next_tier() -> None:
    top = replace(standing(), next_tier=None, next_threshold=None)
    assert "The highest tier there is." in beside(standing=top)


def test_whoever_has_spent_past_the_next_threshold_misses_nothing() -> None:
    past = replace(standing(), spent=pln("5000"))
    assert "PLN 0.00 to Gold" in beside(standing=past)


def standing() -> Standing:
    stands = person().standing
    assert stands is not None
    return stands


def test_a_used_code_says_when_and_where() -> None:
    code = person().code
    assert code is not None
    used = replace(code, used_at=NOW - timedelta(days=1), order="1050")
    assert "Used 1 day ago on order #1050." in beside(code=used)
    assert "Good for one order" not in beside(code=used)


NOTHING_AGAINST = {
    Word.OFFER_OFF: "no offer is switched on for this tier",
    Word.UNPROVEN: "nobody has confirmed this account's e-mail address",
    Word.EXCLUDED: "on your list of people who stay out",
    Word.APP_OFF: "Perennial is switched off",
    Word.STOPPED: "all offers are stopped",
    Word.VOUCHER_GONE: "somebody deleted this month's voucher",
    None: "It is being made",
}


@pytest.mark.parametrize(("word", "reason"), NOTHING_AGAINST.items())
def test_without_a_code_the_reason_stands_there(word: Word | None, reason: str) -> None:
    assert reason in beside(code=None, no_code=word)


def test_a_newcomer_has_nothing_yet_and_no_zeros() -> None:
    text = beside(
        value=(), orders=0, average=(), last_order_at=None, standing=None, code=None,
        no_code=Word.OFFER_OFF, last_orders=(),
    )  # fmt: skip
    assert "nothing yet" in text
    assert "Last order none yet" in text
    assert "0.00" not in text


@pytest.mark.parametrize("sight", [Sight.FORBIDDEN, Sight.STALE])
def test_whoever_may_not_look_sees_nothing_of_the_customer(sight: Sight) -> None:
    html = markup(WIDGET, part=None, widget=replace(widget(), sight=sight))
    assert "SLV-" not in html
    assert "2,410.40" not in html
    assert "1042" not in html
