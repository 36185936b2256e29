"""Posting an event, at least once, under a key by which the other side knows a repeat."""

from functools import partial

from sqlmodel import select

from app.kit.clock import real_now
from app.messages.hooks import flows
from app.messages.hooks.flows import GONE, Post
from app.messages.hooks.tables import Hook, Posting
from app.saleor.outward import Outward, OutwardError
from app.world import World


def post(job: Post, world: World) -> None:
    """Raises OutwardError where it was not taken: the loop tries again, ever more seldom."""
    with world.look() as tx:
        posting = tx.exec(select(Posting).where(Posting.id == job.posting)).first()
        hook_id = posting.hook if posting else None
        hook = tx.exec(select(Hook).where(Hook.id == hook_id)).first() if hook_id else None
    if posting is None or posting.taken_at or hook is None or not hook.active:
        return
    secret = world.house.secrets.open(hook.secret)
    body = flows.raw(posting)
    headers = {
        "Content-Type": "application/json",
        "Perennial-Event": posting.event,
        "Perennial-Key": posting.key,
        "Perennial-Signature": flows.signature(secret, real_now(), body),
    }
    outward = Outward(development=world.house.settings.development)
    status = outward.tell(hook.url, body, headers)
    if status == GONE or 200 <= status < 300:  # noqa: PLR2004
        world.do(partial(flows.taken, posting=job.posting, status=status))
        return
    raise OutwardError(f"the hook answered with HTTP {status}")
