"""What a door is handed beside its visit: the form that was sent, and the house itself."""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from starlette.datastructures import FormData

from app.kit.house import House
from app.web.door import caller_of
from app.web.limits import BEARER, OF_STAFF


async def typed(request: Request) -> FormData:
    """The form. A large one is read only from who has proved who it is; that of a widget, which
    holds its token itself, is small.
    """
    if BEARER in request.headers:
        await caller_of(request)
    return await request.form(max_part_size=OF_STAFF)


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house


Typed: TypeAlias = Annotated[FormData, Depends(typed)]
TheHouse: TypeAlias = Annotated[House, Depends(house_of)]
