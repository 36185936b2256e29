"""Accounts: registered, confirmed, changed, deleted; and what each of it tells the apps."""

import secrets
from collections.abc import Mapping

from sandbox.people import User
from sandbox.rules.refusal import Refused
from sandbox.store import Store


def register(
    store: Store,
    email: str,
    password: str,
    *,
    names: tuple[str, str] = ("", ""),
    language: str = "EN",
    metadata: Mapping[str, str] | None = None,
) -> User | None:
    """A shopper registers. A second registration with the same e-mail says and does nothing."""
    if store.user_by_email(email):
        return None
    user = new_user(store, email, names=names, language=language, metadata=metadata)
    user.password = password
    user.confirm_token = secrets.token_hex(16)
    user.is_confirmed = False
    if store.confirm_accounts_by_email:
        store.emit("ACCOUNT_CONFIRMATION_REQUESTED", user)
    store.emit("CUSTOMER_CREATED", user)
    return user


def create(
    store: Store,
    email: str,
    *,
    names: tuple[str, str] = ("", ""),
    language: str = "EN",
    metadata: Mapping[str, str] | None = None,
) -> User:
    """Staff creates a customer, who is unconfirmed until she sets a password."""
    if not email:
        raise Refused("email", "REQUIRED", "This field cannot be blank.")
    if store.user_by_email(email):
        raise Refused("email", "UNIQUE", "User with this Email already exists.")
    user = new_user(store, email, names=names, language=language, metadata=metadata)
    user.is_confirmed = False
    store.emit("CUSTOMER_CREATED", user)
    if metadata:
        store.emit("CUSTOMER_METADATA_UPDATED", user)
    return user


def new_user(
    store: Store,
    email: str,
    *,
    names: tuple[str, str],
    language: str,
    metadata: Mapping[str, str] | None = None,
) -> User:
    now = store.instant()
    return store.add_user(
        User(
            id=store.numbers.serial("User"),
            email=email.lower(),
            first_name=names[0],
            last_name=names[1],
            date_joined=now,
            updated_at=now,
            language_code=language,
            metadata=dict(metadata or {}),
        )
    )


def confirm(store: Store, user: User) -> None:
    """The shopper follows the link in the mail: only ACCOUNT_CONFIRMED is sent."""
    user.is_confirmed = True
    user.confirm_token = ""
    user.updated_at = store.instant()
    store.emit("ACCOUNT_CONFIRMED", user)


def change_email(store: Store, user: User, email: str) -> None:
    if store.user_by_email(email) not in (None, user):
        raise Refused("email", "UNIQUE", "User with this Email already exists.")
    store.users_by_email.pop(user.email.lower(), None)
    user.email = email.lower()
    store.users_by_email[user.email] = user


def changed(store: Store, user: User) -> None:
    user.updated_at = store.instant()
    store.emit("CUSTOMER_UPDATED", user)


def delete(store: Store, user: User, *, event: str = "CUSTOMER_DELETED") -> None:
    """Gone: her carts with her, her orders stay with their e-mail and without a user."""
    for order in store.orders_of(user):
        order.user = None
    for cart in [one for one in store.checkouts.values() if one.user is user]:
        del store.checkouts[cart.id]
    store.users.pop(user.id, None)
    store.users_by_email.pop(user.email.lower(), None)
    user.is_deleted = True
    store.emit(event, user)
