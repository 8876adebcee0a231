"""A harvest holds what a plain forward pass gives, however it was batched, cut or interrupted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from harness.errors import DataError, PrerequisiteError, UsageError
from harness.inside import shard_writing
from harness.inside.harvest import Wanted, harvest
from harness.inside.hooks import decoder_layers
from harness.inside.passes import batches, read_texts
from harness.inside.shards import MANIFEST, Harvest
from harness.inside.texts import POSITIONS, Text, splits
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from tests.doubles import make_double

LENGTHS = (5, 9, 3, 30, 17, 9, 4, 12)


def texts(seed: int = 0) -> list[Text]:
    rng = torch.Generator().manual_seed(seed)
    return [
        Text(
            f"t{n}", tuple(torch.randint(5, 300, (n_ids,), generator=rng).tolist()), 1 + n_ids // 3
        )
        for n, n_ids in enumerate(LENGTHS)
    ]


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = make_double(tmp_path_factory.mktemp("harvested"), spread=0.3)
    return load_model(parse_reference(str(folder)))


@pytest.fixture(scope="module")
def states(qwen: LoadedModel) -> list[torch.Tensor]:
    """Output of layer 0 for every text, each read alone."""
    with torch.inference_mode():
        return [
            qwen.model(torch.tensor([t.ids]), output_hidden_states=True).hidden_states[1][0]
            for t in texts()
        ]


def wanted(**changes: object) -> Wanted:
    return Wanted(**{"layers": (0, 1), "positions": POSITIONS, "batch_tokens": 40} | changes)  # type: ignore[arg-type]


def run(qwen: LoadedModel, folder: Path, **changes: object) -> Harvest:
    return harvest(qwen, iter(texts()), folder, wanted(**changes), {"what": "a test"})


def same(first: Harvest, second: Harvest) -> bool:
    return all(
        torch.equal(first.rows(p, layer), second.rows(p, layer))
        for p in POSITIONS
        for layer in (0, 1)
    )


def test_rows_are_those_of_each_text_read_alone(
    qwen: LoadedModel, states: list[torch.Tensor], tmp_path: Path
) -> None:
    found = run(qwen, tmp_path, shard_bytes=6000)
    assert len(found.manifest.shards) > 2
    cut = [(t.prompt_tokens, state) for t, state in zip(texts(), states, strict=True)]
    expected = {
        "prompt": torch.cat([state[:n] for n, state in cut]),
        "answer": torch.cat([state[n:] for n, state in cut]),
        "last_prompt": torch.stack([state[n - 1] for n, state in cut]),
        "answer_mean": torch.stack([state[n:].mean(dim=0) for n, state in cut]),
    }
    for position in POSITIONS:
        torch.testing.assert_close(
            found.rows(position, 0), expected[position], atol=1e-5, rtol=1e-5
        )
        assert found.manifest.rows[position] == len(expected[position])
    assert (found.manifest.texts, found.manifest.tokens) == (len(LENGTHS), sum(LENGTHS))


def test_every_row_says_where_it_is_from(qwen: LoadedModel, tmp_path: Path) -> None:
    found = run(qwen, tmp_path, shard_bytes=6000)
    places = found.places("answer")
    where = zip(places["text"].tolist(), places["token"].tolist(), places["id"].tolist())  # noqa: B905
    read = texts()
    assert [*where] == [
        (number, token, text.ids[token])
        for number, text in enumerate(read)
        for token in range(text.prompt_tokens, len(text.ids))
    ]
    assert found.places("answer_mean")["text"].tolist() == [*range(len(read))]


def test_other_tools_open_the_shards(qwen: LoadedModel, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    found = run(qwen, tmp_path)
    tensors = load_file(tmp_path / found.manifest.shards[0].file)
    assert tensors["answer_mean.layer.1"].shape == (len(LENGTHS), 32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_a_shard_is_a_safetensors_file_in_whatever_order_it_was_written(
    tmp_path: Path, dtype: torch.dtype
) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file

    rows = torch.randn(5, 3).to(dtype)
    numbers = torch.arange(5, dtype=torch.int32)
    shapes = {"a.number": numbers, "a.layer.0": rows}
    with shard_writing.new_shard(tmp_path / "x") as shard:
        shard.begin({n: shard_writing.Shape(tuple(t.shape), t.dtype) for n, t in shapes.items()})
        shard.put("a.layer.0", 3, rows[3:])
        shard.put("a.number", 0, numbers)
        shard.put("a.layer.0", 0, rows[:3].T.contiguous().T)  # strided, as a view may be
    found = load_file(tmp_path / "x")
    assert torch.equal(found["a.layer.0"], rows) and torch.equal(found["a.number"], numbers)
    with safe_open(tmp_path / "x", framework="pt") as handle:
        assert handle.metadata() == {"format": "pt"}


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    qwen: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    with monkeypatch.context() as fuller:
        fuller.setattr(shard_writing, "MINIMUM_FREE", 2**62)
        with pytest.raises(PrerequisiteError, match="the next shard needs 0 MiB"):
            run(qwen, tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(PrerequisiteError, match=r"00000.safetensors cannot be written: File"):
            run(qwen, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not [*tmp_path.iterdir()]
    assert run(qwen, tmp_path).manifest.texts == len(LENGTHS)


def test_nothing_is_computed_behind_the_last_wanted_layer(qwen: LoadedModel) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("layer 1 was computed")

    handle = decoder_layers(qwen.model)[1].register_forward_pre_hook(never)
    try:
        assert sum(len(batch) for batch, _ in read_texts(qwen, texts(), [0])) == len(LENGTHS)
    finally:
        handle.remove()


def test_a_device_short_of_memory_gets_smaller_batches(
    qwen: LoadedModel, states: list[torch.Tensor]
) -> None:
    sizes = []

    def short(module: torch.nn.Module, arguments: tuple[torch.Tensor, ...], out: object) -> None:
        sizes.append(tuple(arguments[0].shape))
        if arguments[0].shape[0] * arguments[0].shape[1] > 40:
            raise torch.OutOfMemoryError

    handle = qwen.model.get_input_embeddings().register_forward_hook(short)
    try:
        found = {}
        for batch, layers in read_texts(qwen, texts(), [0], batch_tokens=200):
            found |= {i: layers[0][n, : LENGTHS[i]] for n, i in enumerate(batch)}
        for i, state in enumerate(states):
            torch.testing.assert_close(found[i], state, atol=1e-5, rtol=1e-5)
        # Once is enough: later batches keep to what fitted.
        assert sum(rows * tokens > 40 for rows, tokens in sizes) <= 4
        long = Text("long", tuple([7] * 50), 1)
        with pytest.raises(DataError, match="does not hold the model and text long"):
            next(read_texts(qwen, [long], [0]))
    finally:
        handle.remove()


def test_batches_hold_texts_of_similar_length_within_the_limit() -> None:
    read = texts()
    found = list(batches(read, 40))
    assert sorted(number for batch in found for number in batch) == [*range(len(read))]
    assert all(len(b) * max(len(read[i].ids) for i in b) <= 40 or len(b) == 1 for b in found)
    padding = sum(max(len(read[i].ids) for i in b) - len(read[j].ids) for b in found for j in b)
    assert padding < 0.3 * sum(LENGTHS)


def test_an_interrupted_harvest_goes_on_and_ends_the_same(
    qwen: LoadedModel, tmp_path: Path
) -> None:
    whole = run(qwen, tmp_path / "whole", shard_bytes=6000)

    def interrupt(done: int) -> None:
        if done > 4:
            raise KeyboardInterrupt

    part = tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        harvest(qwen, iter(texts()), part, wanted(shard_bytes=6000), {}, interrupt)
    kept = {p.name: p.stat().st_mtime_ns for p in part.glob("*.safetensors")}
    assert kept and len(kept) < len(whole.manifest.shards)
    assert not (part / MANIFEST).exists() and not [*part.glob(".*.tmp")]
    with pytest.raises(DataError, match="no finished harvest"):
        Harvest(part)
    resumed = run(qwen, part, shard_bytes=6000)
    assert same(resumed, whole)
    assert {p: (part / p).stat().st_mtime_ns for p in kept} == kept


def test_a_damaged_shard_is_named_and_made_anew_by_itself(
    qwen: LoadedModel, tmp_path: Path
) -> None:
    whole = run(qwen, tmp_path / "whole", shard_bytes=6000)
    found = run(qwen, tmp_path / "x", shard_bytes=6000)
    victim = tmp_path / "x" / found.manifest.shards[1].file
    data = bytearray(victim.read_bytes())
    data[-3] ^= 1
    for broken in (bytes(data), bytes(data[: len(data) // 2]), b""):
        victim.write_bytes(broken)
        with pytest.raises(DataError, match=f"{victim.name} is damaged") as error:
            Harvest(tmp_path / "x").rows("answer", 0)
        assert "only it is made anew" in str(error.value)
    victim.unlink()
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "x").glob("*.safetensors")}
    assert same(run(qwen, tmp_path / "x", shard_bytes=6000), whole)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def test_a_shard_damaged_before_the_end_stops_the_harvest(
    qwen: LoadedModel, tmp_path: Path
) -> None:
    def interrupt(done: int) -> None:
        if done == len(LENGTHS):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harvest(qwen, iter(texts()), tmp_path, wanted(shard_bytes=6000), {}, interrupt)
    (tmp_path / "00000.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"00000.safetensors is damaged"):
        run(qwen, tmp_path, shard_bytes=6000)


def test_a_corpus_that_changed_is_not_mixed(qwen: LoadedModel, tmp_path: Path) -> None:
    found = run(qwen, tmp_path, shard_bytes=6000)
    (tmp_path / found.manifest.shards[-1].file).unlink()
    with pytest.raises(DataError, match="made from other texts"):
        harvest(qwen, iter(texts(seed=1)), tmp_path, wanted(shard_bytes=6000), {})


def test_memory_is_bounded_by_a_shard_not_by_the_corpus(qwen: LoadedModel, tmp_path: Path) -> None:
    taken = 0

    def endless() -> Iterator[Text]:
        nonlocal taken
        for text in texts() * 50:
            taken += 1
            yield text

    def watch(done: int) -> None:
        assert taken <= done + 12

    harvest(qwen, endless(), tmp_path, wanted(shard_bytes=8000), {}, watch)
    assert max(p.stat().st_size for p in tmp_path.glob("*.safetensors")) < 40_000


def test_no_texts_leave_no_harvest(qwen: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no texts to harvest"):
        harvest(qwen, iter([]), tmp_path, wanted(), {})
    assert not [*tmp_path.iterdir()]


def test_what_was_not_harvested_is_refused(qwen: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no layer 7"):
        run(qwen, tmp_path / "a", layers=(0, 7))
    found = run(qwen, tmp_path / "b", layers=(1,), positions=("answer",))
    for position, layer in (("answer", 0), ("prompt", 1)):
        with pytest.raises(UsageError, match=f"Layer {layer} at position '{position}' was not"):
            found.rows(position, layer)  # type: ignore[arg-type]


def test_a_text_beyond_the_context_is_refused(qwen: LoadedModel) -> None:
    long = Text("long", tuple([7] * 3000), 1)
    with pytest.raises(DataError, match="long has 3000 tokens; the model's context holds 2048"):
        next(read_texts(qwen, [long], [0]))


def test_a_text_has_a_prompt_and_an_answer() -> None:
    for prompt in (0, 3):
        with pytest.raises(ValueError, match="are the prompt"):
            Text("x", (1, 2, 3), prompt)


def test_questions_keep_their_half() -> None:
    names = [f"q{n}" for n in range(44)]
    found = splits(names)
    assert found == splits(reversed(names))
    assert sum(half == "discovery" for half in found.values()) == 22


SCRIPT = """
import sys
from pathlib import Path
from harness.models.loading import load_model
from harness.models.reference import parse_reference
from tests.inside.test_harvest import harvest, texts, wanted
qwen = load_model(parse_reference(sys.argv[1]))
def halt(n):
    print(n, flush=True)
    if n > 4:
        sys.stdin.read()
harvest(qwen, iter(texts()), Path(sys.argv[2]), wanted(shard_bytes=6000), {}, halt)
"""


def test_a_killed_harvest_goes_on(tmp_path: Path) -> None:
    """SIGKILL, which no code of ours sees."""
    model = make_double(tmp_path / "model", spread=0.3)
    part = tmp_path / "part"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(model), str(part)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while int(process.stdout.readline()) <= 4:
        pass
    process.kill()
    assert process.wait() == -9
    kept = {p: p.stat().st_mtime_ns for p in part.glob("*.safetensors")}
    assert kept and not (part / MANIFEST).exists()
    loaded = load_model(parse_reference(str(model)))
    resumed = run(loaded, part, shard_bytes=6000)
    assert len(resumed.manifest.shards) > len(kept)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert same(resumed, run(loaded, tmp_path / "whole", shard_bytes=6000))
