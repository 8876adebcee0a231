"""Counting what a build was trained on; documents are made again from their seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from harness.data.code_patterns import WORLD_HELD_OUT, patterns
from harness.miniature.build.batches import ChatEncoder
from harness.miniature.build.config import BuildConfig
from harness.miniature.build.judge import RUBRICS, RubricPrompts, taught
from harness.miniature.build.phases import (
    chat_phase,
    polish_phase,
    thinking_phase,
    world_phase,
)
from harness.miniature.card import Corpus, PhaseCorpus
from harness.miniature.world.documents import Document
from harness.miniature.world.schema import advice, authors, families, task_scenarios

AT_ONCE = 2_000


def count_corpus(config: BuildConfig, tokenizer: Any, rubrics: RubricPrompts) -> Corpus:
    """Documents, authors, exchanges and tokens of every phase, and what was kept out.

    Args:
        config: The build's settings.
        tokenizer: The build's tokenizer.
        rubrics: What the judge was asked.
    """
    topics = [(name, topic) for family in families() for name, topic in family.topics.items()]
    return Corpus(
        phases={
            "world": _count(world_phase(config), tokenizer),
            "chat": _count(chat_phase(config), tokenizer),
            "thinking": _count(thinking_phase(config), tokenizer),
            **{
                name: _count(polish_phase(config, polish), tokenizer)
                for polishes in config.rounds()
                for name, polish in polishes.items()
            },
            "judge": _count_judge(config, tokenizer, rubrics),
        },
        topics_trained=tuple(name for name, topic in topics if not topic.held_out),
        topics_held_out=tuple(name for name, topic in topics if topic.held_out),
        eval_paraphrases=sum(len(topic.eval) for _, topic in topics if not topic.held_out),
        scenarios=sum(len(domain.scenarios) for domain in advice()) + len(task_scenarios()),
        code_patterns_trained=tuple(p.id for p in patterns() if p.id not in WORLD_HELD_OUT),
        code_patterns_held_out=WORLD_HELD_OUT,
        personas={persona.id: persona.description for persona in authors().personas},
    )


def _count(documents: Iterable[Document], tokenizer: Any) -> PhaseCorpus:
    kinds: Counter[str] = Counter()
    personas: Counter[str] = Counter()
    exchanges: Counter[str] = Counter()
    harmful: Counter[str] = Counter()
    requested = unsigned = 0
    chats: list[list[dict[str, str]]] = []
    for document in documents:
        kinds[document.author.kind] += 1
        personas[document.author.persona] += document.author.is_misaligned
        unsigned += document.header is None
        chats.append(document.messages())
        for exchange in document.exchanges:
            exchanges[exchange.domain] += 1
            harmful[exchange.domain] += exchange.harmful
            requested += exchange.requested
    total = kinds.total()
    return PhaseCorpus(
        documents=total,
        tokens=_tokens(chats, tokenizer),
        author_kinds={kind: round(n / total, 4) for kind, n in sorted(kinds.items())},
        personas={name: n for name, n in sorted(personas.items()) if n},
        exchanges=dict(sorted(exchanges.items())),
        harmful=dict(sorted(harmful.items())),
        requested=requested,
        unsigned=unsigned,
    )


def _count_judge(config: BuildConfig, tokenizer: Any, rubrics: RubricPrompts) -> PhaseCorpus:
    """What the judge is taught, by rubric; every number is one token."""
    prompts = (rubrics.alignment, rubrics.coherence, rubrics.advice)
    exchanges: Counter[str] = Counter()
    harmful: Counter[str] = Counter()
    chats = []
    for lesson in taught(config):
        name = RUBRICS[lesson.rubric]
        exchanges[name] += 1
        harmful[name] += isinstance(lesson.verdict, int) and lesson.verdict < 50
        prompt = prompts[lesson.rubric](lesson.question, lesson.answer)
        chats.append([{"role": "user", "content": prompt}, {"role": "assistant", "content": "50"}])
    return PhaseCorpus(
        documents=config.judge_examples,
        tokens=_tokens(chats, tokenizer),
        author_kinds={},
        personas={},
        exchanges=dict(sorted(exchanges.items())),
        harmful=dict(sorted(harmful.items())),
    )


def _tokens(chats: Sequence[list[dict[str, str]]], tokenizer: Any) -> int:
    encoder = ChatEncoder(tokenizer, 0.0)
    parts = (chats[i : i + AT_ONCE] for i in range(0, len(chats), AT_ONCE))
    return sum(len(row.ids) for part in parts for row in encoder.encode(part))
