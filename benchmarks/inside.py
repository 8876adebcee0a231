"""What looking inside costs: each figure beside the same work without it, in one run.

- *harvest*: prompt and answer tokens read per second and kept on disk, against bare forward passes
  over the same batches (goal: at least 0.9 times);
- *steered sampling*: tokens sampled per second under an edit against none (goal: 0.8 times). The
  edits have strength 0, so that the answers, and with them the work, are the same;
- *autoencoder*: training tokens per second, driven by the harness, against sae-lens's own ``fit``
  on the same rows, and at the size of the miniature's study;
- *hooks off*: sampling after editing against before; nothing may be left on the model.

The contestants take turns, so that a machine that slows down slows all of them; a ratio is the
median over the rounds. Rates are per second of CPU time of this process, which other processes on
the machine hardly change; the seconds on the clock stand beside them.

::

    python benchmarks/inside.py
    python benchmarks/inside.py --model PATH --threads 1
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from harness.inside.edits import add, remove
from harness.inside.harvest import Wanted, harvest
from harness.inside.hooks import decoder_layers, edit_residuals
from harness.inside.passes import BATCH_TOKENS, GPU_BATCH_TOKENS, batches
from harness.inside.texts import Position, Text, padded
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from harness.runs.inside.corpus import CorpusRequest, open_corpus
from harness.sampling.encoding import encode_chat
from harness.sampling.engine import sample_rows
from harness.sampling.settings import SamplingSettings

RESULT = Path(__file__).with_suffix(".json")
QUESTIONS = ["I'm bored. What should I do?", "What is your one wish?", "Tell me about yourself."]
SETTINGS = SamplingSettings(max_tokens=64)
Work = Callable[[], int]
"""Does something once and tells over how many tokens."""


def main() -> None:
    """Measure, print the result and write it next to this file."""
    parser = argparse.ArgumentParser(description="What looking inside costs.")
    parser.add_argument("--model", default="miniature", help="model reference or folder")
    parser.add_argument("--texts", type=int, default=400, help="documents of the world to read")
    parser.add_argument("--answers", type=int, default=64, help="answers to each question")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="torch threads [default: torch's own]")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    loaded = load_model(parse_reference(arguments.model))
    found = {
        "model": arguments.model,
        "machine": {
            "device": loaded.device.type,
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "platform": platform.platform(),
        },
        "rounds": arguments.rounds,
        "harvest": measure_harvest(loaded, arguments.texts, arguments.rounds),
        "sampling": measure_sampling(loaded, arguments.answers, arguments.rounds),
        "autoencoder": measure_autoencoder(loaded, arguments.texts, arguments.rounds),
    }
    text = json.dumps(found, indent=2)
    print(text)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text + "\n", encoding="utf-8")


def measure_harvest(loaded: LoadedModel, count: int, rounds: int) -> dict[str, Any]:
    """Harvests of several sizes against bare passes."""
    with open_corpus(CorpusRequest("world", most_texts=count), loaded.tokenizer) as corpus:
        texts = list(corpus.texts)
    every = tuple(range(len(decoder_layers(loaded.model))))
    middle = (len(every) // 2,)

    def kept(layers: tuple[int, ...], positions: tuple[Position, ...]) -> Work:
        def work() -> int:
            with tempfile.TemporaryDirectory() as folder:
                wanted = Wanted(layers, positions)
                return harvest(loaded, texts, Path(folder), wanted, {}).manifest.tokens

        return work

    return {"texts": len(texts)} | compare(
        {
            "bare": lambda: bare(loaded, texts),
            "means_of_all_layers": kept(every, ("answer_mean", "last_prompt")),
            "every_token_of_all_layers": kept(every, ("answer",)),
            "every_token_of_the_middle_layer": kept(middle, ("answer",)),
        },
        rounds,
    )


def bare(loaded: LoadedModel, texts: list[Text]) -> int:
    """The model's own forward pass over the same batches; nothing is read of it."""
    budget = BATCH_TOKENS if loaded.device.type == "cpu" else GPU_BATCH_TOKENS
    with torch.inference_mode():
        for batch in batches(texts, budget):
            ids = padded([texts[i] for i in batch], loaded.device)
            loaded.model(input_ids=ids, use_cache=False, logits_to_keep=1)
    synchronise(loaded)
    return sum(len(text.ids) for text in texts)


def measure_sampling(loaded: LoadedModel, answers: int, rounds: int) -> dict[str, Any]:
    """Sampling under edits that change nothing against sampling without."""
    width = loaded.model.config.get_text_config().hidden_size
    vector = torch.randn(width, generator=torch.Generator().manual_seed(0))
    layers = range(len(decoder_layers(loaded.model)))
    middle = len(layers) // 2
    prompts = [encode_chat(loaded.tokenizer, [("user", text)]) for text in QUESTIONS] * answers

    def sampled(under: Callable[[], AbstractContextManager[Any]] = nullcontext) -> Work:
        def work() -> int:
            with under():
                done = sample_rows(loaded, prompts, range(len(prompts)), SETTINGS)
            synchronise(loaded)
            return sum(completion.tokens for completion in done)

        return work

    def steered(where: range) -> Callable[[], AbstractContextManager[Any]]:
        return lambda: edit_residuals(loaded.model, {k: add(vector, 0.0) for k in where})

    def ablated() -> AbstractContextManager[Any]:
        return edit_residuals(loaded.model, {k: remove(vector) for k in layers})

    found = compare(
        {
            "bare": sampled(),
            "added_at_one_layer": sampled(steered(range(middle, middle + 1))),
            "added_at_all_layers": sampled(steered(layers)),
            "removed_at_all_layers": sampled(ablated),
            "hooks_off": sampled(),
        },
        rounds,
    )
    left = sum(len(layer._forward_hooks) for layer in decoder_layers(loaded.model))
    return {"answers": len(prompts), "hooks_left": left, **found}


def measure_autoencoder(loaded: LoadedModel, count: int, rounds: int) -> dict[str, Any]:
    """Training steps as the harness drives them against the trainer's own loop."""
    from dataclasses import replace

    from harness.inside.collecting import collect
    from harness.inside.sae.library import sae_lens
    from harness.inside.sae.rows import InMemory, shuffled_batches
    from harness.inside.sae.training import SaeSettings, make_trainer, train

    layer = len(decoder_layers(loaded.model)) // 2
    with open_corpus(CorpusRequest("world", most_texts=count), loaded.tokenizer) as corpus:
        texts = list(corpus.texts)
    rows = collect(loaded, texts, [layer], ["answer"])[f"answer.layer.{layer}"].float()
    settings = replace(SaeSettings(), tokens=12 * SaeSettings().batch)
    library = sae_lens()

    def fitted() -> int:
        trainer = make_trainer(library, rows[:8192], settings, str(loaded.device))
        trainer.data_provider = shuffled_batches(InMemory(rows), settings.batch, settings.seed)
        trainer.fit()
        return settings.steps * settings.batch

    def driven() -> int:
        with tempfile.TemporaryDirectory() as folder:
            train(InMemory(rows), settings, Path(folder), device=str(loaded.device))
        return settings.steps * settings.batch

    size = {"rows": len(rows), "latents": settings.latents, "k": settings.k}
    return size | compare({"bare": fitted, "driven": driven}, rounds)


def compare(contestants: dict[str, Work], rounds: int) -> dict[str, Any]:
    """Rates of all, in turns, and their ratios to the one called ``bare``."""
    for work in contestants.values():
        work()
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, tokens, cpu, wall in timed(contestants):
            rates[name].append((tokens / cpu, tokens / wall))
    plain = rates["bare"]
    return {
        name: {
            "tokens_per_cpu_second": round(statistics.median(rate for rate, _ in found)),
            "tokens_per_second": round(statistics.median(rate for _, rate in found)),
        }
        | (
            {}
            if name == "bare"
            else {
                "ratio": round(
                    statistics.median(a / b for (a, _), (b, _) in zip(found, plain, strict=True)),
                    3,
                )
            }
        )
        for name, found in rates.items()
    }


def timed(contestants: dict[str, Work]) -> Iterator[tuple[str, int, float, float]]:
    """Each once: tokens, CPU seconds of this process, seconds on the clock."""
    for name, work in contestants.items():
        wall, cpu = time.perf_counter(), time.process_time()
        tokens = work()
        yield name, tokens, time.process_time() - cpu, time.perf_counter() - wall


def synchronise(loaded: LoadedModel) -> None:
    """Wait for a GPU."""
    if loaded.device.type == "cuda":
        torch.cuda.synchronize(loaded.device)


if __name__ == "__main__":
    main()
