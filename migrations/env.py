"""Alembic's way in. `House.migrate` hands it a connection; by hand it opens the settings' own.

alembic -c migrations/alembic.ini revision --autogenerate -m "what changes"
"""

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

from app import agenda  # every table of the house but what only pages know
from app.api import tables as of_machines
from app.kit.house import open_engine
from app.kit.settings import Settings
from app.kit.tx import Instant
from app.today import tables as of_today

assert agenda.AGENDA
assert of_machines.ApiKey
assert of_today.Goal


def as_plain_type(kind: str, thing: object, _: object) -> str | bool:
    """An Instant is a timestamp with a zone to the database: a migration needs no code of ours."""
    if kind == "type" and isinstance(thing, Instant):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite alters a table by making it anew
        render_item=as_plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


if given := context.config.attributes.get("connection"):
    run(given)
else:
    with open_engine(Settings().database_url).begin() as opened:
        run(opened)
