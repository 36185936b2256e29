"""The pages as the running app gives them: real routes, real tokens, real rows."""

import pytest

from app.loyalty import flows as loyalty
from tests.support.html import LANGUAGES, words
from tests.support.story import Shop


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_shop_just_installed_is_greeted_and_not_shown_zeros(shop: Shop, locale: str) -> None:
    text = words(shop.sees("/app", locale=locale))
    assert len(text) > 200
    assert "0%" not in text


def test_a_new_owner_reads_that_the_app_is_listening(shop: Shop) -> None:
    text = words(shop.sees("/app"))
    assert "No order has been heard yet." in text
    assert "No offer is switched on" in text


def test_without_a_token_there_is_only_the_shell(shop: Shop) -> None:
    assert "Loading" in words(shop.http.get("/app").text)
    assert shop.http.get("/app", headers={"x-part": "main"}).status_code == 401
    framing = shop.http.get("/app").headers["content-security-policy"]
    assert "frame-ancestors *" in framing


def test_the_settings_can_be_tried_saved_and_taken_back(shop: Shop) -> None:
    with shop.work() as tx:
        loyalty.begin(tx)
    page = words(shop.sees("/app/offers"))
    assert "The ladder" in page
    fields = {
        "tier": "member",
        "name": "Friend",
        "threshold": "0",
        "percent": "",
        "months": "6",
        "zone": "Europe/Warsaw",
        "currency": "EUR",
        "excluded": "",
    }

    def posts(**more: str) -> str:
        answer = shop.http.post("/app/offers", data=fields | more, headers=shop.staff())
        assert answer.status_code == 200, answer.text
        return answer.text

    assert 'value="12"' in shop.sees("/app/offers")
    saved = posts(do="save")
    assert "Saved." in words(saved)
    assert 'value="6"' in shop.sees("/app/offers")
    version = saved.partition('name="undo" value="')[2].partition('"')[0]
    assert "Undone." in words(posts(do="undo", undo=version))
    assert 'value="12"' in shop.sees("/app/offers")


def test_whoever_lacks_the_permission_changes_nothing(shop: Shop) -> None:
    with shop.work() as tx:
        loyalty.begin(tx)
    headers = shop.staff(["MANAGE_ORDERS"])
    answer = shop.http.post("/app/offers", data={"do": "save"}, headers=headers)
    assert answer.status_code == 403


def test_the_widget_is_whole_and_trusts_only_a_good_token(shop: Shop) -> None:
    def widget(token: str) -> str:
        fields = {"saleorApiUrl": shop.api_url, "accessToken": token, "customerId": "VXNlcjox"}
        answer = shop.http.post("/app/widgets/customer", data=fields)
        assert answer.status_code == 200
        assert answer.text.startswith("<!doctype html>")
        return words(answer.text)

    assert "still being read" in widget(shop.staff_token())
    assert "may not see customers" in widget(shop.staff_token(["MANAGE_APPS"]))
    assert "too old to be trusted" in widget("not.a.token")
    assert "too old to be trusted" in widget(shop.staff_token(app="QXBwOjk="))
