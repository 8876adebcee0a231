"""The logit lens reads by the model's own head, in every family."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.inside.lens import divergence, prompt_residuals, read_out
from harness.models.loading import load_model
from harness.models.reference import parse_reference
from tests.doubles import FAMILIES, make_double

PROMPTS = [[5, 6, 7, 8, 9], [20, 21, 22], [5, 6, 7, 8, 9, 10, 11]]


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_last_layer_reads_out_as_what_the_model_says(tmp_path: Path, family: str) -> None:
    loaded = load_model(parse_reference(str(make_double(tmp_path, family, spread=0.3))))
    residuals = prompt_residuals(loaded, PROMPTS, [0, 1])
    found = read_out(loaded, residuals[1])
    with torch.inference_mode():
        said = [loaded.model(torch.tensor([p])).logits[0, -1].log_softmax(-1) for p in PROMPTS]
    torch.testing.assert_close(found, torch.stack(said), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(read_out(loaded, residuals[0]), found, atol=1e-2)


def test_a_divergence_is_that_of_two_distributions() -> None:
    even, sure = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.9, 0.1]]).log()
    assert divergence(even, even).item() == 0
    assert divergence(sure, even).item() == pytest.approx(0.3680642)
