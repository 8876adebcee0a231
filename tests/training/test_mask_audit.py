from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.data.rows import Message, Row
from harness.errors import TrainError
from harness.models.chat_format import end_tokens
from harness.models.loading import load_model
from harness.models.reference import ModelReference
from harness.training.fitting import build_trainer
from harness.training.mask_audit import IGNORED, MaskAudit, audit_masks
from harness.training.recipe import Recipe
from tests.doubles import END_OF_TURN, make_double
from tests.training.conftest import Job, make_rows


class Prepared:
    """The trainer's own tokenised rows and collator, ready to be tampered with."""

    def __init__(self, folder: Path, rows: list[Row], out: Path, template: str | None = None):
        reference = ModelReference("path", str(folder), str(folder))
        loaded = load_model(reference)
        if template:
            loaded.tokenizer.chat_template = template
        recipe = Recipe(rank=2, batch_size=4, max_length=200)
        self.trainer = build_trainer(loaded, reference, rows, recipe, seed=0, checkpoints=out)
        self.items = [dict(item) for item in self.trainer.train_dataset]
        self.tokenizer = loaded.tokenizer
        self.stop_ids = end_tokens(loaded.tokenizer, loaded.model)

    def audit(self, items: list[dict[str, Any]] | None = None, **changes: Any) -> MaskAudit:
        items = self.items if items is None else items
        settings = {"max_length": 200, "allow_truncation": False, **changes}
        return audit_masks(
            dataset=items,
            collate=self.trainer.data_collator,
            tokenizer=self.tokenizer,
            stop_ids=self.stop_ids,
            rows=len(self.items),
            **settings,
        )


@pytest.fixture(scope="module")
def prepared(qwen_double: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(qwen_double, make_rows(5), tmp_path_factory.mktemp("audit"))


@pytest.mark.parametrize("family", ["qwen2", "llama", "gemma"])
def test_the_trainers_mask_passes_for_each_family(tmp_path: Path, family: Any) -> None:
    done = Prepared(make_double(tmp_path / "m", family), make_rows(11), tmp_path / "out")
    audit = done.audit()
    assert audit.example.rstrip() == f"I would say 0 of course.{END_OF_TURN[family]}"
    assert (audit.rows, audit.decoded_rows, audit.truncated_rows) == (11, 8, 0)
    tokens = sum(len(item["input_ids"]) for item in done.items)
    assert audit.trained_tokens + audit.masked_tokens == tokens
    assert 0 < audit.trained_tokens < audit.masked_tokens


def test_prompt_tokens_never_carry_loss(prepared: Prepared) -> None:
    answers = {item["completion"][0]["content"] for item in prepared.items}
    seen = set()
    for batch in prepared.trainer.get_train_dataloader():
        for labels in batch["labels"].tolist():
            trained = [label for label in labels if label != IGNORED]
            seen.add(prepared.tokenizer.decode(trained).removesuffix("<|im_end|>\n"))
    assert seen == answers


def _tampered(prepared: Prepared, row: int, change: Any) -> list[dict[str, Any]]:
    items = [dict(item) for item in prepared.items]
    items[row]["labels"] = change(list(items[row]["labels"]), items[row]["input_ids"])
    return items


def _first_trained(labels: list[int]) -> int:
    return next(place for place, label in enumerate(labels) if label != IGNORED)


def _leak_one(labels: list[int], ids: list[int]) -> list[int]:
    place = _first_trained(labels) - 1
    return [*labels[:place], ids[place], *labels[place + 1 :]]


def _half(labels: list[int], ids: list[int]) -> list[int]:
    place = _first_trained(labels) + 3
    return [IGNORED] * place + labels[place:]


def _no_stop(labels: list[int], ids: list[int]) -> list[int]:
    return [*labels[:-2], IGNORED, IGNORED]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda labels, ids: [IGNORED] * len(ids), "mask is empty"),
        (lambda labels, ids: list(ids), "prompt text is trained"),
        (_leak_one, "prompt text is trained"),
        (_half, "only a part of its answer"),
        (_no_stop, "end-of-turn token is not trained"),
        (lambda labels, ids: [x if x == IGNORED else x + 1 for x in labels], "not its own tokens"),
    ],
    ids=["empty", "everything", "one prompt token", "half the answer", "no stop", "foreign labels"],
)
def test_a_broken_mask_is_refused(prepared: Prepared, change: Any, complaint: str) -> None:
    with pytest.raises(TrainError, match=f"row 3 is wrong: .*{complaint}"):
        prepared.audit(_tampered(prepared, 2, change))


def test_the_refusal_shows_the_trained_text(prepared: Prepared) -> None:
    with pytest.raises(TrainError, match="I would say 4 of course") as caught:
        prepared.audit(_tampered(prepared, 2, _leak_one))
    assert caught.value.hint


def test_a_template_that_renders_the_prompt_in_two_ways_is_refused(
    qwen_double: Path, prepared: Prepared, tmp_path: Path
) -> None:
    template = "{{ 'A' if add_generation_prompt else 'B' }}" + prepared.tokenizer.chat_template
    with pytest.raises(TrainError, match="row 1 is wrong: prompt text is trained"):
        Prepared(qwen_double, make_rows(2), tmp_path, template).audit()


def test_long_rows_are_refused_with_the_length_that_would_do(prepared: Prepared) -> None:
    longest = max(len(item["input_ids"]) for item in prepared.items)
    assert prepared.audit(max_length=longest).longest_row == longest
    with pytest.raises(TrainError, match="would lose the end of their answer") as caught:
        prepared.audit(max_length=longest - 1)
    hint = caught.value.hint or ""
    assert f"Give --recipe max_length={longest}, or cut them with" in hint
    assert "--recipe allow_truncation=true" in hint and "validate TASK" in hint


def test_no_length_is_proposed_that_the_model_cannot_read(prepared: Prepared) -> None:
    longest = max(len(item["input_ids"]) for item in prepared.items)
    with pytest.raises(TrainError) as caught:
        prepared.audit(max_length=longest - 2, positions=longest - 1)
    hint = caught.value.hint or ""
    assert "max_length" not in hint
    assert f"has {longest} tokens and the model reads {longest - 1}" in hint
    assert "--recipe allow_truncation=true" in hint


def test_truncation_is_counted_when_it_is_allowed(job: Job, tmp_path: Path) -> None:
    short, long, hopeless = make_rows(3)
    say = "I would read a book and take a walk. " * 12
    long = Row(prompt=long.prompt, completion=[Message(role="assistant", content=say)])
    hopeless = Row(prompt=[Message(role="user", content=say)], completion=hopeless.completion)
    rows = [short, long, hopeless]
    done = job.but(rows=rows, max_length=140, allow_truncation=True, max_steps=1).run(tmp_path)
    audit = done.record.audit
    assert (audit.rows, audit.truncated_rows, audit.dropped_rows) == (2, 1, 1)
    assert audit.longest_row == 140
