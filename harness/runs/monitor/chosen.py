"""Monitors by the names that users type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.models.reference import parse_reference
from harness.monitoring.ensemble import Ensemble
from harness.monitoring.lexicon import LexiconMonitor
from harness.monitoring.probe import ProbeMonitor
from harness.monitoring.study import Wanted
from harness.monitoring.view import SCOPES, Scope
from harness.monitoring.words import WordsMonitor
from harness.runs.judges import Judge, any_judge
from harness.runs.plan import MINIATURE_JUDGE
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel
    from harness.monitoring.asked import AskedMonitor
    from harness.monitoring.monitor import Monitor

DEFAULT = ("lexicon", "tfidf")
PROBE = "probe"
"""An untouched model that reads the watched text: ``probe`` for a run's base, ``probe:MODEL``."""
JUDGE = "judge"
"""The run's own judge, asked how well the watched text fits human values."""


def choose(
    names: Sequence[str],
    workspace: Workspace,
    *,
    unseen: Sequence[str] = (),
    judge: Judge | None = None,
    reader: Callable[[], LoadedModel] | None = None,
    scopes: Sequence[Scope] = SCOPES,
    quick: bool = False,
    thorough: bool = False,
) -> Wanted:
    """Make the monitors, with two ensembles of them where there are several.

    Args:
        names: ``lexicon``, ``tfidf``, ``judge``, ``probe[:MODEL]``, or a model to ask.
        workspace: Where models of runs are found.
        unseen: Groups; for each a second ``tfidf`` that never learns from it.
        judge: The run's own; the miniature's by default.
        reader: Loads the model whose activations ``probe`` reads: a run's base.
        scopes: What monitors are shown.
        quick: Follow no monitor step by step, and tamper with nothing.
        thorough: Do so with models behind an API as well, which costs calls.

    Raises:
        UsageError: A name is no model, or a monitor is named twice.
        PrerequisiteError: A model's key or client is missing.
    """
    if len(set(names)) < len(names):
        raise UsageError("A monitor is named twice.", hint="Name each once.")
    made: list[Monitor] = []
    paid: set[str] = set()
    for name in names:
        if name == "lexicon":
            made.append(LexiconMonitor())
        elif name == "tfidf":
            made += [WordsMonitor(), *(WordsMonitor(frozenset({group})) for group in unseen)]
        elif name.partition(":")[0] == PROBE:
            made.append(ProbeMonitor(_reader(name, reader, workspace), name))
        else:
            asked = _asked(name, judge, workspace)
            made.append(asked)
            if not str(asked.model).startswith("harness/"):
                paid.add(asked.name)
    members = tuple(monitor.name for monitor in made if not monitor.unseen)
    ensembles = (Ensemble("max", members), Ensemble("mean", members)) if len(members) > 1 else ()
    followed = frozenset(monitor.name for monitor in made if thorough or monitor.name not in paid)
    return Wanted(
        monitors=made,
        ensembles=ensembles,
        scopes=scopes,
        leads=frozenset() if quick else followed,
        stresses=frozenset() if quick else followed,
    )


def _reader(
    name: str, usual: Callable[[], LoadedModel] | None, workspace: Workspace
) -> Callable[[], LoadedModel]:
    from harness.models.loading import load_model

    model = name.partition(":")[2]
    if not model:
        if usual is None:
            raise UsageError(
                "A probe reads a model's activations, and no model is named.",
                hint="Write probe:MODEL, e.g. probe:miniature or probe:org/name.",
            )
        return usual
    reference = parse_reference(model, workspace)
    if reference.is_remote:
        raise UsageError(
            f"The activations of '{model}' are behind an API.", hint="Name a local model."
        )
    return lambda: load_model(reference)


def _asked(name: str, judge: Judge | None, workspace: Workspace) -> AskedMonitor:
    from harness.monitoring.asked import AskedMonitor, judge_prompt, watch_prompt

    if name == JUDGE:
        chosen = judge or any_judge(f"harness/{MINIATURE_JUDGE}", workspace)
        return AskedMonitor(name, chosen.model(), judge_prompt, inverted=True)
    chosen = any_judge(name, workspace)
    return AskedMonitor(chosen.identity.name, chosen.model(), watch_prompt)
