"""The Dashboard's frame around the app: its pages as the owner sees and fills them."""

from typing import Any

import httpx

from sandbox.owner import Forms
from tests.support.scenario_app import App

OUT_OF_REACH = 1_000_000
Fields = list[tuple[str, str]]


class Frame:
    """Everything is asked for with the token that the Dashboard hands the frame."""

    def __init__(self, app: App) -> None:
        self.app, self.shop = app, app.shop

    @property
    def token(self) -> str:
        told = self.shop.ask(
            "query($id: ID!) { app(id: $id) { accessToken } }",
            token=self.shop.staff,
            id=self.app.id,
        )
        return str(told["app"]["accessToken"])

    def page(self, path: str, fields: Fields | None = None) -> str:
        """A page as bridge.js asks for it; with `fields`, posted."""
        headers = {
            "authorization-bearer": self.token,
            "saleor-api-url": self.shop.api_url,
            "x-part": "main",
            "x-locale": "en",
        }
        method = "GET" if fields is None else "POST"
        return self._ask(method, path, fields or [], headers=headers)

    def widget(self, customer: str) -> str:
        """What stands beside a customer: a form that the Dashboard posts into a frame."""
        fields = [
            ("saleorApiUrl", self.shop.api_url),
            ("accessToken", self.token),
            ("appId", self.app.id),
            ("customerId", customer),
        ]
        return self._ask("POST", "/app/widgets/customer", fields)

    def _ask(self, method: str, path: str, fields: Fields, **more: Any) -> str:  # noqa: ANN401
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        url = f"{self.app.ear.url}{path}"
        answer = httpx.request(method, url, data=data or None, timeout=30, **more)
        assert answer.status_code == 200, answer.text
        return answer.text

    def offer(self, tier: str, *, threshold: str, percent: str, least: str = "") -> None:
        """The owner saves the settings: from `threshold` on `percent` are off, on an order of
        `least`, in the currency of the channel where the story plays. Tiers above are put out of
        reach."""
        forms = Forms(self.page("/app/offers")).forms
        fields: Fields = next(f["sent"] for f in forms if ("tier", tier) in f["sent"])
        tiers = [value for name, value in fields if name == "tier"]
        at = tiers.index(tier)
        thresholds = {at: threshold} | {
            above: str(above * OUT_OF_REACH) for above in range(at + 1, len(tiers))
        }
        fields = filled(fields, "threshold", thresholds)
        fields = filled(fields, "percent", {at: percent})
        fields = filled(fields, "least", {at: least})
        fields = filled(fields, "currency", {0: self.shop.ware.currency})
        saved = self.page("/app/offers", [*fields, ("offer", tier), ("do", "save")])
        assert "Saved." in saved, saved


def filled(fields: Fields, name: str, values: dict[int, str]) -> Fields:
    """The fields, with new values in some of those that have this name."""
    nth = -1
    result = []
    for key, value in fields:
        nth += key == name
        result.append((key, values.get(nth, value) if key == name else value))
    return result
