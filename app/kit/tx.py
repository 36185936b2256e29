"""One unit of work: a shop, an instant, a session, and the promises it leaves behind.

Doors open a `Tx`; everything below them only borrows it, and nobody else commits.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NewType

from pydantic import BaseModel
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    Select,
    Table,
    TypeDecorator,
    bindparam,
    event,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    SessionTransaction,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.orm.attributes import set_attribute
from sqlmodel import Session, SQLModel
from typing_extensions import override

from app.kit.rowlock import open_for

ShopId = NewType("ShopId", int)
LAST_SHOP = 2**31 - 1
"""What its column holds."""


def shop_named(number: int) -> ShopId:
    """The shop that a link or a key of ours says it is of, which proves nothing; 0, and that is
    nobody's, for a number that no shop can have: a database would stumble over it.
    """
    return ShopId(number if 0 < number <= LAST_SHOP else 0)


BigId = BigInteger().with_variant(Integer, "sqlite")
"""A surrogate key: SQLite counts up only in a column that is called INTEGER."""


class Instant(TypeDecorator[datetime]):
    """Aware in, aware out, whatever the database thinks of zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class OfShop:
    """A row of one shop. `Tx` writes the column and filters by it; nobody else names it."""

    if TYPE_CHECKING:
        shop: ShopId
    else:  # a column but no field: SQLModel would let a caller set it
        shop = mapped_column(Integer, nullable=False)


class Job(BaseModel, frozen=True):
    """Something to do at or after an instant, once."""

    kind: ClassVar[str]
    rank: ClassVar[int]
    """What goes first when much is due: 0 live, 1 a timer, 2 the import of old history."""

    def __init_subclass__(cls, *, kind: str, rank: int = 1) -> None:
        super().__init_subclass__()
        cls.kind = kind
        cls.rank = rank

    @property
    def key(self) -> str:
        """What makes two promises the same promise."""
        return f"{self.kind}:{self.model_dump_json()}"

    @property
    def lane(self) -> str | None:
        """Two jobs of one lane are never done at the same time."""
        return None


FENCED = "fenced"
"""An execution option: this statement has its shop's fence already (app.kit.asking)."""


class Tx(Session):
    """A session of one shop at one instant."""

    shop: ShopId
    now: datetime

    def __init__(self, engine: Engine, shop: ShopId, now: datetime) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.shop = shop
        self.now = now
        self.fence = with_loader_criteria(
            OfShop, lambda table: table.shop == shop, include_aliases=True
        )

    def later(self, job: Job, *, at: datetime | None = None) -> None:
        """Promise `job`, unless it is promised already."""
        self.connection().execute(_promising(), self._promise(job, at or self.now))

    def postpone(self, job: Job, *, until: datetime) -> None:
        """Promise `job` for `until`; a promise already made moves there, a kept one reopens."""
        self.postpone_all([(job, until)])

    def postpone_all(self, jobs: Sequence[tuple[Job, datetime]]) -> None:
        """The same for many: of two with one key the last one stands."""
        if not jobs:
            return
        rows = {job.key: self._promise(job, until) for job, until in jobs}
        self.connection().execute(_postponing(), list(rows.values()))

    def soon(self, job: Job, *, at: datetime) -> None:
        """Promise `job`, unless it waits already: then it stays where it is, however much comes.

        One that is kept, given up or just being kept is promised anew: it may have looked before.
        It is looked for first, so that units of work that all promise it do not wait in line. One
        that waits is held as it is: on PostgreSQL nobody takes it before this unit of work is on
        disk, or it could be kept without a look at what this one has written.
        """
        if (
            self.connection().execute(_waiting(), {"of": self.shop, "named": job.key}).first()
            is None
        ):
            self.postpone(job, until=at)

    def _promise(self, job: Job, due: datetime) -> dict[str, Any]:
        return {
            "shop": self.shop,
            "key": job.key,
            "kind": job.kind,
            "body": job.model_dump(mode="json"),
            "due": due,
            "rank": job.rank,
            "lane": job.lane,
            "tries": 0,
            "lost": 0,
        }

    def put(
        self,
        table: type[SQLModel],
        rows: Sequence[Mapping[str, Any]],
        *,
        key: Sequence[str],
        overwrite: Sequence[str] = (),
    ) -> None:
        """Insert `rows`; where `key` (within the shop) exists, write only the columns named.

        Rows of a table without a key are only added.
        """
        if not rows:
            return
        rows = [{**row, "shop": self.shop} for row in rows]
        self.flush()
        self.connection().execute(_putting(table, tuple(key), tuple(overwrite)), rows)


def _promises() -> Table:
    """The table of app.kit.promises, which is made of this module's types."""
    return SQLModel.metadata.tables["promise"]


# A statement made once is compiled once; making it anew for every batch took a tenth of its time.


@cache
def _promising() -> Insert:
    return insert(_promises()).on_conflict_do_nothing()


@cache
def _postponing() -> Insert:
    order = insert(_promises())
    afresh = {"kept_at": None, "parked_at": None, "lease": None, "tries": 0, "lost": 0}
    return order.on_conflict_do_update(
        index_elements=["shop", "key"],
        set_=afresh | {"error": None, "body": order.excluded.body, "due": order.excluded.due},
    )


@cache
def _waiting() -> Select[tuple[int]]:
    known = _promises().c
    waiting = select(known.id).where(
        known.shop == bindparam("of"),
        known.key == bindparam("named"),
        known.kept_at.is_(None),
        known.parked_at.is_(None),
        known.lease.is_(None),
    )
    return waiting.with_for_update(read=True)


@cache
def _putting(table: type[SQLModel], key: tuple[str, ...], overwrite: tuple[str, ...]) -> Insert:
    order, index = insert(table), ("shop", *key)
    if not key:
        return order
    if not overwrite:
        return order.on_conflict_do_nothing(index_elements=index)
    return order.on_conflict_do_update(
        index_elements=index, set_={name: order.excluded[name] for name in overwrite}
    )


@event.listens_for(Tx, "do_orm_execute")
def _see_one_shop(state: ORMExecuteState) -> None:
    if isinstance(tx := state.session, Tx) and FENCED not in state.execution_options:
        state.statement = state.statement.options(tx.fence)


@event.listens_for(Tx, "after_begin")
def _open_one_shop(tx: Tx, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        open_for(connection, tx.shop)


@event.listens_for(Tx, "before_flush")
def _write_one_shop(tx: Tx, _: UOWTransaction, __: object) -> None:
    for row in tx.new:
        if isinstance(row, OfShop):
            set_attribute(row, "shop", tx.shop)


def among(column: ColumnElement[Any] | Mapped[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """`column IN values`. SQLAlchemy's own `in_` makes an object of each value first, and on the
    way of a delivery that is most of the time spent.
    """
    return column.in_(bindparam(None, list(values), expanding=True, unique=True))
