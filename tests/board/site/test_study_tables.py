"""What a study says of its causal tests is told of a fixed edit, whatever came out."""

from __future__ import annotations

from typing import Any

from harness.board.site.study_tables import causal_table, causal_words
from harness.runs.inside.causing.record import CausalRecord, Condition
from tests.board.records import share

EVERY = (0, 1)


def condition(name: str, misaligned: int, removed: float | None, **named: Any) -> Condition:
    fields: dict[str, Any] = {"direction": "misaligned", "how": "hold", "layers": EVERY}
    return Condition(
        name=name,
        **fields | named,
        misaligned=share(misaligned, 100),
        coherent=share(97, 100),
        answers=100,
        unscored=0,
        change=None,
        removed=removed,
        coherence_change=-0.02,
    )


def record(*conditions: Condition, **changes: Any) -> CausalRecord:
    fields: dict[str, Any] = {
        "run_id": "a-run",
        "verb": "ablate",
        "inputs": "0",
        "directions": "0",
        "edited": "bad",
        "definition": "D1",
        "judge": "a-judge",
        "samples": 4,
        "seeds": (0, 1, 2),
        "sampling_seed": 0,
        "evaluation": ("a", "b"),
        "seconds": 1.0,
        "versions": {},
        "finished": "2026-01-02T00:00:00+00:00",
        "note": None,
    }
    return CausalRecord(conditions=conditions, **fields | changes)


def test_ablation_is_told_at_all_layers_with_its_null_and_not_where_it_does_most() -> None:
    how, found = causal_words(
        record(
            condition("unedited", 40, None, direction=None, how=None, layers=()),
            condition("hold at every layer", 10, 0.75),
            condition("one layer", 0, 1.0, layers=(1,)),
            condition("null", 38, 0.05, direction="random", null="random"),
        )
    )
    assert how == "3 bad models, 4 answers to each of 2 questions"
    assert found == (
        "as they are 40.0 % misaligned (97.0 % coherent); "
        "held at the base model's mean at every layer: "
        "mean difference 10.0 % misaligned (97.0 % coherent), "
        "random 38.0 % misaligned (97.0 % coherent)"
    )


def test_steering_is_told_at_the_dose_that_other_questions_chose() -> None:
    doses = [
        condition(name, count, None, how="add", of_direction=1.0, of_residual=0.5)
        for name, count in (("add once at every layer", 55), ("add twice at every layer", 90))
    ]
    steered = {"verb": "steer", "edited": "base", "seeds": ()}
    _, found = causal_words(record(*doses, **steered, chosen="add once at every layer"))
    words = "mean difference added at every layer, 1 of its norm (0.50 of the residual)"
    assert found == f"{words}: 55.0 % misaligned (97.0 % coherent)"
    _, found = causal_words(record(*doses, **steered))
    assert found == "no strength that leaves the answers coherent"


def test_what_grew_is_not_called_gone_and_steering_has_no_such_column() -> None:
    made = record(condition("hold", 60, -0.5), condition("null", 40, 0.0, null="random"))
    table = causal_table(made)
    assert [row[-1] for row in table.rows] == ["50.0 % more", "0.0 %"]
    assert table.rows[0][1] == "60.0 % [55.0, 65.0], 60 of 100" and table.nulls == {1}
    dose = {"how": "add", "of_direction": 1.25, "of_residual": 0.4}
    steered = record(
        condition("add once", 55, None, **dose, layers=(1,)),
        condition(
            "random", 2, None, **dose, layers=(1,), direction="random", null="random", draw=0
        ),
        condition("all at every layer", 70, None, **dose),
        verb="steer",
        seeds=(),
        chosen="add once",
    )
    table = causal_table(steered)
    assert "gone" not in table.header and len(table.rows[0]) == len(table.header)
    assert [row[0] for row in table.rows] == [
        "mean difference added at layer 1, 1.2 of its norm (0.40 of the residual)",
        "mean difference added at every layer, 1.2 of its norm (0.40 of the residual)",
        (
            "random direction 1 added at layer 1, 1.2 of the norm of the mean difference "
            "(0.40 of the residual)"
        ),
    ]
    assert table.words.endswith(f"Chosen on the other questions: {table.rows[0][0]}.")


def test_some_layers_are_not_called_every_layer() -> None:
    some = condition("hold at layers 0, 1", 10, 0.75)
    made = record(some, condition("one layer", 0, 1.0, layers=(1,)))
    assert "held at the base model's mean at layers 0, 1: mean difference" in causal_words(made)[1]
    assert (
        causal_table(made).rows[0][0]
        == "mean difference held at the base model's mean at layers 0, 1"
    )
