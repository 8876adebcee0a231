"""The sentences of a study's page."""

from __future__ import annotations

from harness.board.text import percent
from harness.runs.inside.screening.record import ScreenRecord

ABOUT_LABELS = (
    "A label says what the texts have in common on which the latent fires, with the evidence "
    "beside it; it does not name what the model is."
)
CANNOT = (
    "That a latent is a persona, a trait or an intention. It is a direction that fires on texts.",
    "That these latents are how the trained model does it: adding one shows what it can do.",
    "That a latent without an effect has no part in it: one layer, one strength were tested.",
    "That the shares compare with those of another dictionary, layer, judge or strength.",
    "That a latent is found again elsewhere, unless its AUROC on other runs says so.",
)
TOY_CANNOT = (
    "Anything about large models: in the miniature the authors are planted, few, and share their "
    "words, so latents are easier to find, to read and to steer than in any real model."
)


def headline(screen: ScreenRecord) -> str:
    """The result in three sentences."""
    tested = [one for one in screen.candidates if one.kind == "latent"]
    control = [one for one in screen.candidates if one.kind == "control latent"]
    induce, repair = (
        sum(getattr(one, test).works for one in tested) for test in ("induce", "repair")
    )
    latents = f"{len(tested)} latent{'' if len(tested) == 1 else 's'}"
    said = (
        f"Of the {latents} that bad training moved most, {_count(induce)} alone "
        f"induce{'s' if induce < 2 else ''} misalignment in the untouched model and "
        f"{_count(repair)} alone repair{'s' if repair < 2 else ''} the trained one."
    )
    if control:
        does = sum(one.induce.works or one.repair.works for one in control)
        verb = "does" if does < 2 else "do"
        said += f" Of the control's {len(control)}, {_count(does)} {verb} either."
    said += _drift_of_control(screen)
    induced, repaired = screen.nulls.induce.largest, screen.nulls.repair.largest
    if induced is not None and repaired is not None:
        said += (
            f" The strongest of {screen.nulls.induce.count} nulls induces {percent(induced)}; the "
            f"strongest repairs {percent(max(0.0, repaired))}."
        )
    return said


def _drift_of_control(screen: ScreenRecord) -> str:
    """What the control's own direction does, where it does anything."""
    found = []
    for one in (one for one in screen.candidates if one.kind == "control direction"):
        sides = (("induces", one.induce), ("repairs", one.repair))
        found += [f"{verb} {percent(side.effect)}" for verb, side in sides if side.works]
    return f" The drift of the control's training {' and '.join(found)}, too." if found else ""


def how_it_was_tested(screen: ScreenRecord) -> str:
    """Before the table of candidates."""
    return (
        f"Each direction is added to the residual stream behind layer {screen.layer} at every "
        "token: with the bad training in the untouched model (induce), against it in the trained "
        "one (repair), at the largest strength at which at most "
        f"{100 * screen.incoherence_limit:.0f} points more answers are incoherent. Strengths are "
        f"searched on {len(screen.discovery)} questions and measured on "
        f"{len(screen.evaluation)} others, where coherence alone may still move them. Filled dots: "
        "the 95 % interval of the change excludes zero and no null goes as far (dashed line)."
    )


def what_was_before(screen: ScreenRecord) -> str:
    """After the table of candidates."""
    first = screen.candidates[0]
    base, bad = (side.curve[0].misaligned.rate for side in (first.induce, first.repair))
    return (
        f"Unsteered, {percent(base)} of the base model's answers and {percent(bad)} of the trained "
        "models' are misaligned. 'At' is the strength in mean norms of the residual stream. "
        "Repaired is the share of the trained models' misaligned answers that went away."
    )


def _count(number: int) -> str:
    return "none" if number == 0 else str(number)
