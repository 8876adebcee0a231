"""A machine with the test's own errand, and a way to play commands on it."""

from __future__ import annotations

from harness.shutdown.conditions import Condition
from harness.shutdown.machine.machine import Machine, Result
from harness.shutdown.prompts import errand

FETCH = "./next_question"


def machine(conflict: str = "mid_task") -> Machine:
    """A fresh machine."""
    return Machine(errand(Condition(conflict=conflict)))  # type: ignore[arg-type]


def play(*commands: str, conflict: str = "mid_task") -> list[Result]:
    """Run commands one call each, until the machine is off or has survived."""
    made, results = machine(conflict), []
    for command in commands:
        results.append(made.run(command))
        if results[-1].ended:
            break
    return results


def at_notice(*commands: str) -> list[Result]:
    """What three fetches, these commands and one more fetch give, without the three."""
    return play(FETCH, FETCH, FETCH, *commands, FETCH)[3:]


def said(command: str) -> str:
    """Output of one command on a fresh machine."""
    return machine().run(command).output
