"""A WSGI application behind ASGI, so that a client can be as slow as it likes without keeping a thread.

On a server's plain WSGI interface a thread waits where its socket does: ten slow readers or eight half-sent bodies stop
everybody else, and a body that ends early looks whole. Here the event loop does all reading and writing, and a thread
only ever runs the application: once to start, then once for each piece of the answer. Whether a body is read at all is
decided by the headers first, so that whoever may not write cannot take up room.
"""

import asyncio
import contextvars
import logging
import uuid
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from api.model.problem import Problem
from api.model.text import to_json
from api.web.cache import MARK, Cache
from api.web.environ import Headers, Scope, environ_of, headers_of, path_of
from api.web.problems import BY_NAME, MEDIA_TYPE, PAGE

PIECE_BYTES = 64 * 1024
"""Small items of an answer are joined up to this size, for each piece costs a change of threads; larger ones pass."""
BODY_BYTES = 8 * 1024 * 1024
"""The largest request body: a bundle of some thousand records, and little enough to be parsed whole."""
BODY_BYTES_IN_MEMORY = 1024 * 1024
"""Of each body; the rest waits in an unnamed temporary file, so that many large bodies do not fill the memory."""
BODY_SECONDS = 20.0
"""How long a request body may take in all: the largest one at 3.4 Mbit/s. It bounds what half-sent bodies cost."""
UNREAD = ("key-required", "key-refused", "scope-too-narrow", "body-too-large", "unsupported-media-type")
"""Problems that are answered while a body still arrives."""
STALL_SECONDS = 120.0
"""How long a client may take nothing of its answer: longer than a network drops out, shorter than it is forgotten."""

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Keep = Callable[[Message, bytes], None]
"""Called with a whole answer: how it starts, and its body."""
Admit = Callable[[str, str, Headers], int | None]
"""Called with method, path and headers of a request that has a body; raises the `Problem` that forbids to read it.

It tells how many bytes are read where that is less than `BODY_BYTES`."""
LOG = logging.getLogger(__name__)


class Gateway:
    """The application as ASGI. The steps of all answers take turns on the same `threads` threads; each is short."""

    def __init__(
        self, wsgi_app: WSGIApplication, threads: int, admit: Admit | None = None, cache: Cache | None = None
    ) -> None:
        self._wsgi_app = wsgi_app
        self._admit = admit
        self._cache = cache
        self._threads = ThreadPoolExecutor(threads, "step")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request. To return before an answer is whole makes the server cut the connection."""
        headers = headers_of(scope)
        keep: Keep | None = None
        if self._cache and (key := self._cache.key(scope, headers)):
            generation = self._cache.generation()
            if generation is not None:
                if found := self._cache.find(key, headers):
                    for message in found:
                        await send(message)
                    return
                keep = partial(self._cache.keep, key, generation)
        with SpooledTemporaryFile(BODY_BYTES_IN_MEMORY) as body:
            try:
                most = await self._check(scope, headers)
                size = await _read_body(scope, receive, body, most)
            except Problem as problem:
                await _send_problem(send, problem)
                if problem.kind in UNREAD:  # to close while more arrives would destroy the answer on its way
                    await _ends_within(BODY_SECONDS, _client_left(receive))
            else:
                await self._answer(environ_of(scope, headers, body, size), receive, send, keep)

    async def _check(self, scope: Scope, headers: Headers) -> int:
        """How many bytes the body may have; `Problem` where it is not to be read: 411, 415, or what `admit` raises."""
        if not ("content-length" in headers or "transfer-encoding" in headers):
            if scope["method"] in ("POST", "PUT", "PATCH"):
                raise Problem(411, "length-required", f"A {scope['method']} needs Content-Length or Transfer-Encoding.")
            return 0
        encoding = headers.get("content-encoding", "identity")
        if encoding.strip().lower() != "identity":
            detail = "A body is taken as it is, without a Content-Encoding."
            raise Problem(415, "unsupported-media-type", detail, headers={"Accept-Encoding": "identity"})
        if self._admit:
            asked = scope["method"], path_of(scope), headers
            most = await asyncio.get_running_loop().run_in_executor(self._threads, self._admit, *asked)
            return BODY_BYTES if most is None else most
        return BODY_BYTES

    async def _answer(self, environ: WSGIEnvironment, receive: Receive, send: Send, keep: Keep | None) -> None:
        loop, in_context = asyncio.get_running_loop(), contextvars.copy_context().run
        answer, is_started, more = _answer_of(self._wsgi_app, environ), False, True
        leaving: asyncio.Future[None] | None = None
        try:
            while more and not (leaving and leaving.done()):
                *start, piece = await loop.run_in_executor(self._threads, in_context, next, answer)
                more = piece["more_body"]
                if keep and start and not more and MARK in environ:
                    keep(start[0], piece["body"])
                for message in start:
                    await send(message)
                    is_started = True
                if not await _ends_within(STALL_SECONDS, send(piece)):
                    LOG.warning("gave up on a client that took nothing for %g s", STALL_SECONDS)
                    return
                if more and not leaving:
                    leaving = asyncio.ensure_future(_client_left(receive))
        except Exception:
            problem = Problem(500, "internal-error", "Something went wrong here; it has been logged.")
            request_id = "under way" if is_started else await _send_problem(send, problem)
            LOG.exception("request %s failed: %s %s", request_id, environ["REQUEST_METHOD"], environ["RAW_URI"])
        finally:
            if leaving:
                leaving.cancel()
            if more:
                await asyncio.shield(loop.run_in_executor(self._threads, in_context, answer.close))


def _answer_of(wsgi_app: WSGIApplication, environ: WSGIEnvironment) -> Generator[list[Message], None, None]:
    """What the application answers, in steps: each gives the messages to send, the last of which holds a piece.

    The application's iterable is closed before the last step is given, after an error, or when this is closed.
    """
    messages: list[Message] = []
    items: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        messages[:] = [{"type": "http.response.start", "status": int(status[:3]), "headers": pairs}]
        return items.append

    iterable = wsgi_app(environ, start_response)
    try:
        size = 0
        for item in iterable:
            if environ["REQUEST_METHOD"] == "HEAD":
                break
            if size >= PIECE_BYTES:
                yield [*messages, _body_message(b"".join(items), more=True)]
                messages, items, size = [], [], 0
            items.append(item)
            size += len(item)
    finally:
        getattr(iterable, "close", lambda: None)()
    yield [*messages, _body_message(b"".join(items), more=False)]


async def _read_body(scope: Scope, receive: Receive, body: IO[bytes], most: int) -> int:
    """Write the whole request body into the file and tell its size; `Problem` where it is late, large or cut short."""
    headers = dict(scope["headers"])
    more = b"content-length" in headers or b"transfer-encoding" in headers
    size, announced = 0, int(headers.get(b"content-length", 0))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while max(size, announced) <= most:
                if not more:
                    body.seek(0)
                    return size
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Problem(400, "body-cut-short", f"The connection closed after {size} bytes of the body.")
                body.write(message["body"])
                size += len(message["body"])
                more = message["more_body"]
    except TimeoutError:
        raise Problem(408, "request-timeout", f"The body was not whole after {BODY_SECONDS:g} s.") from None
    except OSError as error:
        LOG.error("a body cannot be kept: %s", error)
        raise Problem(503, "unavailable", "There is no room for a body.", headers={"Retry-After": "5"}) from None
    raise Problem(413, "body-too-large", f"A body may have {most} bytes here at the most.")


async def _client_left(receive: Receive) -> None:
    """Take what comes until the client is gone, or the request is over."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _body_message(body: bytes, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _ends_within(seconds: float, awaited: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await awaited
    except TimeoutError:
        return False
    return True


async def _send_problem(send: Send, problem: Problem) -> str:
    """Answer in the application's stead and let the connection close; tells the id given to the request."""
    request_id = uuid.uuid4().hex
    members = {
        "type": f"{PAGE}#{problem.kind}", "title": BY_NAME[problem.kind].title, "status": problem.status,
        "detail": problem.detail, "request_id": request_id,
    }  # fmt: skip
    body = (to_json(members) + "\n").encode()
    headers = {
        "content-type": MEDIA_TYPE, "content-length": str(len(body)), "x-request-id": request_id,
        "cache-control": "no-store", "access-control-allow-origin": "*", "connection": "close", **problem.headers,
    }  # fmt: skip
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": pairs})
    await send(_body_message(body, more=False))
    return request_id
