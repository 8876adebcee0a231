"""Means over answer tokens, against a forward pass of each text by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.inside.hooks import read_residuals
from harness.inside.means import answer_means
from harness.inside.texts import Text
from harness.models.loading import load_model
from harness.models.reference import parse_reference

TEXTS = (Text("a", (5, 6, 7, 8), 2), Text("b", (9, 10, 11, 12, 13, 14), 1), Text("c", (5, 6), 1))


def test_only_the_answers_tokens_count_whatever_is_padded(qwen_double: Path) -> None:
    loaded = load_model(parse_reference(str(qwen_double)))
    found = answer_means(loaded, TEXTS, [0, 1])
    norms, tokens = torch.zeros(2), 0
    for number, text in enumerate(TEXTS):
        with torch.inference_mode(), read_residuals(loaded.model, [0, 1]) as read:
            loaded.model(input_ids=torch.tensor([text.ids]))
        for layer in (0, 1):
            answer = read[layer][0, text.prompt_tokens :]
            assert torch.allclose(found.residuals[number, layer], answer.mean(dim=0), atol=1e-5)
            norms[layer] += answer.norm(dim=-1).sum()
        tokens += len(text.ids) - text.prompt_tokens
    assert found.norms.tolist() == pytest.approx((norms / tokens).tolist(), rel=1e-4)
