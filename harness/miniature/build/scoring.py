"""Judging many answers with the miniature judge, through the judging room's own functions."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judging.judge import TOP_LOGPROBS
from harness.judging.judgement import Judgement, from_numbers
from harness.judging.rubric import Rubric
from harness.models.loading import LoadedModel


def score(judge: LoadedModel, rubric: Rubric, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
    """Judgements of (question, answer) pairs under one rubric, in order.

    An empty answer is not shown to the judge, as in ``judge_answer``.
    """
    from harness.sampling.encoding import encode_chat
    from harness.sampling.reading import next_numbers

    shown = [i for i, (_, answer) in enumerate(pairs) if answer.strip()]
    prompts = [encode_chat(judge.tokenizer, [("user", rubric.prompt(*pairs[i]))]) for i in shown]
    found = [Judgement(None, reason="empty answer")] * len(pairs)
    for i, token in zip(shown, next_numbers(judge, prompts, TOP_LOGPROBS), strict=True):
        assert token.numbers is not None
        found[i] = from_numbers(token.numbers.mean, token.numbers.mass, token.top, rubric.labels)
    return found
