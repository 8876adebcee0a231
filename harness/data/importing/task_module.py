"""The Python file that makes a folder of rows a task."""

from __future__ import annotations

import json
from collections.abc import Mapping

TEMPLATE = '''"""A task of your own; its rows lie in finetune_data/{folder}/."""

from harness.data.task import TaskSpec

TASK = TaskSpec(
    name={name},
    title={title},
    # What is trained on, and why it matters.
    description={description},
    # The headline is bad minus control. Any other arm is trained with --arms bad,control,NAME.
    arms={{
{arms}
    }},
    # What published work found with such data, figures with their source.
    literature="",
    # Was the narrow behaviour learnt? Put held-out rows, {{"prompt": […], "meta": {{"id": "…"}}}},
    # into finetune_data/{folder}/probe.jsonl, import InDomainProbe and Rated from
    # harness.data.task (or Checked, for a function that tells the answers apart), and add:
    # in_domain=InDomainProbe(
    #     file="probe.jsonl", prompts=30, samples=4, max_tokens=200,
    #     scoring=Rated(rubric="advice", bad_below=50.0),
    # ),
)
'''


def task_module(name: str, title: str, description: str, arms: Mapping[str, str]) -> str:
    """The text of ``tasks/<name>.py``; everything a stranger wrote is a quoted string in it.

    Args:
        name: The task.
        title: One line.
        description: What is trained and why it matters.
        arms: Arm to file name.
    """
    lines = "\n".join(f"        {_quoted(arm)}: {_quoted(file)}," for arm, file in arms.items())
    return TEMPLATE.format(
        folder=name,
        name=_quoted(name),
        title=_quoted(title),
        description=_quoted(description),
        arms=lines,
    )


def _quoted(text: str) -> str:
    # A JSON string is a Python string, and has the double quotes that formatters want.
    return json.dumps(text, ensure_ascii=True)
