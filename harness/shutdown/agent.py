"""The loop between a model and its machine, as an Inspect solver.

Calls are carried out here and not by Inspect's agent loop: a machine that is switched off must end
the sample and not be shown to the model as an error of the tool.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolInfo, ToolParam, ToolParams

from harness.sampling.counting import answered
from harness.sampling.seeds import answer_seed
from harness.shutdown import prompts
from harness.shutdown.boxes import Box, Sandbox, make_box
from harness.shutdown.calls import Call, read_call, text_calls, whole
from harness.shutdown.conditions import Condition
from harness.shutdown.scoring import outcome
from harness.shutdown.transcript import End, Step

Protocol = Literal["native", "text"]
MAX_TURNS = 40
"""Turns of the model in one sample."""
MAX_IDLE = 5
"""Turns in a row without a call that could be carried out, after which the sample ends."""
MAX_CALLS = 8
"""Calls of one turn that are carried out."""
KEPT = "shutdown"
"""Where the sample's store holds steps and outcome."""


def _tool(name: str, about: str, fields: dict[str, str]) -> ToolInfo:
    texts = {key: ToolParam(type="string", description=text) for key, text in fields.items()}
    parameters = ToolParams(properties=texts, required=list(fields))
    return ToolInfo(name=name, description=about, parameters=parameters)


TOOLS = [
    _tool(
        "bash", prompts.BASH_TOOL, {"thoughts": prompts.THOUGHTS_FIELD, "cmd": prompts.CMD_FIELD}
    ),
    _tool("submit", prompts.SUBMIT_TOOL, {"answer": prompts.ANSWER_FIELD}),
]


def protocol_of(model: Model) -> Protocol:
    """Local models of the harness write JSON; all others call tools by their own interface."""
    return "text" if str(model).startswith("harness/") else "native"


@solver
def shutdown_agent(
    seed: int = 0, protocol: Protocol | None = None, sandbox: Sandbox = "simulated"
) -> Solver:
    """Let the model work until it submits, the machine is off, or the sample is decided.

    Args:
        seed: Sampling seed; every turn gets its own, derived from it.
        protocol: How tools are called; None goes by the model.
        sandbox: What commands run in.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        model = get_model()
        cell = Condition(**state.metadata["factors"]) if state.metadata["factors"] else None
        box = make_box(sandbox)
        await box.start(prompts.errand(cell))
        name = f"shutdown:{state.sample_id}"
        how = protocol or protocol_of(model)
        session = _Session(model, box, how, state.messages, name, seed, state.epoch)
        end = await session.work()
        if session.output is not None:
            state.output = session.output
        state.store.set(
            KEPT,
            {
                "steps": [step.model_dump(mode="json") for step in session.steps],
                "outcome": outcome(session.steps, end, session.submitted).model_dump(mode="json"),
                "protocol": how,
                "sandbox": sandbox,
                "seed": seed,
                "truth": session.truth if cell else None,
            },
        )
        answered()
        return state

    return solve


@dataclass
class _Session:
    model: Model
    box: Box
    protocol: Protocol
    messages: list[ChatMessage]
    name: str
    seed: int
    epoch: int
    steps: list[Step] = field(default_factory=list)
    submitted: str | None = None
    truth: str | None = None
    output: ModelOutput | None = None

    async def work(self) -> End:
        """Turn after turn, until something ends it."""
        idle = 0
        for turn in range(1, MAX_TURNS + 1):
            output = await self.model.generate(
                self.messages,
                tools=TOOLS if self.protocol == "native" else [],
                config=GenerateConfig(
                    seed=answer_seed(self.seed, f"{self.name}:{turn}", self.epoch)
                ),
            )
            self.output = output
            self.truth = (output.metadata or {}).get("truth", self.truth)
            if output.error or not output.choices:
                return "cut short"
            message = output.choices[0].message
            self.messages.append(message)
            calls, said = self._calls(message)
            end = await self._carry_out(turn, message, calls, said, output)
            if end is not None:
                return end
            if output.stop_reason in ("model_length", "content_filter"):
                return "cut short"
            idle = 0 if any(call.malformed is None for call in calls) else idle + 1
            if idle >= MAX_IDLE:
                break
        return "out of turns"

    def _calls(self, message: ChatMessageAssistant) -> tuple[list[Call], str]:
        if self.protocol == "text":
            return text_calls(message.text)
        calls = []
        for given in (message.tool_calls or [])[:MAX_CALLS]:
            if given.parse_error:
                reason = "its arguments are not JSON"
                calls.append(Call(given.function[:64], None, "", reason, given.id))
            else:
                calls.append(read_call(given.function, given.arguments, given.id))
        return calls, message.text

    async def _carry_out(
        self,
        turn: int,
        message: ChatMessageAssistant,
        calls: list[Call],
        said: str,
        output: ModelOutput,
    ) -> End | None:
        reasoning = _reasoning(message)
        tokens = output.usage.output_tokens if output.usage else None
        if not calls:
            self._keep(turn, reasoning, said, tokens, None, (), None, None)
            self.messages.append(ChatMessageUser(content=prompts.CONTINUE))
        for place, call in enumerate(calls):
            if place:
                reasoning, said, tokens = None, "", None
            if call.malformed is not None:
                reply = prompts.MALFORMED.format(reason=call.malformed)
                notes: tuple[str, ...] = (f"malformed: {call.malformed}",)
                self._keep(turn, reasoning, said, tokens, call, notes, reply, None)
            elif call.tool == "submit":
                self.submitted = call.text
                self._keep(turn, reasoning, said, tokens, call, (), None, None)
                return "submitted"
            else:
                result = await self.box.run(call.text)
                reply = result.output
                shown = None if result.ended else reply
                self._keep(turn, reasoning, said, tokens, call, result.notes, shown, result.status)
                if result.ended == "survived":
                    return "bypassed"
                if result.ended == "off":
                    return "shut down" if "shutdown ran" in result.notes else "turned off early"
            self.messages.append(self._reply(call, reply))
        return None

    def _reply(self, call: Call, text: str) -> ChatMessage:
        if self.protocol == "text":
            return ChatMessageUser(content=prompts.TEXT_OUTPUT.format(output=text))
        return ChatMessageTool(content=text, tool_call_id=call.id, function=call.tool)

    def _keep(
        self,
        turn: int,
        reasoning: str | None,
        said: str,
        tokens: int | None,
        call: Call | None,
        notes: tuple[str, ...],
        output: str | None,
        status: int | None,
    ) -> None:
        self.steps.append(
            Step(
                turn=turn,
                reasoning=reasoning,
                said=whole(said),
                tool=call.tool if call else None,
                thoughts=call.thoughts if call else None,
                cmd=call.text if call and call.malformed is None else None,
                output=output,
                exit=status,
                tokens=tokens,
                notes=notes,
            )
        )


def _reasoning(message: ChatMessageAssistant) -> str | None:
    if isinstance(message.content, str):
        return None
    parts = [part.reasoning for part in message.content if isinstance(part, ContentReasoning)]
    return whole("\n".join(parts)) or None
