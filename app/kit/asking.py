"""Statements that are said over and over are made once, and filled in each time.

To build a statement, put the shop's fence around it and find its compiled text again costs
SQLAlchemy many times what SQLite needs to answer, and on the way of a delivery that was most of
the time spent: a question over two tables took 267 µs of processor asked anew each time, and takes
42 made once; the same rows from the bare driver take 4.

    KNOWN = question(select(Person.key, Person.id).where(any_of(col(Person.key), "keys")))
    ids = dict(ask(tx, KNOWN, keys=sorted(keys)))
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from sqlalchemy import BindParameter, ColumnElement, UpdateBase, bindparam, inspect
from sqlalchemy.orm import Mapped, with_loader_criteria
from sqlmodel.sql.expression import Select, SelectOfScalar
from typing_extensions import TypeVarTuple

from app.kit.tx import FENCED, OfShop, Tx

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

FENCE = with_loader_criteria(
    OfShop, lambda table: table.shop == bindparam("of_this_shop"), include_aliases=True
)
"""What `Tx` puts around every statement, with the shop left open."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """Made by `question`, put by `ask`."""

    statement: Any
    whole: bool
    """It asks for rows, which their unit of work watches; otherwise for columns of them."""
    single: bool
    """One thing a line and no tuples."""


@overload
def question(statement: SelectOfScalar[T]) -> Question[T]: ...
@overload
def question(statement: Select[*Ts]) -> Question[tuple[*Ts]]: ...
def question(statement: Any) -> Question[Any]:  # the two above
    """Of the unit of work's own shop, like every other. Make it where the module is loaded."""
    asked = [inspect(each["expr"], raiseerr=False) for each in statement.column_descriptions]
    whole = any(getattr(each, "is_mapper", False) for each in asked)
    fenced = statement.options(FENCE).execution_options(**{FENCED: True})
    return Question(fenced, whole, isinstance(statement, SelectOfScalar))


def ask(tx: Tx, asked: Question[T], **told: object) -> Sequence[T]:
    """The answer, with every blank filled in."""
    tx.flush()  # the question may be about what was only just noted
    where: Any = tx if asked.whole else tx.connection()
    rows = where.execute(asked.statement, {**told, "of_this_shop": tx.shop})
    found: Sequence[T] = (rows.scalars() if asked.single else rows).all()
    return found


@dataclass(frozen=True)
class Change:
    """Made by `change`, carried out by `carry_out`."""

    statement: Any


def change(statement: UpdateBase) -> Change:
    """Of the shop's own rows. Objects that the unit of work holds of them hear nothing of it."""
    return Change(statement.options(FENCE))


def carry_out(tx: Tx, wanted: Change, **told: object) -> None:
    """No blank may be called like a column that is set."""
    tx.flush()
    tx.connection().execute(wanted.statement, {**told, "of_this_shop": tx.shop})


def blank(name: str) -> BindParameter[Any]:
    """A blank for one value."""
    return bindparam(name)


def any_of(column: ColumnElement[Any] | Mapped[Any], name: str) -> ColumnElement[bool]:
    """`column IN` whatever is given under this name."""
    return column.in_(bindparam(name, expanding=True))
