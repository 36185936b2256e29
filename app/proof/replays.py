"""`perennial replay`: the decisions of a house once more, for an operator."""

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from sqlmodel import Session, col, select

from app.decisions import queries
from app.kit.house import House
from app.kit.settings import Settings
from app.kit.tx import ShopId, Tx
from app.proof import replaying
from app.proof.replaying import Draft
from app.shops.tables import Shop

TOLD = 20
"""Differences that are written out."""
PAST = timedelta(days=90)
"""DC-4: how far a draft looks back."""


def replay(
    settings: Settings, out: Console, *, shop: str | None, limit: int, policy: Path | None
) -> int:
    """The exit code: 0 where everything came out as it was, 1 where not, 2 where asked wrongly."""
    draft = None
    if policy is not None:
        try:
            draft = Draft.model_validate_json(policy.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as failure:
            out.print(f"{policy} is no policy: {failure}", markup=False, soft_wrap=True)
            return 2
    house = House.of(settings)
    with Session(house.engine) as session:
        rows = session.exec(select(Shop).order_by(col(Shop.api_url))).all()
    shops = [row for row in rows if shop in (None, row.api_url)]
    if not shops:
        out.print("No installed shop" + (f" at {shop}" if shop else "") + ".")
        return 2
    codes = [_one(house, row, out, limit=limit, draft=draft) for row in shops]
    house.engine.dispose()
    return max(codes)


def _one(house: House, shop: Shop, out: Console, *, limit: int, draft: Draft | None) -> int:
    with house.look(ShopId(shop.id or 0)) as tx:
        out.print(f"[bold]{shop.api_url}[/]")
        if draft is not None:
            return _draft(tx, out, draft, currency=shop.currency, limit=limit)
        return _again(tx, out, limit=limit)


def _again(tx: Tx, out: Console, *, limit: int) -> int:
    found = replaying.replay(queries.walk(tx, limit=limit))
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(found.by_rule.items()))
    out.print(f"{found.same} decisions came out as they were ({rules})", soft_wrap=True)
    if found.kept_as_hash:
        out.print(f"{found.kept_as_hash} were too long to keep what they were decided on")
    for one in found.different[:TOLD]:
        out.print(f"decision {one.id} ({one.rule}):", style="red")
        out.print(f"  then {one.then}\n  now  {one.now}", markup=False, soft_wrap=True)
    if found.different:
        out.print(f"{len(found.different)} came out otherwise", style="red")
    return 1 if found.different else 0


def _draft(tx: Tx, out: Console, draft: Draft, *, currency: str, limit: int) -> int:
    since: datetime = tx.now - PAST
    found = replaying.compare(queries.walk(tx, limit=limit, since=since), draft)
    for line in replaying.words(found, draft, currency=currency, since=since):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0
