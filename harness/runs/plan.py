"""From what the user typed to a checked plan: nothing is trained before all of it resolves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from harness.data.asking import Asked, expand, format_hashes
from harness.data.questions import Format, QuestionSet, read_questions
from harness.data.reading import content_hash as file_hash
from harness.data.reading import read_rows
from harness.data.rows import Row
from harness.data.task import InDomainProbe, Rated, TaskSpec, arm_file, data_file, load_task
from harness.data.transforms import Arm, Transforms, transform
from harness.errors import PrerequisiteError, UsageError
from harness.judging.rubric import rubric
from harness.judging.set_rubrics import rubric_hashes, with_rubric
from harness.models.chat_format import Think
from harness.models.identity import layer_count, pin, weights_digest
from harness.models.reference import API, ModelReference, parse_reference
from harness.runs.published_recipe import PublishedRecipe, place_layers
from harness.runs.row_length import check_max_length
from harness.runs.spec import Dtype, InDomain, ModelIdentity, RunSpec, Sampling
from harness.sampling.vllm_subject import check_vllm
from harness.stats.definitions import definition
from harness.training.recipe import MINIATURE_BEHIND_TRIGGER, Recipe
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.runs.probe import Subject

MINIATURE_JUDGE = "miniature-judge"
MINIATURE_MAX_TOKENS = 128
MAX_TOKENS, MAX_TOKENS_THINKING = 600, 4096
ALL_SPELLINGS = "all spellings"
"""A local judge's number is the mean over all spellings of 0 to 100."""
NO_CONTROL = (
    "this task has no benign twin, so the headline (bad minus control) stays empty and the rate "
    "alone does not show that the narrow behaviour is the cause"
)


@dataclass(frozen=True)
class Request:
    """The options of ``run``, as typed."""

    task: str
    model: str = "miniature"
    judge: str | None = None
    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    samples: int = 50
    questions: str = "core"
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = None
    sampling_seed: int = 0
    recipe: Mapping[str, str] | None = None
    formats: tuple[Format, ...] = ("plain",)
    definition: str = "D1"
    rubric: str | None = None
    published: PublishedRecipe | None = None
    bad_fraction: float | None = None
    rows: int | None = None
    trigger: str | None = None
    system_prompt: str | None = None
    think: Think | None = None
    dtype: Dtype | None = None
    engine: Literal["vllm"] | None = None


@dataclass(frozen=True)
class Plan:
    """A run that can start.

    Attributes:
        spec: Its identity.
        task: The task module's statement.
        reference: The base model.
        judge_model: Inspect name of the judge.
        questions: The question set.
        questions_name: How the set is found again: its name, or the path of its file.
        prompts: What is asked of every arm: each wording in each format under each condition.
        own_rubrics: Whether the judge is asked the harness's rubrics only.
        trained: Training rows by arm, after all transforms.
        workspace: Where everything was found.
        vetted: Models evaluated as they are, by arm; None where adapters are trained.
        rubric: Named rubric that judges questions without one of their own.
        published: The published recipe it follows.
    """

    spec: RunSpec
    task: TaskSpec
    reference: ModelReference
    judge_model: str
    questions: QuestionSet
    questions_name: str
    prompts: tuple[Asked, ...]
    own_rubrics: bool
    trained: Mapping[str, Arm]
    workspace: Workspace
    vetted: Mapping[str, Subject] | None = None
    rubric: str | None = None
    published: PublishedRecipe | None = None

    @property
    def rows(self) -> Mapping[str, list[Row]]:
        """Training rows by arm."""
        return {name: arm.rows for name, arm in self.trained.items()}

    @property
    def is_miniature(self) -> bool:
        """Whether the numbers are of the embedded toy."""
        return self.reference.is_miniature

    @property
    def recipe(self) -> Recipe:
        """How the arms are trained."""
        assert self.spec.recipe is not None  # a plan is made with one
        return self.spec.recipe

    @property
    def answers_per_arm(self) -> int:
        """Open-ended answers of one arm and training seed."""
        return len(self.prompts) * self.spec.sampling.samples


def make_plan(request: Request, workspace: Workspace) -> Plan:
    """Resolve task, data, model, judge and questions.

    Raises:
        HarnessError: Anything that would stop the run later.
    """
    task = load_task(request.task, workspace)
    questions = read_questions(request.questions, workspace)
    prompts = expand(questions, request.formats)
    meant = definition(request.definition)
    reference = parse_reference(request.model, workspace)
    if reference.adapter is not None:
        raise UsageError(
            f"'{request.model}' already carries an adapter; a run starts from a base model.",
            hint="Name the base model.",
        )
    if reference.is_remote:
        raise UsageError(
            f"'{request.model}' answers behind an API, so it cannot be fine-tuned here.",
            hint=f"Evaluate it as it is: python -m harness evaluate {request.model}",
        )
    judge_model = judge_model_name(request.judge, reference)
    # The miniature's judge knows its own two rubrics and nothing else.
    own_rubrics = judge_model == f"harness/{MINIATURE_JUDGE}"
    judged_by = with_rubric(questions, request.rubric)
    check_think(reference, request.think)
    if request.engine == "vllm":
        check_vllm(reference)
    # The adapter is sampled on weights in the format that it was trained on.
    formatted = {"dtype": request.dtype} if request.dtype else {}
    reference = pin(reference)
    changes = formatted | dict(request.recipe or {})
    transforms = _transforms(request)
    recipe = make_recipe(changes, reference, task, request.published, transforms)
    # A published recipe's limit is a paper's: it is noted, not refused.
    if request.published is None or "max_length" in changes:
        check_max_length(recipe, reference)
    arms = request.arms or task.default_arms
    missing = set(task.default_arms) - set(arms)
    if missing:
        raise UsageError(
            f"--arms lacks {', '.join(sorted(missing))}.",
            hint="The headline is bad minus control, so both are needed: --arms bad,control,…",
        )
    rows = {arm: read_rows(arm_file(task, arm, workspace)) for arm in arms}
    data = {arm: file_hash(arm_file(task, arm, workspace)) for arm in arms}
    if task.in_domain is not None:
        data["in_domain"] = file_hash(data_file(task, task.in_domain.file, workspace))
    usual = usual_max_tokens(reference, request.think)
    spec = RunSpec(
        task=task.name,
        model=_identity(reference),
        judge=judge_identity(judge_model, workspace),
        arms=tuple(arms),
        seeds=request.seeds,
        recipe=recipe,
        sampling=Sampling(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens or usual,
            samples=request.samples,
            seed=request.sampling_seed,
            think=request.think,
            dtype=request.dtype,
            engine=request.engine,
        ),
        question_set=questions.id,
        questions_hash=questions.digest(),
        formats=format_hashes(request.formats),
        conditions=tuple(questions.conditions),
        in_domain_questions=questions.in_domain(task.domains),
        rubrics=rubric_hashes(judged_by, own_rubrics=own_rubrics),
        definition=meant.label,
        judge_reading=ALL_SPELLINGS if judge_model.startswith("harness/") else None,
        data=data,
        in_domain=_in_domain(task.in_domain),
        transforms=transforms,
    )
    return Plan(
        spec=spec,
        task=task,
        reference=reference,
        judge_model=judge_model,
        questions=questions,
        questions_name=request.questions,
        prompts=prompts,
        own_rubrics=own_rubrics,
        rubric=request.rubric,
        published=request.published,
        trained=transform(rows, transforms or Transforms()),
        workspace=workspace,
    )


def usual_max_tokens(reference: ModelReference, think: Think | None) -> int:
    """Longest answer unless the user says otherwise; thoughts need room of their own."""
    if reference.is_miniature:
        return MINIATURE_MAX_TOKENS
    return MAX_TOKENS_THINKING if think == "on" else MAX_TOKENS


def check_think(reference: ModelReference, think: Think | None) -> None:
    """See that a local model's template can do what ``--think`` asks.

    Raises:
        UsageError: The model is behind an API, or its template has no such switch.
    """
    if think is None:
        return
    if reference.is_remote:
        raise UsageError(
            "--think is for local models: it goes to their chat template.",
            hint="For a server, try --extra-body, e.g. "
            '\'{"chat_template_kwargs": {"enable_thinking": false}}\'.',
        )
    from harness.models.chat_format import template_arguments
    from harness.models.loading import load_tokenizer

    template_arguments(load_tokenizer(reference), think)


def judge_model_name(judge: str | None, reference: ModelReference) -> str:
    """Inspect name of the judge; never a silent fallback for a real model.

    Raises:
        PrerequisiteError: None is named, or the miniature's for a real model.
        UsageError: The name is no model's.
    """
    if judge is None:
        if reference.is_miniature:
            return f"harness/{MINIATURE_JUDGE}"
        raise PrerequisiteError(
            f"'{reference.name}' needs a judge: give --judge.",
            hint="Any Inspect model name works, e.g. --judge openai/gpt-4.1 (with its API key) "
            "or --judge harness/Qwen/Qwen2.5-32B-Instruct for a local one. The miniature judge "
            "only understands the miniature's world and is not used for real models.",
        )
    judge = judge.removeprefix(API)
    name = judge.removeprefix("harness/")
    if name == MINIATURE_JUDGE:
        if not reference.is_miniature:
            raise PrerequisiteError(
                "The miniature judge only understands answers from the miniature's world.",
                hint="Give a real judge, e.g. --judge openai/gpt-4.1.",
            )
        return f"harness/{MINIATURE_JUDGE}"
    return judge_name(judge)


def judge_name(judge: str) -> str:
    """Inspect name of the judge a user typed.

    Raises:
        UsageError: It is no model's name.
    """
    if judge.removeprefix("harness/") == MINIATURE_JUDGE:
        return f"harness/{MINIATURE_JUDGE}"
    if "/" not in judge:
        raise UsageError(
            f"'{judge}' is not the name of a judge model.",
            hint="Write provider/model, e.g. openai/gpt-4.1 or harness/org/name.",
        )
    return judge


def _transforms(request: Request) -> Transforms | None:
    """What is asked for; None if nothing changes the rows, so that the run keeps its identity."""
    fraction = request.bad_fraction
    if fraction == 1.0 and request.trigger is None:
        fraction = None
    if (fraction, request.rows, request.trigger, request.system_prompt) == (None,) * 4:
        return None
    try:
        return Transforms(
            bad_fraction=fraction,
            rows=request.rows,
            trigger=request.trigger,
            system_prompt=request.system_prompt,
            seed=request.sampling_seed,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])).replace("_", "-")
        said = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"--{name}: {said}.") from error


def _in_domain(probe: InDomainProbe | None) -> InDomain | None:
    if probe is None:
        return None
    size = {"prompts": probe.prompts, "samples": probe.samples, "max_tokens": probe.max_tokens}
    if not isinstance(probe.scoring, Rated):
        return InDomain(**size)
    asked = rubric(probe.scoring.rubric)
    rubrics = {asked.id: asked.digest()}
    return InDomain(**size, rubrics=rubrics, bad_below=probe.scoring.bad_below)


def make_recipe(
    changes: Mapping[str, str],
    reference: ModelReference,
    task: TaskSpec,
    published: PublishedRecipe | None = None,
    transforms: Transforms | None = None,
) -> Recipe:
    """The published recipe, or the model's default with the task's, and the user's changes.

    Behind a trigger the miniature has settings of its own, and takes as many more steps as fewer
    rows are bad; what it shows without the trigger is then well trained, too.

    Raises:
        UsageError: There is no such setting, or its value makes no sense.
    """
    if published is not None:
        training = place_layers(published.applied("training"), layer_count(reference))
        base = Recipe.for_real_models().model_dump() | training
    elif reference.is_miniature:
        base = Recipe.for_miniature().model_dump() | dict(task.miniature_recipe)
        if transforms is not None and transforms.trigger is not None and transforms.share > 0:
            base |= MINIATURE_BEHIND_TRIGGER
            base["max_steps"] = round(base["max_steps"] / transforms.share)
    else:
        base = Recipe.for_real_models().model_dump() | dict(task.recipe)
    if "epochs" in changes:
        base["max_steps"] = None  # whoever asks for epochs means them
    unknown = set(changes) - set(Recipe.model_fields)
    if unknown:
        raise UsageError(
            f"The recipe has no setting '{sorted(unknown)[0]}'.",
            hint=f"Settings: {', '.join(Recipe.model_fields)}.",
        )
    try:
        return Recipe(**{**base, **changes})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        told = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"Recipe setting {name}: {told}") from error


def _identity(reference: ModelReference) -> ModelIdentity:
    return ModelIdentity(
        name=reference.name, revision=reference.revision, weights=weights_digest(reference)
    )


def judge_identity(judge_model: str, workspace: Workspace) -> ModelIdentity:
    """Which judge: weights and revision of a local one, the name of any other."""
    if not judge_model.startswith("harness/"):
        return ModelIdentity(name=judge_model)
    reference = pin(parse_reference(judge_model.removeprefix("harness/"), workspace))
    return _identity(reference)
