"""Deliveries on their way: when each is due, what its body says, how it is tried again.

Saleor's timing (observed): half of the deliveries arrive within 0.3 s, 95 of 100 within 1.1 s, each
on its own, so that the events of one order come in any order. 5xx and timeouts are tried again
after 10, 20, 40, 80 and 160 s; 3xx and 4xx never.
"""

import heapq
import math
from collections.abc import Callable
from random import Random
from threading import Condition
from typing import Any, NamedTuple

from sandbox.apps import Attempt, Delivery, Webhook
from sandbox.events import may_hear, rendered_late
from sandbox.store import Store

RETRY_WAITS = (10, 20, 40, 80, 160)
MEDIAN, P95 = 0.3, 1.1
KEPT_RESPONSE = 1024

Render = Callable[[Delivery], bytes | None]
Sign = Callable[[bytes], str]


class Latency:
    """How long a delivery takes to leave, in delivery seconds; zero for tests that are not about
    it. Log-normal through the two observed points."""

    def __init__(self, dice: Random, *, median: float = MEDIAN, p95: float = P95) -> None:
        self._dice = dice
        self.median = median
        self._spread = math.log(p95 / median) / 1.645 if median else 0.0

    def draw(self) -> float:
        if not self.median:
            return 0.0
        return self._dice.lognormvariate(math.log(self.median), self._spread)


class Due(NamedTuple):
    at: float
    nth: int
    delivery: Delivery


class Outbox:
    """A queue ordered by due time. `time()` counts delivery seconds (business ones, if scaled).

    `sent` arrived; `failed` were tried in vain to the end; `gone` had nothing left to tell when
    their time came (the cart was ordered, the app switched off), which Saleor files as failed too.
    """

    def __init__(
        self,
        store: Store,
        render: Render,
        sign: Sign,
        *,
        latency: Latency,
        time: Callable[[], float],
    ) -> None:
        self.store = store
        self.latency = latency
        self.time = time
        self.ready = Condition()
        self._render = render
        self._sign = sign
        self._queue: list[Due] = []
        self._nth = 0
        self.flying = 0
        self.sent = 0
        self.failed = 0
        self.gone = 0
        self.shuffle_within = 0.0
        self._dice = Random(f"outbox:{store.seed}")
        self.copies: Callable[[Delivery], int] = lambda _delivery: 1

    def emit(self, event_type: str, subject: Any) -> None:
        """An event happened: one delivery for every webhook that wants and may hear it."""
        for app in list(self.store.apps.values()):
            if not may_hear(app, event_type, subject):
                continue
            for webhook in app.webhooks:
                if webhook.is_active and event_type in webhook.events:
                    self._post(webhook, event_type, subject)

    def _post(self, webhook: Webhook, event_type: str, subject: Any) -> None:
        store = self.store
        delivery = Delivery(
            id=store.numbers.serial("EventDelivery"),
            event_type=event_type,
            webhook=webhook,
            created_at=store.instant(),
            subject=subject,
            principal=store.acting,
            version=store.version,
        )
        version = tuple(int(part) for part in store.version.split(".")[:2])
        if not rendered_late(event_type, version):
            self._put_in_words(delivery)
            if delivery.body is None:
                return
        for _ in range(self.copies(delivery)):
            self.enqueue(delivery, self.latency.draw() + self._jitter())

    def _jitter(self) -> float:
        return self._dice.random() * self.shuffle_within if self.shuffle_within else 0.0

    def _put_in_words(self, delivery: Delivery) -> None:
        delivery.body = self._render(delivery)
        if delivery.body is not None:
            delivery.signature = self._sign(delivery.body)

    def enqueue(self, delivery: Delivery, wait: float) -> None:
        delivery.webhook.waiting[delivery.id] = delivery
        with self.ready:
            self._nth += 1
            heapq.heappush(self._queue, Due(self.time() + wait, self._nth, delivery))
            self.ready.notify()

    def next_due(self) -> float | None:
        """Delivery seconds until the next one; None when nothing waits. Hold `ready`."""
        return self._queue[0].at - self.time() if self._queue else None

    def take(self) -> Delivery | None:
        """The delivery that is due first, whatever the time. Hold `ready`."""
        if not self._queue:
            return None
        self.flying += 1
        return heapq.heappop(self._queue).delivery

    def prepare(self, delivery: Delivery) -> bool:
        """Make body and signature if that was left for now. False: there is nothing to send."""
        with self.store.lock:
            app = delivery.webhook.app
            if may_hear(app, delivery.event_type, delivery.subject):
                if delivery.body is None:
                    self._put_in_words(delivery)
                if delivery.body is not None:
                    return True
            self.gone += 1
            self._file(delivery)
        return False

    def settle(self, delivery: Delivery, status: int | None, response: str = "") -> None:
        """Write down how an attempt went (None: no answer in time) and try again if it may."""
        with self.store.lock:
            good = status is not None and 200 <= status < 300
            delivery.tries += 1
            delivery.attempts.append(
                Attempt(
                    id=self.store.numbers.serial("EventDeliveryAttempt"),
                    created_at=self.store.clock.now(),
                    status="SUCCESS" if good else "FAILED",
                    response=response[:KEPT_RESPONSE],
                    response_status_code=status,
                )
            )
            if good:
                delivery.status = "SUCCESS"
                delivery.webhook.waiting.pop(delivery.id, None)
                delivery.webhook.delivered += 1
                self.sent += 1
            elif self._again(status) and delivery.tries <= len(RETRY_WAITS):
                self.enqueue(delivery, RETRY_WAITS[delivery.tries - 1])
            else:
                self.failed += 1
                self._file(delivery)

    @staticmethod
    def _again(status: int | None) -> bool:
        return status is None or status >= 500

    def _file(self, delivery: Delivery) -> None:
        """Among the failed ones of its webhook, where the app can read it."""
        delivery.status = "FAILED"
        delivery.webhook.waiting.pop(delivery.id, None)
        if delivery not in delivery.webhook.failed:
            delivery.webhook.failed.append(delivery)

    def landed(self) -> None:
        """A taken delivery is done with, for good or until its next try."""
        with self.ready:
            self.flying -= 1
            self.ready.notify_all()

    def __len__(self) -> int:
        return len(self._queue) + self.flying
