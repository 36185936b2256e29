"""How often one shop is asked, told on a clock that only the bucket moves."""

import threading

import pytest

from app.saleor.bucket import Bucket
from app.saleor.errors import SaleorThrottledError


class Time:
    """A clock that moves while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def bucket(time: Time, **options: float) -> Bucket:
    return Bucket(clock=lambda: time.now, sleep=time.sleep, **options)


def test_a_burst_is_free_and_then_each_waits_its_turn(time: Time) -> None:
    shop = bucket(time, rate=2, burst=3)
    for _ in range(5):
        shop.take(patience=10)
    assert time.slept == [0.5, 0.5]


def test_a_pause_fills_the_bucket_but_not_over_its_brim(time: Time) -> None:
    shop = bucket(time, rate=2, burst=3)
    for _ in range(3):
        shop.take(patience=0)
    time.now += 3600
    for _ in range(3):
        shop.take(patience=0)
    with pytest.raises(SaleorThrottledError):
        shop.take(patience=0)


def test_who_will_not_wait_is_told_when_to_come_back(time: Time) -> None:
    shop = bucket(time, rate=0.1, burst=1)
    shop.take(patience=0)
    with pytest.raises(SaleorThrottledError) as told:
        shop.take(patience=5)
    assert told.value.retry_after == pytest.approx(10)
    time.now += 10
    shop.take(patience=0)
    assert time.slept == []


def test_a_closed_shop_is_waited_for(time: Time) -> None:
    shop = bucket(time, rate=50, burst=100)
    shop.close(20)
    with pytest.raises(SaleorThrottledError):
        shop.take(patience=19)
    shop.take(patience=30)
    assert time.slept == [20]


@pytest.mark.parametrize(
    ("api_url", "narrow"),
    [
        ("https://mine.sandbox.saleor.cloud/graphql/", True),
        ("https://mine.sandbox-eu.saleor.cloud/graphql/", True),
        ("https://sandbox.saleor.cloud/graphql/", True),
        ("https://mine.eu.saleor.cloud/graphql/", False),
        ("https://sandbox.saleor.cloud.example/graphql/", False),
        ("https://shop.example/graphql/", False),
    ],
)
def test_a_sandbox_in_the_cloud_is_asked_at_most_120_times_a_minute(
    api_url: str, *, narrow: bool
) -> None:
    time = Time()
    shop = Bucket.of(api_url)
    shop._clock, shop._sleep, shop._at = lambda: time.now, time.sleep, time.now
    asked = 0
    while time.now < 1060:
        shop.take(patience=60)
        asked += 1
    assert (asked <= 121) is narrow


def test_threads_share_one_bucket(time: Time) -> None:
    shop = bucket(time, rate=1, burst=40)
    threads = [threading.Thread(target=lambda: [shop.take(patience=0) for _ in range(10)])
               for _ in range(4)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(SaleorThrottledError):
        shop.take(patience=0)
