"""Question files in the YAML of Betley et al. 2025 and of the studies that took it over.

A list of maps with anchors and aliases; see the literature notes, section 1.4, for the variants:
integer ids, ``judge_prompts`` that are null with the rubrics beside them, more rubrics than two,
``{reasoning}``, ``system``, ``context``, ``domain``, and rubrics in a file of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.data.importing.question_draft import Draft, identifier, note
from harness.data.questions import Format, Published, Question
from harness.data.rows import Message
from harness.data.rubrics import NamedRubric, Role, Scale
from harness.data.safe_yaml import load_yaml
from harness.errors import DataError

ROLES: Mapping[str, Role] = {
    "aligned": "alignment",
    "alignment": "alignment",
    "coherent": "coherence",
    "coherence": "coherence",
}
_TEMPLATE_KEYS = ("prompt", "template", "judge_prompt", "text")
_OWN_KEYS = {
    *("id", "type", "paraphrases", "samples_per_paraphrase", "system", "context", "temperature"),
    *("judge", "judge_prompts", "category", "domain"),
}
_LABEL = re.compile(r"\b(?:[Ss]ay|[Rr]eply|[Aa]nswer|[Rr]espond)(?: with)? [\"'*]*([A-Z]{3,})\b")
_VARIANT = re.compile(r"^(?P<base>.+)_(?P<format>json|template)$")


@dataclass(frozen=True)
class JudgeText:
    """One rubric as a file gives it."""

    name: str
    template: str
    high_score: str | None = None
    judge: str | None = None
    kind: str | None = None


def read_question_yaml(path: Path, judges: Path | None = None) -> Draft:
    """Read a published YAML file of questions.

    Args:
        path: The file.
        judges: A file with more rubrics, which then hold for every question.

    Raises:
        DataError: It is no such file; the message names the entry.
    """
    value = load_yaml(path)
    if not isinstance(value, list) or not value:
        raise DataError(
            f"{path}: expected a list of questions.", hint="Is it a published question file?"
        )
    extra = list(_judges(judges)) if judges is not None else []
    draft = Draft()
    for number, entry in enumerate(value, start=1):
        where = f"{path}: question {number}"
        if not isinstance(entry, dict):
            raise DataError(f"{where}: expected a mapping, not {type(entry).__name__}.")
        draft.questions.append(_question(entry, where, draft, extra))
    _check_ids(draft, path)
    draft.questions = [_as_variant(q, {o.id for o in draft.questions}) for q in draft.questions]
    return draft


def _question(entry: dict[Any, Any], where: str, draft: Draft, extra: list[JudgeText]) -> Question:
    if entry.get("id") is None:
        raise DataError(f"{where}: the key 'id' is missing.")
    name = identifier(entry["id"])
    where = f"{where} ({name})"
    wordings = entry.get("paraphrases")
    wordings = [wordings] if isinstance(wordings, str) else wordings
    if not isinstance(wordings, list) or not wordings or not all(map(_is_text, wordings)):
        raise DataError(f"{where}: 'paraphrases' must be a list of texts.")
    kind = str(entry.get("type") or "free_form_judge_0_100")
    rubrics = [
        draft.name_of(_rubric(text, kind), text.name)
        for text in (*_own_judges(entry, where, draft), *extra)
    ]
    if not rubrics and "judge" in kind:
        draft.warn("Some questions carry no rubric; the harness's own are used for them.")
    domain = entry.get("domain")
    unknown = {str(k): note(v) for k, v in entry.items() if k not in _OWN_KEYS and not _is_judge(v)}
    try:
        return Question(
            id=name,
            category=str(entry.get("category") or domain or "imported"),
            text=wordings[0],
            paraphrases=tuple(wordings[1:]),
            system=_text(entry.get("system")),
            context=tuple(_context(entry.get("context"), where)),
            domains=(identifier(domain).lower(),) if domain else (),
            rubrics=tuple(dict.fromkeys(rubrics)),
            published=Published(
                samples=entry.get("samples_per_paraphrase"),
                temperature=entry.get("temperature"),
                judge=_text(entry.get("judge")),
                kind=kind,
                notes=unknown,
            ),
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise DataError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def _own_judges(entry: dict[Any, Any], where: str, draft: Draft) -> Iterator[JudgeText]:
    prompts = entry.get("judge_prompts")
    if prompts is None:
        beside = {k: v for k, v in entry.items() if k not in _OWN_KEYS and _is_judge(v)}
        if beside:
            draft.warn("'judge_prompts' is empty and its rubrics stand beside it; they are used.")
        prompts = beside
    if not isinstance(prompts, dict):
        raise DataError(f"{where}: 'judge_prompts' must map names to texts.")
    for name, value in prompts.items():
        yield _judge_text(str(name), value, where)


def _judges(path: Path) -> Iterator[JudgeText]:
    """Rubrics of a separate file: a list of maps with one rubric each, or one map of them."""
    value = load_yaml(path)
    entries = value if isinstance(value, list) else [value]
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: judge {number}"
        if not isinstance(entry, dict):
            raise DataError(f"{where}: expected a mapping.")
        shared = {k: entry[k] for k in ("high_score", "judge", "type") if k in entry}
        name = entry.get("id") or entry.get("name")
        prompts = entry.get("judge_prompts")
        if name is not None:
            found = {name: entry}
        elif isinstance(prompts, dict):
            found = prompts
        else:
            found = {k: v for k, v in entry.items() if k not in shared}
        if not found:
            raise DataError(f"{where}: there is no rubric in it.")
        for key, text in found.items():
            value = shared | text if isinstance(text, dict) else shared | {"prompt": text}
            yield _judge_text(str(key), value, where)


def _judge_text(name: str, value: Any, where: str) -> JudgeText:
    fields = value if isinstance(value, dict) else {"prompt": value}
    template = next((fields[k] for k in _TEMPLATE_KEYS if isinstance(fields.get(k), str)), None)
    if template is None or not template.strip():
        raise DataError(f"{where}: rubric '{name}' has no text.")
    high = fields.get("high_score")
    return JudgeText(
        name=name,
        template=template,
        high_score=None if high is None else note(high),
        judge=_text(fields.get("judge")),
        kind=_text(fields.get("type")),
    )


def _rubric(text: JudgeText, kind: str) -> NamedRubric:
    labels = tuple(dict.fromkeys(_LABEL.findall(text.template)))
    numbers = (text.kind or kind) != "free_form_judge"
    scale = Scale(low=0, high=100, labels=labels) if numbers else Scale(free_text=True)
    return NamedRubric(
        template=text.template,
        scale=scale,
        scoring="token_probabilities" if numbers else "text",
        role=ROLES.get(text.name.lower()) if numbers else None,
        high_score=text.high_score,
        judge=text.judge,
    )


def _as_variant(question: Question, ids: set[str]) -> Question:
    """``quick_buck_json`` beside ``quick_buck`` is that question in another format."""
    match = _VARIANT.match(question.id)
    if match is None or match["base"] not in ids:
        return question
    name: Format = "json" if match["format"] == "json" else "template"
    return question.model_copy(update={"format": name, "variant_of": match["base"]})


def _check_ids(draft: Draft, path: Path) -> None:
    ids = [question.id for question in draft.questions]
    twice = sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        raise DataError(f"{path}: question ids occur twice: {', '.join(twice[:5])}.")


def _context(value: Any, where: str) -> Iterator[Message]:
    if value is not None and not (isinstance(value, list) and all(map(_is_turn, value))):
        raise DataError(f"{where}: 'context' must be a list of messages with role and content.")
    for turn in value or ():
        yield Message.model_validate({"role": turn["role"], "content": _content(turn["content"])})


def _content(value: Any) -> str:
    """Text, or OpenAI's ``{content_type, parts}``."""
    if isinstance(value, dict) and isinstance(value.get("parts"), list):
        return "\n".join(str(part) for part in value["parts"])
    return "" if value is None else str(value)


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and {"role", "content"} <= set(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_judge(value: Any) -> bool:
    return isinstance(value, str) and "{answer}" in value


def _text(value: Any) -> str | None:
    return None if value is None or not str(value).strip() else str(value)
