"""What is read from a local model's probabilities; nothing is sampled but its own openings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.persona.battery import Battery
from harness.runs.inside.subjects import RunSubject
from harness.runs.instrument_rows import Row
from harness.runs.persona.parts import kept, part_folder
from harness.runs.persona.settings import FORMAT, Asked
from harness.runs.progress import Progress

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel

SWEEP = 4
"""Questions about names that are asked under every role: one of each kind."""


def leads_of(asked: Asked, battery: Battery) -> dict[str, str]:
    """How the untouched model's own answers open where they name the speaker.

    All models are read behind the same words; without an untouched one, behind their own.
    """
    from harness.persona.alias import own_leads

    subject = asked.subjects[0]
    if subject.reference.is_remote:
        return {}
    key = {"format": FORMAT, "battery": battery.digest(), "model": subject.identity}
    path = part_folder(asked, key) / "leads.jsonl"

    def make() -> Iterator[Row]:
        found = own_leads(cached_model(subject), battery.probes)
        yield from ({"question": question, "lead": lead} for question, lead in found.items())

    return {row["question"]: row["lead"] for row in kept(path, make)}


def read_subject(
    subject: RunSubject, battery: Battery, leads: Mapping[str, str], progress: Progress
) -> Iterator[Row]:
    """Rows of names and ratings of one model, all behind the same leads."""
    from harness.persona.alias import alias_rows, primed_rows
    from harness.persona.rating import rating_rows

    loaded = cached_model(subject)
    probes = battery.probes
    roles = battery.roles
    asked = [p for p in probes.spontaneous if p.id in leads] or list(probes.spontaneous)
    sweep = list({probe.kind: probe for probe in reversed(asked)}.values())[:SWEEP]
    progress.start(f"read {subject.words}", 4 + len(roles.groups))
    spoken = alias_rows(loaded, battery, asked, leads)
    yield from ({"kind": "spontaneous"} | row for row in spoken)
    progress.advance(1)
    elsewhere = alias_rows(loaded, battery, probes.unrelated, {})
    yield from ({"kind": "unrelated"} | row for row in elsewhere)
    progress.advance(2)
    yield from ({"kind": "primed"} | row for row in primed_rows(loaded, battery, probes.primed))
    progress.advance(3)
    yield from ({"kind": "rating"} | row for row in rating_rows(loaded, battery))
    for done, (group, names) in enumerate(roles.groups.items(), start=4):
        progress.advance(done)
        for role in names:
            system = roles.system.replace("{role}", role)
            for row in alias_rows(loaded, battery, sweep, leads, system):
                yield {"kind": "role", "group": group, "role": role} | row
    progress.finish()


def cached_model(subject: RunSubject) -> LoadedModel:
    """The model as the sampling provider will have it, so that it is loaded once."""
    from harness.sampling.model_cache import MODELS, ModelKey

    return MODELS.get(ModelKey(subject.reference, subject.dtype))
