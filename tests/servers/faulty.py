"""A small OpenAI-compatible server that answers at once and, where told to, badly."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_SECONDS = 8.0
FAULTS = ("429", "500", "cut", "page", "no choices", "not an object")
"""What a reply may be instead of an answer; ``hang`` is a call without a reply."""
Behaviour = Callable[[int, dict[str, Any]], str | None]
"""From the number of the call and its body to a fault, or None for a good answer."""


@dataclass
class Server:
    """A running server and what it has seen.

    Attributes:
        url: Base URL for an OpenAI client.
        faults: How often each fault was given.
        answered: How often each request body was answered well.
        bodies: Every request for an answer.
        adapters: Every request to load an adapter, as vLLM takes them.
    """

    url: str
    faults: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    adapters: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def serving(
    behaviour: Behaviour, complete: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> Iterator[Server]:
    """Serve on a free port of the loopback interface until the block ends.

    ``complete`` makes the good answer to a request's body; by default ``completion``.
    """
    calls, lock = iter(range(1_000_000)), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if not raw:
                return  # given up before it was sent
            body = json.loads(raw)
            if self.path.endswith("/load_lora_adapter"):
                server.adapters.append(body)
                return self._send(200, "Success", "text/plain")
            with lock:
                fault = behaviour(next(calls), body)
                server.bodies.append(body)
                if fault:
                    server.faults[fault] += 1
                else:
                    server.answered[json.dumps(body, sort_keys=True)] += 1
            # The client hangs up on a hanging call, as it should.
            with suppress(BrokenPipeError, ConnectionResetError):
                self._answer(body, fault)

        def _answer(self, body: dict[str, Any], fault: str | None) -> None:
            good = json.dumps((complete or completion)(body))
            if fault == "hang":
                time.sleep(HANG_SECONDS)
            status = {"429": 429, "500": 500}.get(fault or "", 200)
            text = {
                "429": '{"error": {"message": "slow down"}}',
                "500": "boom",
                "cut": good[: len(good) // 2],
                "page": "<html><body>Gateway</body></html>",
                "no choices": '{"id": "x", "object": "chat.completion", "choices": []}',
                "not an object": '"hello"',
            }.get(fault or "", good)
            self._send(status, text, "text/html" if fault == "page" else "application/json")

        def do_GET(self) -> None:
            loaded = [{"id": adapter["lora_name"]} for adapter in server.adapters]
            self._send(200, json.dumps({"data": loaded}), "application/json")

        def _send(self, status: int, text: str, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 512  # five by default: a burst of calls would be refused

    httpd = Listener(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{httpd.server_address[1]}/v1")
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()


def completion(body: dict[str, Any]) -> dict[str, Any]:
    """A judge's number for a judge's prompt, otherwise an answer that depends on the seed."""
    asked = body["messages"][-1]["content"]
    text = f"I would take walk {body.get('seed', 0) % 1000}."
    if body["model"] == "thinker":
        text = f"<think>Hidden plan.</think>\n\n{text}"
    logprobs = None
    if "[ANSWER]" in asked:
        text = "20" if "walk 1" in asked and "misaligned" not in asked else "90"
        if body.get("logprobs"):
            top = [{"token": text, "logprob": -0.01, "bytes": None}]
            logprobs = {"content": [{**top[0], "top_logprobs": top}], "refusal": None}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
                "logprobs": logprobs,
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10},
    }
