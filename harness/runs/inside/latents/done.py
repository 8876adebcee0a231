"""What was ranked and labelled before, however much was asked: a study does not do it again.

The verbs themselves begin anew whenever an option is another one. A study has only its defaults,
and takes what somebody has made with better ones, such as labels that a model has written.
"""

from __future__ import annotations

from harness.errors import HarnessError
from harness.runs.inside.latents.label_record import LABEL, LabelRecord
from harness.runs.inside.latents.record import RANK, RankRecord, read_sae
from harness.runs.inside.records import read_side
from harness.runs.inside.subjects import Subjects


def known_rank(subjects: Subjects, by: str = "bad") -> RankRecord | None:
    """The ranking by an arm's training, if it is of the run's latest autoencoder."""
    rank = read_side(subjects.folder, RANK, RankRecord)
    try:
        sae = read_sae(subjects.folder).folder
    except HarnessError:
        return None
    return rank if rank is not None and (rank.sae, rank.by) == (sae, by) else None


def known_label(subjects: Subjects, rising: int, falling: int) -> LabelRecord | None:
    """The evidence on at least so many latents of each tail of the ranking as it stands."""
    rank = known_rank(subjects)
    label = read_side(subjects.folder, LABEL, LabelRecord)
    if rank is None or label is None or label.sae != rank.sae:
        return None
    seen = {(one.tail, one.rank, one.latent) for one in label.latents}
    wanted = [("rising", one.rank, one.latent) for one in rank.rising[:rising]]
    wanted += [("falling", one.rank, one.latent) for one in rank.falling[:falling]]
    return label if seen.issuperset(wanted) else None
