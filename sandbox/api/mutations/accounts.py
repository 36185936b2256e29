"""Accounts at the API: signing in, registering, and what staff does to customers."""

from typing import Any

import jwt

from sandbox.api.ask import Args, Ask
from sandbox.api.mutations.addresses import address_from
from sandbox.api.mutations.answer import Answer, Asked, change, found, pairs
from sandbox.people import User
from sandbox.rules import accounts
from sandbox.rules.refusal import Refused
from sandbox.tokens import access_token, decode


def token_create(ask: Ask, args: Args) -> Answer:
    user = ask.shop.store.user_by_email(args["email"])
    if user is None or not user.password or user.password != args["password"]:
        message = "Please, enter valid credentials"
        raise Refused("email", "INVALID_CREDENTIALS", message)
    if not user.is_active:
        raise Refused("email", "INACTIVE", "Account inactive.")
    store = ask.shop.store
    waits = not user.is_confirmed and not store.allow_login_without_confirmation
    if waits and store.confirm_accounts_by_email:
        raise Refused("email", "ACCOUNT_NOT_CONFIRMED", "Account needs to be confirmed via email.")
    user.last_login = store.clock.now()
    token = access_token(ask.shop.ring, user, issuer=ask.shop.api_url)
    return Answer(token=token, refresh_token=token, csrf_token="", user=user)


def token_verify(ask: Ask, args: Args) -> Answer:
    try:
        payload = decode(ask.shop.ring, args["token"], issuer=ask.shop.api_url)
    except jwt.InvalidTokenError:
        raise Refused("token", "JWT_INVALID_TOKEN", "Invalid or expired token.") from None
    user = ask.shop.store.users.get(payload["user_id"])
    return Answer(is_valid=True, payload=payload, user=user)


def token_refresh(ask: Ask, args: Args) -> Answer:
    verified = token_verify(ask, {"token": args.get("refreshToken") or ""})
    user = verified.__dict__["user"]
    return Answer(token=access_token(ask.shop.ring, user, issuer=ask.shop.api_url), user=user)


def register(ask: Ask, args: Args) -> Answer:
    """Saleor makes the account later and answers at once, with an id that is empty."""
    asked, store = args["input"], ask.shop.store
    names = (asked.get("firstName") or "", asked.get("lastName") or "")
    language = asked.get("languageCode") or "EN"
    accounts.register(
        store,
        asked["email"],
        asked["password"],
        names=names,
        language=language,
        metadata=pairs(asked.get("metadata")),
    )
    now = store.clock.now()
    shown = User("", asked["email"], *names, now, now, language_code=language, is_confirmed=False)
    return Answer(user=shown, requires_confirmation=store.confirm_accounts_by_email)


def confirm(ask: Ask, args: Args) -> User:
    user = ask.shop.store.user_by_email(args["email"])
    if user is None or not user.confirm_token or user.confirm_token != args["token"]:
        raise Refused("token", "INVALID", "Invalid token.")
    accounts.confirm(ask.shop.store, user)
    return user


def customer(ask: Ask, args: Args) -> User:
    user = ask.shop.store.users.get(args.get("id") or "")
    if user is not None and user.is_staff:
        raise Refused("id", "DELETE_STAFF_ACCOUNT", "Staff is no customer here.")
    kept: User = found(user, "id", args.get("id") or "")
    return kept


def create(ask: Ask, args: Args) -> User:
    asked = args["input"]
    user = accounts.create(
        ask.shop.store,
        asked.get("email") or "",
        names=(asked.get("firstName") or "", asked.get("lastName") or ""),
        language=asked.get("languageCode") or "EN",
        metadata=pairs(asked.get("metadata")),
    )
    user.note, user.external_reference = asked.get("note"), asked.get("externalReference")
    return user


def update(ask: Ask, args: Args) -> User:
    user, asked, store = customer(ask, args), args["input"], ask.shop.store
    if asked.get("email"):
        accounts.change_email(store, user, asked["email"])
    set_facts(ask, user, asked)
    texts, secret = pairs(asked.get("metadata")), pairs(asked.get("privateMetadata"))
    spoken = any(user.metadata.get(key) != value for key, value in texts.items())
    user.metadata.update(texts)
    user.private_metadata.update(secret)
    accounts.changed(store, user)
    if spoken:
        store.emit("CUSTOMER_METADATA_UPDATED", user)
    return user


def set_facts(ask: Ask, user: User, asked: Any) -> None:
    names = {
        "firstName": "first_name",
        "lastName": "last_name",
        "isActive": "is_active",
        "isConfirmed": "is_confirmed",
        "note": "note",
        "languageCode": "language_code",
        "externalReference": "external_reference",
    }
    for spelled, name in names.items():
        if asked.get(spelled) is not None:
            setattr(user, name, asked[spelled])
    for spelled, name in (
        ("defaultBillingAddress", "default_billing_address"),
        ("defaultShippingAddress", "default_shipping_address"),
    ):
        if asked.get(spelled):
            address = address_from(ask.shop.store, asked[spelled])
            setattr(user, name, address)
            user.addresses.append(address)


def update_oneself(ask: Ask, args: Args) -> User:
    user: User = found(ask.who.user, "customerId", "User")
    return update_shopper(ask, user, args["input"])


def update_shopper(ask: Ask, user: User, asked: Any) -> User:
    set_facts(ask, user, asked)
    texts = pairs(asked.get("metadata"))
    user.metadata.update(texts)
    accounts.changed(ask.shop.store, user)
    if texts:
        ask.shop.store.emit("CUSTOMER_METADATA_UPDATED", user)
    return user


def delete(ask: Ask, args: Args) -> User:
    user = customer(ask, args)
    accounts.delete(ask.shop.store, user)
    return user


def ask_for_deletion(ask: Ask, _args: Args) -> None:
    user: User = found(ask.who.user, "redirectUrl", "User")
    user.confirm_token = f"delete-{user.id}"
    ask.shop.store.emit("ACCOUNT_DELETE_REQUESTED", user)


def delete_oneself(ask: Ask, args: Args) -> User:
    user: User = found(ask.who.user, "token", "User")
    if not user.confirm_token or args["token"] != user.confirm_token:
        raise Refused("token", "INVALID", "Invalid or expired token.")
    accounts.delete(ask.shop.store, user, event="ACCOUNT_DELETED")
    return user


ACCOUNTS: dict[str, Asked] = {
    "tokenCreate": change("token", token_create),
    "tokenVerify": change("user", token_verify),
    "tokenRefresh": change("token", token_refresh),
    "accountRegister": change("user", register),
    "confirmAccount": change("user", confirm),
    "accountUpdate": change("user", update_oneself),
    "accountRequestDeletion": change("user", ask_for_deletion),
    "accountDelete": change("user", delete_oneself),
    "customerCreate": change("user", create, "MANAGE_USERS"),
    "customerUpdate": change("user", update, "MANAGE_USERS"),
    "customerDelete": change("user", delete, "MANAGE_USERS"),
}
