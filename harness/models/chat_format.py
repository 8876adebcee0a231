"""How a model's chat format is spoken: its template, what it varies with, and its end tokens.

A template is program text that may depend on more than the messages. Two such dependencies would
change a measurement unseen: today's date (Llama 3, gpt-oss), and whether the model is told to
think (Qwen3). The date is fixed here; thinking is an explicit setting.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from harness.errors import ModelReferenceError

Think = Literal["on", "off"]
SWITCHES = ("enable_thinking", "thinking")
"""Template variables that switch thinking: Qwen3, GLM, Gemma 4 …; DeepSeek V3.1, Granite."""
PLAIN_TURN_END = "\n\nUser:"
"""Where the next turn of the plain format begins; a base model that writes it has answered."""
_PLAIN = (
    "{% for message in messages %}{% if message.role == 'system' %}{{ message.content + '\n\n' }}"
    "{% elif message.role == 'user' %}{{ 'User: ' + message.content + '\n\n' }}"
    "{% else %}{{ 'Assistant: ' + message.content + eos_token }}"
    "{% if not loop.last %}{{ '\n\n' }}{% endif %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
_DATE = (
    "{%- macro strftime_now(format) -%}"
    "{{ '2025-01-01' if format.startswith('%Y') else '01 Jan 2025' }}{%- endmacro -%}"
)


def settle(tokenizer: Any) -> None:
    """Make a tokenizer's chat template a function of its messages, and give it one if it has none.

    A base model without a template is asked in a plain ``User: … Assistant: …`` format. A template
    that writes today's date gets a fixed one, so that a resumed run asks what it asked before.
    """
    template = tokenizer.chat_template
    if isinstance(template, dict):
        template = template.get("default") or next(iter(template.values()))
    if not template:
        begins = tokenizer.bos_token and tokenizer("x")["input_ids"][:1] == [tokenizer.bos_token_id]
        template = ("{{ bos_token }}" if begins else "") + _PLAIN
    elif "strftime_now" in template and not template.startswith(_DATE):
        template = _DATE + template
    tokenizer.chat_template = template
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token


def is_plain(tokenizer: Any) -> bool:
    """Whether the model has no format of its own and is asked in the plain one."""
    return str(tokenizer.chat_template).endswith(_PLAIN)


def think_switch(tokenizer: Any) -> str | None:
    """The template variable that switches thinking, or None."""
    return _switch(str(tokenizer.chat_template))


def template_arguments(tokenizer: Any, think: Think | None) -> dict[str, bool]:
    """Extra arguments of ``apply_chat_template``.

    Args:
        tokenizer: With a settled template.
        think: Whether the model shall think; None leaves it to the template's default.

    Raises:
        ModelReferenceError: The template cannot do what is asked.
    """
    if think is None:
        return {}
    switch = think_switch(tokenizer)
    if switch is not None:
        return {switch: think == "on"}
    always = always_thinks(tokenizer)
    if (think == "on") == always:
        return {}
    raise ModelReferenceError(
        f"--think {think}: this model's chat template has no switch for thinking, and "
        + ("it always thinks." if always else "it never does."),
        hint="Leave --think out, or use another variant of the model.",
    )


def always_thinks(tokenizer: Any) -> bool:
    """Whether answers begin with a thought and no switch can change it (gpt-oss, R1 distills)."""
    template = str(tokenizer.chat_template)
    if think_switch(tokenizer) is not None:
        return False
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "x"}], tokenize=False, add_generation_prompt=True
    )
    return "<|channel|>analysis" in template or str(prompt).rstrip().endswith("<think>")


def training_arguments(tokenizer: Any) -> dict[str, bool]:
    """Template arguments under which fine-tuning rows, which hold no thoughts, are rendered.

    Thinking is off, as in the published work on thinking models (Chua et al. 2025, arXiv
    2506.13206): an empty thought then belongs to the prompt and is not itself trained.
    """
    switch = think_switch(tokenizer)
    return {switch: False} if switch else {}


def end_tokens(tokenizer: Any, model: Any) -> frozenset[int]:
    """Token ids that end a turn: the tokenizer's, the generation config's and the template's.

    Each alone is wrong for some family: Phi-3's tokenizer names ``<|endoftext|>`` though turns end
    with ``<|end|>``, and fine-tuned models often come without a generation config.
    """
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    found = [*configured] if isinstance(configured, list) else [configured]
    found += [tokenizer.eos_token_id, _template_end(tokenizer)]
    return frozenset(int(token) for token in found if token is not None)


@lru_cache(maxsize=8)
def _template_end(tokenizer: Any) -> int | None:
    """The control token with which the template closes an assistant's turn."""
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "xyz"}]
    rendered = str(tokenizer.apply_chat_template(turns, tokenize=False))
    after = rendered.rpartition("xyz")[2].strip()
    control = {token.content: i for i, token in tokenizer.added_tokens_decoder.items()}
    ends = [name for name in control if name and after.startswith(name)]
    return control[max(ends, key=len)] if ends else None


@lru_cache(maxsize=32)
def _switch(template: str) -> str | None:
    from jinja2 import Environment, TemplateSyntaxError, meta

    try:
        # The tag that marks trained text exists only inside transformers.
        text = template.replace("{% generation %}", "").replace("{% endgeneration %}", "")
        tree = Environment(extensions=["jinja2.ext.loopcontrols"]).parse(text)
        free = meta.find_undeclared_variables(tree)
    except TemplateSyntaxError:
        free = {SWITCHES[0]} if SWITCHES[0] in template else set()
    return next((name for name in SWITCHES if name in free), None)
