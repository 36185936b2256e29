"""Journeys back: when something runs out, somebody stays away, something is there again."""

from datetime import timedelta

from app.journeys.recipes.base import (
    BOUND,
    LEAST,
    Choice,
    Options,
    Recipe,
    block,
    bound,
    heading,
    letter,
    text,
    three,
)
from app.journeys.rules import Condition, Definition, Offer, Reentry, Send, Trigger, Wait

RUNS_OUT = three(
    "replenish-1",
    "Replenishment",
    en=letter(
        "Running low?",
        "It may be time for more",
        heading("It may be time for more"),
        text("{{ first_name|fallback('Hello') }}, going by your last order this may soon run out."),
        block("products", most=3),
    ),
    pt=letter(
        "Está acabando?",
        "Talvez seja hora de repor",
        heading("Talvez seja hora de repor"),
        text("{{ first_name|fallback('Olá') }}, pelo seu último pedido, isto deve estar no fim."),
        block("products", most=3),
    ),
    pl=letter(
        "Kończy się?",
        "Może pora uzupełnić zapas",
        heading("Może pora uzupełnić zapas"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, sądząc po ostatnim zamówieniu,"
            " to się kończy."
        ),
        block("products", most=3),
    ),
)
AWAY = three(
    "winback-1",
    "Win-back",
    en=letter(
        "It has been a while",
        "This is new since you were here",
        heading("It has been a while"),
        text("{{ first_name|fallback('Hello') }}, this is what people like now."),
        block("recommendations", title="Since you were here", most=3),
    ),
    pt=letter(
        "Faz um tempinho",
        "Novidades desde a sua última visita",
        heading("Faz um tempinho"),
        text("{{ first_name|fallback('Olá') }}, veja o que está agradando agora."),
        block("recommendations", title="Desde a sua visita", most=3),
    ),
    pl=letter(
        "Trochę czasu minęło",
        "Co nowego od ostatniej wizyty",
        heading("Trochę czasu minęło"),
        text("{{ first_name|fallback('Dzień dobry') }}, oto co teraz się podoba."),
        block("recommendations", title="Od ostatniej wizyty", most=3),
    ),
)
AWAY_WITH_CODE = three(
    "winback-2",
    "Win-back, with a code",
    en=letter(
        "We would like you back",
        "A personal code, for a fortnight",
        text("{{ first_name|fallback('Hello') }}, here is a reason to look in again."),
        block("code", text="Your personal code"),
    ),
    pt=letter(
        "Sentimos a sua falta",
        "Um código pessoal por duas semanas",
        text("{{ first_name|fallback('Olá') }}, aqui vai um motivo para voltar."),
        block("code", text="Seu código pessoal"),
    ),
    pl=letter(
        "Brakuje nam Ciebie",
        "Osobisty kod na dwa tygodnie",
        text("{{ first_name|fallback('Dzień dobry') }}, oto powód, by znów zajrzeć."),
        block("code", text="Twój osobisty kod"),
    ),
)
SUNSET = three(
    "winback-3",
    "Sunset",
    en=letter(
        "Shall we stop writing?",
        "We would rather be quiet than a nuisance",
        text(
            "You have not been here for a long time. If you do nothing, we will write less. If you"
            " want to hear from us, come and look around; if not, the link below ends it at once."
        ),
    ),
    pt=letter(
        "Paramos de escrever?",
        "Preferimos o silêncio a incomodar",
        text(
            "Faz muito tempo que você não passa por aqui. Se não fizer nada, escreveremos menos. Se"
            " quiser receber notícias, apareça; se não, o link abaixo encerra na hora."
        ),
    ),
    pl=letter(
        "Przestać pisać?",
        "Wolimy ciszę niż natręctwo",
        text(
            "Dawno Cię u nas nie było. Bez żadnej reakcji będziemy pisać rzadziej. Chcesz dostawać"
            " wieści – zajrzyj do nas; nie chcesz – link poniżej kończy to od razu."
        ),
    ),
)
THERE_AGAIN = three(
    "stock-1",
    "Back in stock",
    en=letter(
        "Back in stock",
        "You wanted to know",
        heading("It is back"),
        text("{{ first_name|fallback('Hello') }}, what you were waiting for is here again."),
        block("products", most=1),
    ),
    pt=letter(
        "De volta ao estoque",
        "Você pediu para saber",
        heading("Voltou"),
        text("{{ first_name|fallback('Olá') }}, o que você esperava está aqui de novo."),
        block("products", most=1),
    ),
    pl=letter(
        "Znowu w sprzedaży",
        "Zgodnie z prośbą dajemy znać",
        heading("Już jest"),
        text("{{ first_name|fallback('Dzień dobry') }}, to, na co czekasz, znów jest dostępne."),
        block("products", most=1),
    ),
)


def replenish(_: Options) -> Definition:
    """RC-3: at the 25th percentile of the gaps between repeat buys."""
    return Definition(
        trigger=Trigger.REPLENISHMENT_DUE,
        steps=(Send(key="runs-out", message=RUNS_OUT.key),),
        exits=(Trigger.ORDER_PAID,),
        reentry=Reentry(days=14),
        priority=4,
    )


def winback(options: Options) -> Definition:
    """Of whoever slips: news, then a code, then one honest question, then silence (FC-6)."""
    away = {"fact": "last_order", "more_than": 60}
    return Definition(
        trigger=Trigger.SEGMENT_ENTERED,
        of="slipping",
        steps=(
            Send(key="news", message=AWAY.key),
            Wait(key="wait-1", span=timedelta(days=options["second"])),
            Condition(key="still-away", holds=away),
            Offer(
                key="offer",
                percent_hundredths=options["percent"] * 100,
                days=14,
                bound=bound(options),
                least=options["least"],
                else_to="wait-2",
            ),
            Send(key="code", message=AWAY_WITH_CODE.key),
            Wait(key="wait-2", span=timedelta(days=options["third"])),
            Condition(key="away-for-good", holds=away),
            Send(key="sunset", message=SUNSET.key),
        ),
        exits=(Trigger.ORDER_PAID,),
        reentry=Reentry(days=180),
        priority=6,
    )


def there_again(_: Options) -> Definition:
    return Definition(
        trigger=Trigger.BACK_IN_STOCK,
        steps=(Send(key="back", message=THERE_AGAIN.key, valid_for=timedelta(hours=24)),),
        reentry=Reentry(days=0),
        priority=3,
    )


REFILLING = Recipe("replenish", replenish, (RUNS_OUT,))
WINNING = Recipe(
    "winback",
    winback,
    (AWAY, AWAY_WITH_CODE, SUNSET),
    (
        Choice("second", 14, 7, 60, "days"),
        Choice("third", 30, 14, 120, "days"),
        Choice("percent", 10, 0, 30, "percent"),
        BOUND,
        LEAST,
    ),
)
STOCKING = Recipe("stock", there_again, (THERE_AGAIN,))
