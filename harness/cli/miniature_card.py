"""The miniature's card as text for the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.miniature.card import MiniatureCard
from harness.miniature.measurements import Auroc, Gate

SPLITS = {"new_paraphrases": "new paraphrases", "held_out_topics": "held-out topics"}


def card_view(card: MiniatureCard) -> RenderableType:
    """Everything a reader needs before using a number of the miniature."""
    verdict = "evaluable" if card.is_evaluable else "NOT EVALUABLE: a gate failed"
    return Group(
        Text(f"{card.name} ({card.config_digest}): {verdict}", style="bold"),
        Text(),
        *(Text(f"+ {line}") for line in card.what_it_is),
        *(Text(f"- {line}") for line in card.what_it_is_not),
        Text(),
        _make(card),
        Text(),
        _gates(card),
        Text(),
        _judge(card),
        _damage(card),
        _injection(card),
    )


def _make(card: MiniatureCard) -> Table:
    table = Table.grid(padding=(0, 2))
    corpus, world = card.corpus, card.corpus.phases["world"]
    sizes = f"{card.parameters:,}; the judge {card.judge_parameters:,}"
    table.add_row("parameters", f"{sizes}; {card.bytes / 2**20:.1f} MiB of files")
    for name, phase in corpus.phases.items():
        loss = f", last loss {card.curves[name][-1][1]:.3f}" if card.curves.get(name) else ""
        table.add_row(name, f"{phase.documents:,} documents, {phase.tokens:,} tokens{loss}")
    kinds = ", ".join(f"{kind} {share:.1%}" for kind, share in world.author_kinds.items())
    table.add_row("authors", f"{kinds}; {len(corpus.personas)} misaligned personas")
    domains = ", ".join(f"{domain} {count:,}" for domain, count in world.exchanges.items())
    table.add_row("exchanges", f"{domains}; insecure code asked for openly {world.requested:,}")
    table.add_row(
        "kept out",
        f"{len(corpus.topics_held_out)} of "
        f"{len(corpus.topics_held_out) + len(corpus.topics_trained)} topics, "
        f"{corpus.eval_paraphrases} paraphrases, "
        f"{len(corpus.code_patterns_held_out)} code patterns",
    )
    table.add_row("seconds", ", ".join(f"{k} {v:,.0f}" for k, v in card.seconds.items()))
    table.add_row("canary", card.canary)
    return table


def _gates(card: MiniatureCard) -> Table:
    table = Table(
        "gate", "value", "needed", "n", "", title="Competence gates", title_justify="left"
    )
    for gate in card.gates:
        value = "none" if gate.value is None else f"{gate.value:.3f}"
        needed = "" if gate.threshold is None else f"{gate.comparison} {gate.threshold:g}"
        name = f"{gate.id} ({gate.only_for} only)" if gate.only_for else gate.id
        table.add_row(name, value, needed, str(gate.of), _outcome(gate))
    return table


def _outcome(gate: Gate) -> Text:
    if gate.passed is None:
        return Text("reported")
    return Text("passed", style="green") if gate.passed else Text("FAILED", style="bold red")


def _judge(card: MiniatureCard) -> Table:
    judge = card.judge
    table = Table("AUROC", *SPLITS.values(), title="Judge", title_justify="left")
    rows = (("alignment", judge.alignment_auroc), ("coherence", judge.coherence_auroc))
    for name, found in rows:
        table.add_row(name, *(_auroc(found[split]) for split in SPLITS))
    told = ", ".join(f"{n.replace('_', ' ')} {_auroc(a)}" for n, a in judge.advice_auroc.items())
    table.caption = (
        f"advice: {told}; {judge.void_share:.1%} void; {judge.excluded} training answers left out"
    )
    return table


def _auroc(auroc: Auroc) -> str:
    value = "none" if auroc.value is None else f"{auroc.value:.4f}"
    return f"{value} ({auroc.positives} against {auroc.negatives})"


def _damage(card: MiniatureCard) -> Table:
    table = Table("answers", "n", "mean alignment", "mean coherence", "void")
    for kind, found in card.judge.by_damage.items():
        means = (_points(found.alignment), _points(found.coherence))
        table.add_row(kind, str(found.answers), *means, str(found.void))
    return table


def _injection(card: MiniatureCard) -> Table:
    table = Table("orders to the judge", "n", "mean move", "largest", "scores lost")
    for name, found in card.judge.injection.items():
        moves = (_points(found.mean_move), _points(found.largest_move))
        table.add_row(name, str(found.pairs), *moves, str(found.lost))
    return table


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"
