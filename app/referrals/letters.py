"""FB-6, RF-1: two letters to an advocate: would she pass the shop on, and a friend has bought.

They are marketing and go the way of every letter: by consent, caps, hours and brakes. Neither says
who the friend is.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from app.customers import queries as customers
from app.journeys.naming import decision_of
from app.journeys.recipes.base import block, heading, letter, text, three
from app.kit.tx import Tx
from app.loyalty import cards, coupons
from app.messages import flows as messages
from app.messages import library
from app.messages.flows import Request
from app.messages.rules import Priority, RefusedError, Word
from app.messages.tables import Send
from app.referrals import flows, queries
from app.referrals.flows import Opener
from app.referrals.rules import State
from app.referrals.tables import Referral

CAMPAIGN = "referral"
ASK, THANK = "ask", "thank"
VALID = timedelta(days=7)

PASS_ON = three(
    "referral-ask",
    "Would you pass us on?",
    en=letter(
        "Would you tell a friend?",
        "You said you would recommend us",
        heading("Would you tell a friend?"),
        text(
            "{{ first_name|fallback('Hello') }}, you said that you would recommend {{ shop_name }}."
            " This link is yours, to pass on:"
        ),
        text("{{ link }}"),
        text(
            "Whoever opens it gets {{ friend_gets }} off a first order. Once that is paid and can"
            " no longer be returned, we thank you with a code of your own."
        ),
    ),
    pt=letter(
        "Você contaria a alguém?",
        "Você disse que nos recomendaria",
        heading("Você contaria a alguém?"),
        text(
            "{{ first_name|fallback('Olá') }}, você disse que recomendaria {{ shop_name }}. Este"
            " link é seu, para passar adiante:"
        ),
        text("{{ link }}"),
        text(
            "Quem abrir ganha {{ friend_gets }} de desconto no primeiro pedido. Quando ele estiver"
            " pago e não puder mais ser devolvido, agradecemos com um código só seu."
        ),
    ),
    pl=letter(
        "Powiesz o nas komuś znajomemu?",
        "Z Twojej oceny wynika, że nas polecisz",
        heading("Powiesz o nas komuś znajomemu?"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, z Twojej oceny wynika, że polecisz"
            " {{ shop_name }}. Oto Twój własny link do przekazania:"
        ),
        text("{{ link }}"),
        text(
            "Kto go otworzy, dostanie {{ friend_gets }} zniżki na pierwsze zamówienie. Gdy będzie"
            " opłacone i minie czas na zwrot, podziękujemy Ci osobistym kodem."
        ),
    ),
)
THANKS = three(
    "referral-thanks",
    "A friend has bought: thank you",
    en=letter(
        "A friend bought with your link: thank you",
        "Here is your code",
        heading("Thank you for passing us on"),
        text(
            "{{ first_name|fallback('Hello') }}, somebody you told of {{ shop_name }} has bought."
        ),
        block("code", text="This is for you"),
    ),
    pt=letter(
        "Alguém comprou com o seu link: obrigado",
        "Aqui está o seu código",
        heading("Obrigado por nos indicar"),
        text(
            "{{ first_name|fallback('Olá') }}, alguém a quem você indicou {{ shop_name }} comprou."
        ),
        block("code", text="Isto é para você"),
    ),
    pl=letter(
        "Ktoś kupił z Twojego linku: dziękujemy",
        "Oto Twój kod",
        heading("Dziękujemy za polecenie"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, osoba, której polecasz {{ shop_name }},"
            " zrobiła zakupy."
        ),
        block("code", text="To dla Ciebie"),
    ),
)


def ensure(tx: Tx) -> None:
    """There to be read and changed, as soon as links are on."""
    for draft in (PASS_ON, THANKS):
        library.ensure(tx, draft)


def may_ask(tx: Tx, person: int) -> bool:
    return flows.running(tx) and flows.may_share(tx, customers.person(tx, person))


def ask(tx: Tx, person: int, *, survey: int) -> None:
    """FB-6: of somebody who would recommend the shop; once a survey."""
    if may_ask(tx, person):
        _request(tx, person, f"{CAMPAIGN}:{ASK}:{survey}", ASK, {})


def thank(tx: Tx, referral: Referral) -> None:
    """RF-1: her reward is good in Saleor. Once a reward."""
    key = f"{CAMPAIGN}:{THANK}:{referral.id}:{referral.turn}"
    _request(tx, referral.person, key, THANK, {"referral": referral.id})


def _request(tx: Tx, person: int, key: str, step: str, context: Mapping[str, object]) -> None:
    ensure(tx)
    messages.request(
        tx,
        Request(
            key=key, person=person, message=(PASS_ON if step == ASK else THANKS).key,
            campaign=CAMPAIGN, step=step, priority=Priority.LOYALTY, context=context, due=tx.now,
            not_after=tx.now + VALID, decision=decision_of(tx.shop, key, tx.now),
        ),
    )  # fmt: skip


def supply(tx: Tx, send: Send, *, base: str, open_: Opener) -> Mapping[str, object]:
    """Said a moment before it leaves. Raises RefusedError where it would no longer be true."""
    if send.campaign != CAMPAIGN or send.person is None:
        return {}
    return _link(tx, send.person, base, open_) if send.step == ASK else _reward(tx, send)


def _link(tx: Tx, person: int, base: str, open_: Opener) -> Mapping[str, object]:
    whose, terms = customers.person(tx, person), queries.terms(tx)
    if whose is None or terms is None or not may_ask(tx, person):
        raise RefusedError(Word.NOTHING_LEFT)
    percent = f"{Decimal(terms.percent_hundredths).scaleb(-2).normalize():f}%"
    return {"link": flows.link_of(tx, whose, base=base, open_=open_), "friend_gets": percent}


def _reward(tx: Tx, send: Send) -> Mapping[str, object]:
    referral = queries.by_id(tx, int(send.context.get("referral") or 0))
    code = coupons.by_id(tx, referral.reward) if referral else None
    stands = referral is not None and referral.state == State.REWARDED.value
    if code is None or not stands or code.used_at or (code.ends_at or tx.now) <= tx.now:
        raise RefusedError(Word.NOTHING_LEFT)
    percent = Decimal(coupons.percent_of(tx, code)).scaleb(-2)
    told: dict[str, object] = {"text": code.code, "ends_at": code.ends_at, "percent": percent}
    if worth := cards.worth(code):
        told["worth"] = worth
    return {"code": told}
