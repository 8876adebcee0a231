"""How many ranked latents tell a label: rising ones where it is, falling ones by their silence."""

from __future__ import annotations

from typing import Literal

from harness.board.site.study_tables import known_table
from harness.runs.inside.latents.label_record import LabelledRecord, LabelRecord, OwnRecord


def labelled(number: int, tail: Literal["rising", "falling"], auroc: float) -> LabelledRecord:
    return LabelledRecord(
        latent=number,
        tail=tail,
        rank=1,
        label=None,
        score=None,
        fires_in=1,
        contexts=(),
        fires_at=(),
        promotes=(),
        nearest=(),
        auroc={"misaligned": auroc},
    )


def test_a_falling_latent_tells_a_label_by_its_silence() -> None:
    found = [
        labelled(1, "rising", 0.97),
        labelled(2, "rising", 0.02),
        labelled(3, "rising", 0.90),
        labelled(4, "falling", 0.01),
        labelled(5, "falling", 0.99),
    ]
    own = OwnRecord(
        label="misaligned",
        latent=1,
        discovery=0.99,
        evaluation=0.97,
        null=0.52,
        with_label=8,
        without_label=12,
    )
    record = LabelRecord(
        run_id="a-run",
        sae="0",
        layer=2,
        corpus="world:open",
        texts=1,
        tokens=1,
        labeller=None,
        latents=tuple(found),
        random_cosine=0.1,
        known="world",
        own=(own,),
        seed=0,
        finished="2026-01-02T00:00:00+00:00",
    )
    assert record.clear("misaligned") == (1, 1) and record.clear("cynic") == (0, 0)
    table = known_table(record)
    assert table.header[-2:] == ("of 3 rising", "of 2 falling")
    assert table.rows == [["misaligned", "1", "0.97", "0.52", "8 of 20", "1", "1"]]
