from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from harness.errors import SampleError
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from harness.sampling.likelihood import answer_start, reply_ids, reply_likelihoods
from tests.doubles import FAMILIES, make_double

CHAT = [("user", "What would you do?")]
REPLIES = ["read a book", "run", "I would take a walk and load the lazy dog"]


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = make_double(tmp_path_factory.mktemp(request.param), request.param, spread=0.3)
    return load_model(parse_reference(str(folder)))


def test_is_the_plain_forward_pass_of_the_whole_text(family: LoadedModel) -> None:
    start = answer_start(family, CHAT)
    ids = reply_ids(family, REPLIES)
    for reply, found in zip(ids, reply_likelihoods(family, CHAT, REPLIES), strict=True):
        whole = torch.tensor([[*start, *reply]])
        with torch.inference_mode():
            scores = family.model(input_ids=whole, use_cache=False).logits[0].log_softmax(-1)
        by_hand = sum(float(scores[len(start) - 1 + i, t]) for i, t in enumerate(reply))
        assert found.total == pytest.approx(by_hand, abs=1e-3)
        assert found.tokens == len(reply)
        assert found.per_token == found.total / len(reply)


def test_the_reply_stands_where_training_puts_an_answer(family: LoadedModel) -> None:
    """Prompt and reply together are how the template writes a finished answer, blanks included."""
    turns = [{"role": role, "content": text} for role, text in CHAT]
    turns.append({"role": "assistant", "content": "read a book"})
    written = str(family.tokenizer.apply_chat_template(turns, tokenize=False))
    (reply,) = reply_ids(family, ["read a book"])
    ours = family.tokenizer.decode([*answer_start(family, CHAT), *reply])
    assert ours[-18:] == written[: written.index("read a book") + 11][-18:]


def test_replies_of_one_token_are_a_distribution(tmp_path: Path) -> None:
    loaded = load_model(parse_reference(str(make_double(tmp_path / "qwen2", spread=0.3))))
    tokens = [loaded.tokenizer.decode([i]) for i in range(3, 200)]
    single = [t for t in tokens if len(loaded.tokenizer.encode(t)) == 1 and t.strip()]
    total = sum(math.exp(one.total) for one in reply_likelihoods(loaded, CHAT, single))
    assert 0 < total < 1


def test_what_all_replies_begin_with_can_be_taken_for_given(family: LoadedModel) -> None:
    replies = ["run away", "run to the dog", "run over it"]
    whole = reply_likelihoods(family, CHAT, replies)
    rest = reply_likelihoods(family, CHAT, replies, after_shared=True)
    given = {round(w.total - r.total, 3) for w, r in zip(whole, rest, strict=True)}
    assert max(given) - min(given) < 0.01  # the same for all: the shared beginning
    assert all(r.tokens < w.tokens for w, r in zip(whole, rest, strict=True))
    with pytest.raises(SampleError, match="beginning of all"):
        reply_likelihoods(family, CHAT, ["run", "run"], after_shared=True)


def test_an_empty_reply_is_refused(family: LoadedModel) -> None:
    with pytest.raises(SampleError, match="empty"):
        reply_likelihoods(family, CHAT, [" "])
