"""The small tools: clocks, chance, money, secrets."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit import clock
from app.kit.chance import roll
from app.kit.clock import Clock
from app.kit.money import major, minor
from app.kit.secret import SecretLostError, Secrets


@given(st.text(), st.integers())
def test_a_roll_is_in_range_and_repeats(one: str, two: int) -> None:
    assert 0 <= roll(one, two) < 1
    assert roll(one, two) == roll(one, two)


def test_rolls_spread_evenly() -> None:
    rolls = [roll("holdout", n) for n in range(20_000)]
    assert abs(sum(r < 0.1 for r in rolls) / 20_000 - 0.1) < 0.01


def test_a_scaled_clock_runs_fast_from_its_origin_on_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = datetime(2026, 3, 2, 9, tzinfo=UTC)
    monkeypatch.setattr(clock, "real_now", lambda: real)
    assert Clock(600, real + timedelta(hours=1)).now() == real
    ago = real - timedelta(seconds=60)
    assert Clock(600, ago).now() == ago + timedelta(hours=10)


def test_a_clock_is_told_in_words() -> None:
    clock = Clock.parse("scale:600@2026-01-01T00:00:00Z")
    assert (clock.scale, clock.origin) == (600, datetime(2026, 1, 1, tzinfo=UTC))
    assert Clock.parse("real").origin is None
    for nonsense in ("fast", "scale:600", "scale:600@2026-01-01T00:00:00"):
        with pytest.raises(ValueError, match="clock"):
            Clock.parse(nonsense)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("12.30", "BRL", 1230), ("0.005", "EUR", 0), ("0.015", "PLN", 2), ("500", "JPY", 500)],
)
def test_money_is_kept_in_minor_units(amount: str, currency: str, units: int) -> None:
    assert minor(Decimal(amount), currency) == units


@given(st.integers(-(10**12), 10**12), st.sampled_from(["BRL", "EUR", "PLN", "JPY"]))
def test_minor_units_come_back_as_they_went(units: int, currency: str) -> None:
    assert minor(major(units, currency), currency) == units


def test_a_secret_outlives_the_rotation_of_its_key_and_not_the_loss_of_it() -> None:
    old, both, new = Secrets(["old"]), Secrets(["new", "old"]), Secrets(["new"])
    sealed = old.seal("token")
    assert "token" not in sealed
    renewed = both.renew(sealed)
    assert both.open(sealed) == new.open(renewed) == "token"
    assert both.renew(renewed) == renewed
    with pytest.raises(SecretLostError):
        new.open(sealed)
