"""Words that the app itself needs: the question of a double opt-in, and a goodbye."""

from app.kit.tx import Tx
from app.messages import library
from app.messages.library import Block, Draft, Letter, Note
from app.messages.rules import Purpose

CONFIRM, GOODBYE = "perennial.confirm", "perennial.goodbye"


def _question(subject: str, heading: str, text: str, label: str, small: str) -> Letter:
    return Letter(
        subject=subject,
        blocks=(
            Block(kind="heading", text=heading),
            Block(kind="text", text=text),
            Block(kind="button", label=label, link="{{ link }}"),
            Block(kind="text", text=small),
        ),
    )


QUESTION = Draft(
    key=CONFIRM,
    name="Please confirm your address",
    purpose=Purpose.SERVICE,
    variants={
        "email": {
            "en": _question(
                "Please confirm your address",
                "Is this your address?",
                "Somebody, probably you, asked {{ shop_name }} to send news to this address. "
                "Press the button and it begins; the link works for three days.",
                "Yes, send me news",
                "If it was not you, do nothing: without that press nothing is sent, and the "
                "address is deleted after 14 days.",
            ),
            "pt_BR": _question(
                "Confirme seu e-mail",
                "Este endereço é seu?",
                "Alguém, provavelmente você, pediu para {{ shop_name }} enviar novidades a este "
                "endereço. Clique no botão para começar; o link vale por três dias.",
                "Sim, quero receber",
                "Se não foi você, não faça nada: sem esse clique nada será enviado, e o endereço "
                "será apagado em 14 dias.",
            ),
            "pl": _question(
                "Potwierdź swój adres",
                "Czy to Twój adres?",
                "Ktoś, prawdopodobnie Ty, poprosił sklep {{ shop_name }} o przesyłanie nowości na "
                "ten adres. Naciśnij przycisk, aby zacząć; link działa trzy dni.",
                "Tak, chcę je dostawać",
                "Jeśli to nie Ty, nic nie rób: bez tego kliknięcia niczego nie wyślemy, a adres "
                "usuniemy po 14 dniach.",
            ),
        }
    },
)
BYE = Draft(
    key=GOODBYE,
    name="No more messages",
    purpose=Purpose.SERVICE,
    variants={
        channel: {
            "en": Note(text="{{ shop_name }}: done, you will get no more messages."),
            "pt_BR": Note(text="{{ shop_name }}: pronto, você não receberá mais mensagens."),
            "pl": Note(text="{{ shop_name }}: gotowe, nie dostaniesz już wiadomości."),
        }
        for channel in ("sms", "whatsapp")
    },
)


def make_sure(tx: Tx) -> None:
    """They are there, in the shop's own words if it has changed them."""
    for draft in (QUESTION, BYE):
        library.ensure(tx, draft)
