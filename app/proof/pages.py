"""DOOR 3 of proof: what automations really brought, and what is being tried."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.kit.house import House
from app.kit.tx import Tx
from app.proof import arms, form, showing, steps_pages
from app.proof.form import WrongError
from app.proof.proposing import proposed
from app.trials import flows as trials
from app.trials import queries
from app.trials.rules import Kind, Mode
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)
router.include_router(steps_pages.router)

CHANGES = "MANAGE_APPS"
MOST = 0.5


@router.get("/app/proof")
def proof_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _automations(page, visit.tx, visit.caller)


def _automations(page: Page, tx: Tx, caller: Caller, *, saved: bool = False) -> HTMLResponse:
    shown = showing.automations(tx, may_change=caller.may(CHANGES), saved=saved)
    return page("proof/proof.html", shown=shown)


@router.post("/app/proof")
def change_holdouts(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """HO-1, HO-2, HO-9: how much is held back, of what, and what was promised."""
    caller.must(CHANGES)
    told = {name: str(value) for name, value in fields.items()}

    def change(tx: Tx) -> None:
        if (mode := told.get("mode", "")) in {*Mode}:
            trials.set_mode(tx, told.get("subject", ""), Mode(mode))
            return
        share = min(int(told.get("share", "") or 0), 100) / 100 if _whole(told) else None
        trials.terms(
            tx,
            **({} if share is None else {"share": min(share, MOST)}),
            everywhere=0.05 if "everywhere" in told else 0.0,
            prove_first="prove_first" in told,
        )
        if "promised" in told:
            trials.promise(tx, trials.TIERS)

    house.do(caller.shop, change)
    with house.look(caller.shop) as tx:
        return _automations(page, tx, caller, saved=True)


def _whole(told: dict[str, str]) -> bool:
    return told.get("share", "").isdecimal()


@router.get("/app/proof/tests")
def tests_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    shown = showing.tests(visit.tx, may_change=visit.caller.may(CHANGES), typed={})
    return page("proof/tests.html", shown=shown)


@router.post("/app/proof/tests")
def change_tests(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """AB-3: first the plan is shown; then it starts. AB-9: or the owner decides herself."""
    caller.must(CHANGES)
    told = {name: str(value) for name, value in fields.items()}
    match told.get("do", ""):
        case "stop" | "winner":
            house.do(caller.shop, lambda tx: _decide(tx, told))
            return _tests(page, house, caller, told={}, saved=True)
        case "start":
            return _start(page, house, caller, told)
    if "less" in told or told.get("do") == "more":
        return _refilled(page, house, caller, told)
    with house.look(caller.shop) as tx:
        may = caller.may(CHANGES)
        try:
            draft = form.read(tx, told, page.locale)
        except WrongError as wrong:
            shown = showing.tests(tx, may_change=may, typed=told, wrong=wrong)
            return page("proof/tests.html", status=422, shown=shown)
        plan = proposed(tx, draft.wish)
        shown = showing.tests(tx, may_change=may, typed=told, proposed=plan)
        return page("proof/tests.html", shown=shown)


def _refilled(page: Page, house: House, caller: Caller, told: dict[str, str]) -> HTMLResponse:
    """The form with an arm more, or with one less; the arm to look at has the focus."""
    less = told.pop("less", "")
    told = arms.without(told, less) if less else arms.with_more(told)
    named = arms.arms(told)
    new = less if less in named else named[-1]
    with house.look(caller.shop) as tx:
        shown = showing.tests(tx, may_change=caller.may(CHANGES), typed=told, new=new)
    return page("proof/tests.html", shown=shown)


def _start(page: Page, house: House, caller: Caller, told: dict[str, str]) -> HTMLResponse:
    by = caller.viewer.user_id

    def start(tx: Tx) -> None:
        draft = form.read(tx, told, page.locale)
        form.begin(tx, draft, proposed(tx, draft.wish), by=by)

    try:
        house.do(caller.shop, start)
    except WrongError as wrong:
        return _tests(page, house, caller, told=told, wrong=wrong)
    return _tests(page, house, caller, told={}, saved=True)


def _tests(
    page: Page,
    house: House,
    caller: Caller,
    *,
    told: dict[str, str],
    wrong: WrongError | None = None,
    saved: bool = False,
) -> HTMLResponse:
    with house.look(caller.shop) as tx:
        shown = showing.tests(
            tx, may_change=caller.may(CHANGES), typed=told, wrong=wrong, saved=saved
        )
    return page("proof/tests.html", status=422 if wrong else 200, shown=shown)


def _decide(tx: Tx, told: dict[str, str]) -> None:
    trial = queries.by_id(tx, int(told["test"])) if told.get("test", "").isdecimal() else None
    if trial is None or trial.kind != Kind.TEST or trial.ended_at:
        return
    arm = told.get("arm", "")
    if told["do"] == "winner" and arm in [one["name"] for one in trial.arms]:
        trials.promote(tx, trial, arm)
    elif told["do"] == "stop":
        trials.close(tx, trial)
