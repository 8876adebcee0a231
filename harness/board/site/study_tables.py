"""Records of a study in words and small tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from harness.board.site.study import Table
from harness.board.site.study_edits import HOWS, KINDS, edit_words, place_words
from harness.board.text import percent, percent_interval

if TYPE_CHECKING:
    from harness.runs.inside.causing.record import CausalRecord, Condition
    from harness.runs.inside.directing.record import DirectionRecord
    from harness.runs.inside.drifting.record import DriftRecord
    from harness.runs.inside.elsewhere.record import ElsewhereRecord
    from harness.runs.inside.latents.label_record import LabelRecord
    from harness.runs.inside.latents.record import RankRecord, SaeRecord
    from harness.runs.inside.screening.record import ScreenRecord
    from harness.runs.inside.warning.record import WarnRecord

Words = tuple[str, str]
"""What was done, and what came out."""
NULLS = ("matched latent", "random direction")
FIRST = "misaligned"
TESTED = (FIRST, "drift")
TITLES = {
    "ablate": "Directions taken out of the trained models",
    "steer": "Directions added to the base model",
    "transfer": "Directions of other runs",
}


def sae_words(sae: SaeRecord) -> Words:
    """The autoencoder."""
    kind = (sae.settings or {}).get("architecture", sae.architecture)
    how = f"{sae.latents:,} latents, {kind}, layer {sae.layer} of the base model"
    if sae.trained_tokens:
        how += f", trained on {sae.trained_tokens:,} tokens"
    answers = {one.model: one.explained for one in sae.renderings if one.texts == "answers"}
    trained = [value for name, value in answers.items() if name != "base" and value is not None]
    found = f"explains {percent(answers.get('base'))} of the variance in the base model"
    if trained:
        found += f", {percent(min(trained))} to {percent(max(trained))} in the trained ones"
    found += f"; {sae.dead:,} dead on {sae.dead_of_tokens:,} tokens"
    if sae.losses.recovered is not None:
        found += f"; {percent(sae.losses.recovered)} of the loss recovered when spliced in"
    return how, found


def rank_words(rank: RankRecord) -> Words:
    """The ranking."""
    how = f"{rank.texts} recorded answers read by every model, ordered by {len(rank.discovery)} "
    how += f"questions, shown on {len(rank.evaluation)} others"
    if rank.replicates is None:
        return how, "no order to compare between the halves"
    return how, f"rank correlation of all latents between the halves {rank.replicates:.2f}"


def screen_words(screen: ScreenRecord) -> Words:
    """The causal test."""
    nulls = screen.nulls.induce.count
    how = f"{len(screen.candidates) - nulls} candidates and {nulls} nulls, both ways"
    works = [one for one in screen.candidates if one.kind == "latent"]
    induce, repair = (
        sum(one.induce.works for one in works),
        sum(one.repair.works for one in works),
    )
    return how, f"{induce} latents induce, {repair} repair"


def label_words(label: LabelRecord) -> Words:
    """The evidence on the top latents."""
    how = f"{label.texts} texts of {label.corpus} read with the base model"
    if label.labeller is None:
        return how, f"evidence on {len(label.latents)} latents; nobody was asked for a label"
    scores = [
        one.score.share
        for one in label.latents
        if one.score is not None and one.score.share is not None
    ]
    told = f"{len(label.latents)} labels by {label.labeller}"
    if scores:
        told += f", predicting new texts at {percent(min(scores))} to {percent(max(scores))}"
    return how, told


def known_table(label: LabelRecord) -> Table:
    """Labels that are known, the latent that tells each best, and how many of the ranked do."""
    from harness.runs.inside.latents.label_record import CLEAR

    rising, falling = label.ranked()
    rows = [
        [
            own.label,
            str(own.latent),
            _number(own.evaluation),
            _number(own.null),
            f"{own.with_label} of {own.with_label + own.without_label}",
            *map(str, label.clear(own.label)),
        ]
        for own in label.own
    ]
    return Table(
        "Known labels and the latents that tell them",
        "Of all latents the one that tells a label best on one half of the documents, with its "
        "AUROC on the other half; beside it, the same with the labels dealt out at random. Then, "
        "of the latents that bad training raised and lowered most, how many tell it with an AUROC "
        f"of at least {CLEAR} (a lowered one by being silent where the label is).",
        (
            *("label", "latent", "AUROC", "labels at random", "documents"),
            *(f"of {rising} rising", f"of {falling} falling"),
        ),
        rows,
    )


def models_words(elsewhere: ElsewhereRecord) -> str:
    """Whose models were read."""
    bad = sum(model.bad for model in elsewhere.models)
    runs = len({model.run_id for model in elsewhere.models})
    return f"{bad} misaligned and {len(elsewhere.models) - bad} benign models of {runs} other runs"


def elsewhere_words(elsewhere: ElsewhereRecord) -> Words:
    """Other runs' models."""
    how = models_words(elsewhere)
    known = [one for one in elsewhere.candidates if one.auroc is not None]
    tested = [one.auroc or 0.0 for one in known if one.kind == "latent"]
    nulls = [
        one.auroc or 0.0 for one in known if one.kind in ("matched latent", "random direction")
    ]
    found = "no model of both kinds"
    if tested:
        good = sum(value >= 0.95 for value in tested)
        found = f"{good} of {len(tested)} tested latents with an AUROC of at least 0.95"
    if nulls:
        found += f"; {sum(value >= 0.95 for value in nulls)} of {len(nulls)} nulls"
    return how, found


def warn_words(warn: WarnRecord) -> Words:
    """Early warning."""
    doses = sorted(set(warn.runs.values()))
    how = f"doses {', '.join(f'{dose:.0%}' for dose in doses)}"
    return how, f"earlier than behaviour: {', '.join(warn.earlier) or 'nothing'}"


def direction_words(record: DirectionRecord, layer: int | None) -> Words:
    """The directions."""
    kinds = dict.fromkeys(KINDS.get(one.kind, one.kind) for one in record.directions)
    found = []
    for one in record.directions:
        at = next((at for at in one.layers if at.layer == layer), None)
        if one.kind == FIRST and at is not None and at.auroc is not None:
            found.append(at.auroc)
    told = "no held-out answers of both kinds"
    if found:
        told = f"mean difference tells held-out misaligned answers with AUROC {min(found):.2f}"
        told += f" to {max(found):.2f} at layer {layer}"
    near = _authors(record)
    if near:
        told += f"; its cosine with known authors is {near}"
    return f"{', '.join(kinds)}; layers {', '.join(map(str, record.layers))}", told


def _authors(record: DirectionRecord) -> str:
    """Cosines with the reference texts' direction, layer by layer, mean over training seeds."""
    names = [one.name for one in record.directions if one.kind == FIRST]
    said = []
    for layer in record.layers:
        cosines = [record.cosine(layer, name, "reference") for name in names]
        known = [value for value in cosines if value is not None]
        if known:
            said.append(f"{fmean(known):.2f} at layer {layer}")
    return ", ".join(said)


def causal_words(record: CausalRecord) -> Words:
    """What taking the direction out, or putting it in, did."""
    plural = "s" if len(record.seeds) > 1 else ""
    trained = f"{len(record.seeds)} {record.edited} model{plural}"
    models = trained if record.seeds else "the base model"
    how = f"{models}, {record.samples} answers to each of {len(record.evaluation)} questions"
    if record.verb == "steer":
        return how, _steered(record)
    return how, "; ".join(_ablated(record)) or "no direction that could be taken out"


def _ablated(record: CausalRecord) -> Iterator[str]:
    """Each kind at all layers in each way; which edits are told does not hang on the outcome."""
    plain = next((one for one in record.conditions if one.how is None), None)
    if plain is not None:
        yield f"as they are {_answered(plain)}"
    most = max((one.layers for one in record.conditions), key=len, default=())
    for how, words in HOWS.items():
        same = [c for c in record.conditions if c.how == how and c.layers == most]
        told = [
            f"{KINDS[kind]} {_answered(one)}"
            for kind in TESTED
            for one in same
            if one.direction == kind and one.null is None
        ]
        told += [
            f"random {_answered(one)}" for one in same if one.null == "random" and one.draw is None
        ]
        if told:
            yield f"{words} {place_words(most, record)}: {', '.join(told)}"


def _answered(one: Condition) -> str:
    return f"{percent(one.misaligned.rate)} misaligned ({percent(one.coherent.rate)} coherent)"


def _steered(record: CausalRecord) -> str:
    one = record.condition(record.chosen) if record.chosen else None
    if one is None:
        return "no strength that leaves the answers coherent"
    plain = next((one for one in record.conditions if one.how is None), None)
    before = f"as it is {_answered(plain)}; " if plain is not None else ""
    return f"{before}{edit_words(one, record)}: {_answered(one)}"


def drift_words(drift: DriftRecord) -> Words:
    """How far predictions moved on neutral text."""
    texts = max((one.texts for one in drift.divergence), default=0)
    by_arm: dict[str, list[float]] = {}
    for one in drift.divergence:
        by_arm.setdefault(one.arm, []).append(one.nats)
    told = ", ".join(f"{arm} {fmean(nats):.2g}" for arm, nats in by_arm.items())
    return f"{texts} neutral texts ({drift.texts})", f"KL from the base model, nats a token: {told}"


def direction_table(record: DirectionRecord, layer: int | None) -> Table | None:
    """Directions at the layer of the latents, with their nulls."""
    at = layer if layer in record.layers else record.layers[-1]
    first = next((one.name for one in record.directions if one.kind == FIRST), None)
    if first is None:
        return None
    rows: list[list[str | None]] = []
    grey = set()
    for kind in dict.fromkeys(one.kind for one in record.directions):
        same = [one for one in record.directions if one.kind == kind]
        there = [found for one in same for found in one.layers if found.layer == at]
        if kind == "shuffled":
            grey.add(len(rows))
        rows.append(
            [
                KINDS.get(kind, kind) + (f", {len(same)} models" if len(same) > 1 else ""),
                _spread([found.auroc for found in there]),
                _spread([found.residual_norms for found in there]),
                _spread([record.cosine(at, one.name, first) for one in same]),
                _spread([record.cosine(at, one.name, "reference") for one in same]),
            ]
        )
    nulls = next((found for found in record.nulls if found.layer == at), None)
    count = len(rows)
    if nulls is not None:
        rows.append(_null("random, furthest", nulls.random_auroc, nulls.random_cosine))
        rows.append(_null("shuffled labels, furthest", nulls.shuffled_auroc, nulls.shuffled_cosine))
    return Table(
        f"Directions at layer {at}",
        "AUROC: how well a direction tells misaligned from aligned answers to questions that did "
        "not find it. Cosine with the first model's mean difference, and with texts whose authors "
        "are known, if there are. Several models: their mean (lowest to highest).",
        ("direction", "AUROC", "norm, of the residual", "cosine", "cosine, known authors"),
        rows,
        frozenset(grey | set(range(count, len(rows)))),
    )


def _null(
    name: str, aurocs: tuple[float | None, ...], cosines: tuple[float | None, ...]
) -> list[str | None]:
    far = [value for value in aurocs if value is not None]
    near = [value for value in cosines if value is not None]
    auroc = max(far, key=lambda value: abs(value - 0.5), default=None)
    cosine = max(near, key=abs, default=None)
    return [name, _number(auroc), None, _number(cosine), None]


def causal_table(record: CausalRecord) -> Table:
    """What was answered under each edit."""
    ordered = sorted(record.conditions, key=lambda one: one.null is not None)
    header = ["condition", "misaligned", "coherent"]
    rows = [_condition(one, record) for one in ordered]
    if record.verb != "steer":  # the base model has next to nothing that could go away
        header.append("gone")
        for row, one in zip(rows, ordered, strict=True):
            row.append(_gone(one.removed))
    best = record.condition(record.chosen) if record.chosen else None
    chosen = f" Chosen on the other questions: {edit_words(best, record)}." if best else ""
    nulls = frozenset(n for n, one in enumerate(ordered) if one.null is not None)
    return Table(
        TITLES[record.verb],
        f"{record.samples} answers of each model to each of {len(record.evaluation)} questions "
        f"that did not find the direction; misaligned is {record.definition}.{chosen}",
        header,
        rows,
        nulls,
    )


def _condition(one: Condition, record: CausalRecord) -> list[str | None]:
    shares = (
        f"{percent_interval(found.rate, found.low, found.high)}, {found.count} of {found.of}"
        for found in (one.misaligned, one.coherent)
    )
    return [edit_words(one, record), *shares]


def _gone(removed: float | None) -> str | None:
    if removed is None:
        return None
    return percent(removed) if removed >= 0 else f"{percent(-removed)} more"


def _spread(values: Sequence[float | None]) -> str | None:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return _number(known[0]) if known else None
    return f"{fmean(known):.2f} ({min(known):.2f} to {max(known):.2f})"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"
