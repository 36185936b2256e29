"""What winning customers costs and brings, by channel (LV-3, LV-4)."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.ltv import acquisition
from app.ltv.tables import AdSpend
from app.ltv.view import ChannelRow


def by_channel(
    spends: Sequence[AdSpend], sheet: Mapping[str, Any] | None
) -> tuple[list[ChannelRow], ChannelRow | None]:
    """A row a channel that money was spent on, and all of them together. Only months count for
    which spend was handed in; who came in them by a channel without spend is in the whole."""
    if not spends:
        return [], None
    months = {each.month for each in spends}
    told = [row for row in (sheet or {}).get("months", ()) if row["month"] in months]
    curves = (sheet or {}).get("margins", {})
    shops = {row["channel"] for row in (sheet or {}).get("months", ())}
    paid: dict[str, int] = {}
    for each in spends:
        paid[each.channel] = paid.get(each.channel, 0) + each.amount
    rows = [
        _row(
            name,
            amount,
            [
                r
                for r in told
                if r["channel"] == name and _spent(spends, channel=name, month=r["month"])
            ],
            curves.get(name, ()),
            known=name in shops,
        )
        for name, amount in sorted(paid.items(), key=lambda item: -item[1])
    ]
    whole = _row("", sum(paid.values()), told, (sheet or {}).get("blended", ()), known=True)
    return rows, whole


def _spent(spends: Sequence[AdSpend], *, channel: str, month: str) -> bool:
    return any(each.channel == channel and each.month == month for each in spends)


def _row(
    name: str,
    spend: int,
    told: Sequence[Mapping[str, Any]],
    margins: Sequence[float | None],
    *,
    known: bool,
) -> ChannelRow:
    buyers = sum(row["buyers"] for row in told)
    cost = acquisition.cac(float(spend), buyers) if known else None
    worth, square = (sum(row[name] for row in told) for name in ("worth", "square"))
    found = acquisition.ltv_to_cac(worth, square, buyers, cost)
    if found is None:
        return ChannelRow(name=name, spend=spend, buyers=buyers, cac=cost, known=known)
    grown = [value for value in margins if value is not None]
    steps = [b - a for a, b in zip([0.0, *grown], grown, strict=False)]
    return ChannelRow(
        name=name,
        spend=spend,
        buyers=buyers,
        cac=cost,
        ratio=found.ratio,
        low=found.low,
        high=found.high,
        payback=acquisition.payback(steps, cost),
        known=known,
    )
