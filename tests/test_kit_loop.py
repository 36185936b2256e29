"""Promises are kept once, in order, by one at a time, whatever dies on the way."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlmodel import col, delete, select

from app.kit import leases
from app.kit.house import House
from app.kit.loop import Agenda, Decision, Errand, Keeper
from app.kit.promises import Promise
from app.kit.tx import Job, ShopId, Tx

ONE = ShopId(1)


class Note(Job, kind="test.note"):
    text: str


class Urgent(Job, kind="test.urgent", rank=0):
    text: str


class Call(Job, kind="test.call"):
    number: str

    @property
    def lane(self) -> str:
        return "phone"


class Desk:
    """Keeps notes and calls, and remembers in which order."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.done: list[str] = []
        self.called: list[str] = []
        self.on_note: Callable[[Note], None] = lambda _: None
        self.on_call: Callable[[Call], Job | None] = lambda _: None
        agenda = Agenda[None](
            Decision(Note, self.note), Decision(Urgent, self.note), Errand(Call, self.call)
        )
        self.keeper = Keeper(house, agenda, lambda _: None)

    def note(self, job: Note | Urgent, tx: Tx) -> None:
        self.tx = tx
        if isinstance(job, Note):
            self.on_note(job)
        self.done.append(job.text)

    def call(self, job: Call, _: None) -> Job | None:
        self.called.append(job.number)
        return self.on_call(job)

    def promises(self, *jobs: Job, in_: timedelta = timedelta()) -> None:
        with self.house.work(ONE) as tx:
            for job in jobs:
                tx.later(job, at=tx.now + in_)

    def settle(self) -> None:
        self.keeper.settle(lambda: [ONE])

    def rows(self) -> dict[str, Promise]:
        with self.house.look(ONE) as tx:
            return {p.key: p for p in tx.exec(select(Promise)).all()}


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def test_a_promise_made_twice_is_kept_once(desk: Desk) -> None:
    desk.promises(Note(text="a"), Note(text="a"))
    desk.settle()
    desk.promises(Note(text="a"))
    desk.settle()
    assert desk.done == ["a"]


def test_nothing_is_kept_before_it_is_due(desk: Desk) -> None:
    desk.promises(Note(text="later"), in_=timedelta(hours=1))
    desk.settle()
    assert desk.done == []
    desk.house.clock.move(timedelta(hours=1))
    desk.settle()
    assert desk.done == ["later"]


def test_what_is_live_goes_before_timers(desk: Desk) -> None:
    desk.promises(Note(text="timer"), Urgent(text="live"))
    desk.settle()
    assert desk.done == ["live", "timer"]


def test_a_decision_that_fails_leaves_no_trace_and_stops_no_other(desk: Desk) -> None:
    def poison(job: Note) -> None:
        if job.text == "b":
            raise RuntimeError(job.text)

    desk.on_note = poison
    desk.promises(Note(text="a"), Note(text="b"), Note(text="c"))
    desk.settle()
    assert desk.done == ["a", "c"]
    (failed,) = [p for p in desk.rows().values() if p.kept_at is None]
    assert failed.tries == 1
    assert failed.error is not None
    assert failed.error.startswith("RuntimeError at ")


@pytest.mark.parametrize("together", [False, True])
def test_what_is_withdrawn_while_it_waits_its_turn_is_not_kept(
    desk: Desk, *, together: bool
) -> None:
    """Whoever is forgotten takes along what was promised about her, in the same batch too."""

    def forget(job: Note) -> None:
        if job.text == "poison":
            raise RuntimeError(job.text)
        if job.text == "forget":
            gone = select(Promise).where(col(Promise.key).in_([key_of("one"), key_of("two")]))
            first, second = desk.tx.exec(gone).all()
            desk.tx.delete(first)
            desk.tx.expire(second)  # as what was rolled back is: its end goes unseen
            desk.tx.exec(delete(Promise).where(col(Promise.key) == key_of("two")))

    def key_of(text: str) -> str:
        return Note(text=text).key

    def decide_all(jobs: Sequence[Note], tx: Tx) -> None:
        for job in jobs:
            desk.note(job, tx)

    desk.on_note = forget
    if together:
        all_at_once = Decision(Note, desk.note, decide_all)
        desk.keeper = Keeper(desk.house, Agenda[None](all_at_once), lambda _: None)
    texts = ["forget", "poison", "one", "other", "two"]
    desk.promises(*(Note(text=text) for text in texts))
    desk.settle()
    assert desk.done[-2:] == ["forget", "other"]
    assert desk.rows().keys() == {key_of("forget"), key_of("poison"), key_of("other")}
    assert [p.key for p in desk.rows().values() if p.kept_at is None] == [key_of("poison")]


def test_failures_wait_twice_as_long_each_time_and_end_parked_where_one_sees_them(
    desk: Desk,
) -> None:
    def poison(_: Note) -> None:
        raise RuntimeError

    desk.on_note = poison
    desk.promises(Note(text="a"))
    waits = []
    while True:
        desk.settle()
        (row,) = desk.rows().values()
        if row.parked_at:
            break
        waits.append((row.due - desk.house.clock.now()).total_seconds())
        desk.house.clock.move(row.due - desk.house.clock.now())
    assert waits == [10, 20, 40, 80, 160, 320, 640]
    assert row.kept_at is None


class AwayError(Exception):
    away = True


def nobody(_: Call) -> None:
    raise AwayError


def test_who_is_away_for_a_night_is_asked_again_in_the_morning(desk: Desk) -> None:
    """Saleor's, a mail provider's: nobody has to take up by hand what waited for them."""
    desk.on_call = nobody
    desk.promises(Call(number="1"))
    for _ in range(12 * 6):
        desk.settle()
        desk.house.clock.move(timedelta(minutes=10))
    desk.on_call = lambda _: None
    desk.house.clock.move(timedelta(hours=1))
    desk.settle()
    (row,) = desk.rows().values()
    assert row.kept_at is not None


def test_who_never_comes_back_is_seen_by_a_person_in_the_end(desk: Desk) -> None:
    desk.on_call = nobody
    desk.promises(Call(number="1"))
    for _ in range(2 * 24):
        desk.settle()
        desk.house.clock.move(timedelta(hours=1))
    (row,) = desk.rows().values()
    assert row.parked_at is not None


def test_a_parked_promise_can_be_taken_up_again(desk: Desk) -> None:
    class HopelessError(Exception):
        permanent = True

    def poison(_: Note) -> None:
        raise HopelessError

    desk.on_note = poison
    desk.promises(Note(text="a"))
    desk.settle()
    (row,) = desk.rows().values()
    assert row.parked_at
    assert row.tries == 1
    desk.on_note = lambda _: None
    with desk.house.work(ONE) as tx:
        assert leases.reopen(tx) == 1
    desk.settle()
    assert desk.done == ["a"]


def test_an_errand_hands_back_the_next_promise(desk: Desk) -> None:
    desk.on_call = lambda job: Note(text=f"called {job.number}")
    desk.promises(Call(number="1"))
    desk.settle()
    assert (desk.called, desk.done) == (["1"], ["called 1"])


def test_an_errand_asked_to_wait_waits_that_long(desk: Desk) -> None:
    class ThrottledError(Exception):
        retry_after = 90.0

    def busy(_: Call) -> None:
        raise ThrottledError

    desk.on_call = busy
    desk.promises(Call(number="1"))
    desk.settle()
    (row,) = desk.rows().values()
    assert row.due - desk.house.clock.now() == timedelta(seconds=90)


def test_a_lane_has_one_lease_at_a_time(desk: Desk) -> None:
    desk.promises(Call(number="1"), Call(number="2"))
    first = desk.keeper.lease_errand(ONE)
    assert first is not None
    assert desk.keeper.lease_errand(ONE) is None
    desk.keeper.run_errand(ONE, first)
    assert desk.keeper.lease_errand(ONE) is not None


def overtake(desk: Desk) -> None:
    """Time passes for every lease: whoever holds one is taken for dead."""
    with desk.house.work(ONE) as tx:
        for promise in tx.exec(select(Promise)).all():
            if promise.leased_till:
                promise.leased_till -= timedelta(days=1)


def test_a_holder_slower_than_its_lease_changes_nothing(desk: Desk) -> None:
    desk.on_call = lambda job: Note(text=job.number)
    desk.promises(Call(number="1"))
    slow = desk.keeper.lease_errand(ONE)
    assert slow is not None
    overtake(desk)
    fast = desk.keeper.lease_errand(ONE)
    assert fast is not None
    desk.keeper.run_errand(ONE, slow)
    assert all(p.kept_at is None for p in desk.rows().values())
    desk.keeper.run_errand(ONE, fast)
    desk.settle()
    assert desk.done == ["1"]


def test_a_promise_that_kills_its_process_is_parked_after_three_lost_leases_and_alone(
    desk: Desk,
) -> None:
    def kill(_: Note) -> None:
        raise KeyboardInterrupt

    desk.promises(Note(text="killer"))
    desk.on_note = kill
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            desk.keeper.decide_some(ONE)
        overtake(desk)
    desk.on_note = lambda _: None
    desk.promises(Note(text="innocent"))
    desk.settle()
    assert desk.done == ["innocent"]
    killer = next(p for p in desk.rows().values() if p.body == {"text": "killer"})
    assert killer.parked_at
    assert killer.error is not None
    assert "died" in killer.error


def test_the_neighbours_of_a_killer_are_kept(desk: Desk) -> None:
    def kill(job: Note) -> None:
        if job.text == "killer":
            raise KeyboardInterrupt

    desk.on_note = kill
    desk.promises(Note(text="before"), Note(text="killer"), Note(text="after"))
    for _ in range(9):
        try:
            desk.settle()
        except KeyboardInterrupt:
            overtake(desk)
    kept = {p.body["text"] for p in desk.rows().values() if p.kept_at}
    assert kept == {"before", "after"}


def test_a_shop_sees_only_its_own(desk: Desk) -> None:
    desk.promises(Note(text="ours"))
    with desk.house.look(ShopId(2)) as tx:
        assert tx.exec(select(Promise)).all() == []
        assert tx.get(Promise, 1) is None
    assert leases.shops_with_due(desk.house.engine, desk.house.clock.now()) == [ONE]


def test_a_postponed_promise_moves_and_a_kept_one_opens_again(desk: Desk) -> None:
    hour = timedelta(hours=1)
    for _ in range(2):
        with desk.house.work(ONE) as tx:
            tx.postpone(Note(text="quiet"), until=tx.now + hour)
        desk.house.clock.move(hour / 2)
        desk.settle()
    assert desk.done == []
    desk.house.clock.move(hour / 2)
    desk.settle()
    assert desk.done == ["quiet"]
    with desk.house.work(ONE) as tx:
        tx.postpone(Note(text="quiet"), until=tx.now)
    desk.settle()
    assert desk.done == ["quiet", "quiet"]


def test_what_is_promised_soon_is_not_put_off_by_more_of_it(desk: Desk) -> None:
    note = Note(text="told")

    def soon(minutes: int) -> None:
        with desk.house.work(ONE) as tx:
            tx.soon(note, at=tx.now + timedelta(minutes=minutes))

    for _ in range(3):
        soon(2)
        desk.house.clock.move(timedelta(minutes=1))
        desk.settle()
    assert desk.done == ["told"], "and the third began anew"
    desk.house.clock.move(timedelta(minutes=1))
    desk.settle()
    assert desk.done == ["told", "told"]
    (row,) = desk.rows().values()
    with desk.house.work(ONE) as tx:
        again = tx.exec(select(Promise)).one()
        again.kept_at, again.lease = None, "somebody's"
    soon(0)
    assert desk.rows()[row.key].lease is None, "who is at it may have looked already"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_nobody_takes_what_somebody_relies_on_before_it_can_be_seen_why(desk: Desk) -> None:
    """Else it is kept without a look at what made it wanted, and that waits for the next news. On
    SQLite only one writes at a time."""
    note = Note(text="told")
    desk.promises(note)
    free = select(Promise).with_for_update(skip_locked=True)
    with desk.house.work(ONE) as tx:
        tx.soon(note, at=tx.now)
        with desk.house.work(ONE) as other:
            other.soon(note, at=other.now)  # two may rely on it at once
            assert other.exec(free).all() == []
        with desk.house.work(ONE) as other:
            assert other.exec(free).all() == []
    with desk.house.work(ONE) as other:
        assert [row.key for row in other.exec(free)] == [note.key]


def test_whoever_has_just_started_touches_nothing_that_may_have_killed_the_last(
    desk: Desk,
) -> None:
    desk.promises(Note(text="suspect"))
    leases.take(desk.house, ONE, kinds=[Note.kind], most=1, for_=timedelta(minutes=5))
    overtake(desk)
    desk.promises(Note(text="blameless"))
    desk.keeper.suspects_from += 3600
    desk.settle()
    assert desk.done == ["blameless"]
    (left,) = [p for p in desk.rows().values() if p.kept_at is None]
    assert left.lost == 0
    desk.keeper.suspects_from -= 3600
    desk.settle()
    assert desk.done == ["blameless", "suspect"]
