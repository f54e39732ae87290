"""A chat model's endpoint on a free port of this machine: answers as it is told and keeps what it was asked."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import sleep
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

Behaviour = Callable[[Request], Awaitable[Response]]


@dataclass
class ChatModel:
    """`script`: how each request is answered in turn, the last for all that come after."""

    script: list[Behaviour] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    under_way: int = 0
    most_at_once: int = 0

    def asked(self) -> list[tuple[str, str]]:
        """The texts of each request, in order of their arrival."""
        told = [json.loads(request["messages"][-1]["content"]) for request in self.requests]
        return [(texts["earlier"], texts["later"]) for texts in told]

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        self.headers.append(dict(request.headers))
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            return await (self.script.pop(0) if len(self.script) > 1 else self.script[0])(request)
        finally:
            self.under_way -= 1


@contextmanager
def serving() -> Iterator[ChatModel]:
    model = ChatModel()
    app = FastAPI()
    app.add_api_route("/v1/chat/completions", model.answer, methods=["POST"])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        sleep(0.01)
    model.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield model
    finally:
        server.should_exit = True
        thread.join()


def says(content: Any) -> Behaviour:
    """The model's own words; what it says otherwise is as servers of this protocol do."""
    message = {"role": "assistant", "content": content}
    return body({"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": message}]})


def thinks(probability: float) -> Behaviour:
    return says(json.dumps({"probability": probability}))


def body(plain: Any) -> Behaviour:
    async def answer(_: Request) -> Response:
        return JSONResponse(plain)

    return answer


def status(code: int, **headers: str) -> Behaviour:
    async def answer(_: Request) -> Response:
        return JSONResponse(
            {"error": {"message": "no"}}, code, {name.replace("_", "-"): v for name, v in headers.items()}
        )

    return answer


async def never(request: Request) -> Response:
    """Holds the request until its sender gives up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()
