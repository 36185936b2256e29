"""What only imports a shop's past loads no compiler, and every errand is where it is said to be."""

import subprocess
import sys
from importlib import import_module

import pytest

from app.agenda import AGENDA, COMPUTING
from app.kit.loop import Errand

LOADS = "import app.serving, sys; print('numba' in sys.modules, 'plotly' in sys.modules)"


def test_an_import_needs_no_compiler() -> None:
    told = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("errand", AGENDA.errands.values(), ids=AGENDA.errands)
def test_every_errand_has_its_code(errand: Errand) -> None:  # type: ignore[type-arg]
    module, name = errand.run.__module__, errand.run.__qualname__
    assert callable(getattr(import_module(module), name))


def test_what_an_import_leaves_to_the_server_stays_on_the_servers_agenda() -> None:
    light = AGENDA.without(*COMPUTING)
    left = AGENDA.errands.keys() - light.errands.keys()
    assert left == {job.kind for job in COMPUTING}
    assert light.decisions == AGENDA.decisions
    assert light.always == AGENDA.always
