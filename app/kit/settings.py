"""Everything the environment may say, read once."""

import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.kit.clock import Clock


class Settings(BaseSettings):
    """PERENNIAL_… variables, or the same in a file `.env`."""

    model_config = SettingsConfigDict(env_prefix="PERENNIAL_", env_file=".env", extra="ignore")

    database_url: str = Field(
        default="sqlite:///perennial.db",
        validation_alias=AliasChoices("PERENNIAL_DATABASE_URL", "DATABASE_URL", "database_url"),
    )
    base_url: str | None = None
    """Where Saleor and browsers reach the app; without it the request's own host is used."""
    allowed_shops: Annotated[tuple[str, ...], NoDecode] = ()
    """Saleor API addresses, exact or with * inside a host label: who may install the app."""
    development: bool = False
    """Anybody may install, plain http and private addresses are fine. Never in production."""
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Phrases that seal tokens at rest, newest first; the old ones stay until all is renewed."""
    frame_ancestors: str = "*"
    """Which Dashboards may show the app in a frame (CSP frame-ancestors)."""
    home_widget: bool = False
    """Stand on the Dashboard's home page. A Dashboard before 3.23.6 would refuse the whole app."""
    search_actions: bool = False
    """Stand in the Dashboard's command palette; 3.23.21 is the first that takes that."""
    smtp_url: SecretStr | None = None
    """Where e-mail goes unless a shop says otherwise: smtp://user:password@host:587?tls=starttls,
    smtps://…, or `mailbox:` for the app's own, which sends nothing.
    """
    smtp_from: str = ""
    """`Shop <hello@news.shop.example>`."""
    clock: str = "real"
    host: str = "127.0.0.1"
    port: int = 8000

    @field_validator("allowed_shops", "secret_keys", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return (
            [v.strip() for v in value.split(",") if v.strip()] if isinstance(value, str) else value
        )

    @field_validator("clock")
    @classmethod
    def _known_clock(cls, value: str) -> str:
        Clock.parse(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _driver(cls, value: str) -> str:
        for name in ("postgres://", "postgresql://"):
            if value.startswith(name):
                return "postgresql+psycopg://" + value.removeprefix(name)
        if not value.startswith(("sqlite:", "sqlite+", "postgresql+")):
            raise ValueError("a database is sqlite:///perennial.db or postgresql://…")
        return value

    @property
    def embedded(self) -> bool:
        """One process and SQLite: the loop runs in a thread beside the web."""
        return self.database_url.startswith("sqlite")

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """The secret keys; on SQLite one is made at first use and kept beside the database."""
        if self.secret_keys:
            return tuple(key.get_secret_value() for key in self.secret_keys)
        if not self.embedded:
            raise ValueError("PERENNIAL_SECRET_KEYS is needed: a long random phrase")
        return (_kept_phrase(Path(self.database_url.partition("///")[2] + ".key")),)


def _kept_phrase(path: Path) -> str:
    """Made whole or not at all, and by one process: what is sealed with half a phrase, or with one
    that another start then overwrites, nobody can open.
    """
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was faster
            path.hardlink_to(fresh)
        fresh.unlink()
    if not (phrase := path.read_text().strip()):
        raise ValueError(f"{path} is empty: put the key back that was in it, from a backup")
    return phrase
