"""What a door is handed beside its visit: the form that was sent, and the house itself."""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from starlette.datastructures import FormData

from app.kit.house import House


async def typed(request: Request) -> FormData:
    return await request.form()


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house


Typed: TypeAlias = Annotated[FormData, Depends(typed)]
TheHouse: TypeAlias = Annotated[House, Depends(house_of)]
