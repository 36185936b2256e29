"""The second lock: PostgreSQL itself shows a transaction only the rows of the shop it works for.

`Tx` filters every ORM statement by its shop. A statement that gets past that meets PostgreSQL's
row-level security: each table of shops has a policy that compares its shop with a setting of the
transaction, and where nothing is set there is nothing to see. Superusers and roles with BYPASSRLS
are above policies: the app's own role should be neither (docs/decisions/0006).
"""

from sqlalchemy import Connection
from sqlmodel import SQLModel

SETTING = "perennial.shop"
EVERY = "every"
"""Set by the few who work for all shops at once: the intake's writer and the loop's look around."""
POLICY = "of_the_shop"


def open_for(connection: Connection, shop: int | str) -> None:
    """Until this transaction ends it sees the rows of that shop, or of EVERY one."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT set_config('{SETTING}', %s, true)", (str(shop),))


def lock_rows(connection: Connection) -> None:
    """Give each table of shops its policy, where it has none yet. Its owner is bound by it too."""
    if connection.dialect.name != "postgresql":
        return
    asked = "SELECT tablename FROM pg_policies WHERE schemaname = current_schema()"
    locked = set(connection.exec_driver_sql(asked).scalars())
    told = f"current_setting('{SETTING}', true)"
    for table in SQLModel.metadata.sorted_tables:
        if "shop" not in table.columns or table.name in locked:
            continue
        name = connection.dialect.identifier_preparer.quote(table.name)
        for order in (
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {POLICY} ON {name} USING (shop::text = {told} OR {told} = '{EVERY}')",
        ):
            connection.exec_driver_sql(order)
