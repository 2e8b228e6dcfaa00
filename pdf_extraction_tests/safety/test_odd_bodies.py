"""What no server should send, through the real client to the tables."""

import gzip
import json
import socketserver
import threading
from contextlib import contextmanager

import pytest

from pdf_extraction import errors
from pdf_extraction.backends import transport
from pdf_extraction.errors import ExtractionError
from pdf_extraction_tests.samples import write_law
from pdf_extraction_tests.test_extraction import rows_of, run, workspace_for


def http(body=b"", head="application/json", status=200, *more, length=None):
    """An HTTP answer as bytes."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {head}", f"Content-Length: {size}", *more]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


def answer(content, **fields):
    """A chat completion's JSON around some content."""
    choice = {"message": {"content": content}, "finish_reason": "stop", **fields.pop("choice", {})}
    return json.dumps({"choices": [choice], **fields}).encode()


def chunked(*chunks):
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(chunks)


GOOD = '{"devices": []}'
DEEP = '{"devices": ' + "[" * 5_000 + "]" * 5_000 + "}"
SSE = "text/event-stream"
BODIES = {
    "nothing": b"",
    "no http": b"hello\r\n",
    "garbage": bytes(range(256)) * 8,
    "empty": http(),
    "html": http(b"<html><h1>Log in</h1></html>", "text/html"),
    "json null": http(b"null"),
    "json list": http(b"[]"),
    "json number": http(b"42"),
    "not a number": http(b"NaN"),
    "utf-16": http(answer(GOOD).decode().encode("utf-16"), "application/json; charset=utf-8"),
    "latin-1": http('{"choices": "ação"}'.encode("latin-1")),
    "unknown charset": http(answer(GOOD), "application/json; charset=klingon"),
    "truncated gzip": http(
        gzip.compress(answer(GOOD))[:-9], "application/json", 200, "Content-Encoding: gzip"
    ),
    "no gzip": http(answer(GOOD), "application/json", 200, "Content-Encoding: gzip"),
    "no brotli": http(b"\x00\x01", "application/json", 200, "Content-Encoding: br"),
    "too short": http(answer(GOOD), length=9_999),
    "too long": http(answer(GOOD), length=5),
    "negative length": http(answer(GOOD), length=-1),
    "bad chunks": chunked(b"zz\r\nxx\r\n"),
    "endless header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "status 999": http(b"{}", "application/json", 999),
    "status 204": http(b"", "application/json", 204),
    "redirect": http(b"", "text/html", 302, "Location: http://127.0.0.1:9/"),
    "error is a surrogate": http(b'{"error": {"message": "\\ud800", "code": {}}}', status=400),
    "error is deep": http(b'{"error": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", status=500),
    "error has orders": http(b'{"error": "\\u001b[2J<script>"}', status=400),
    "deep": http(b"[" * 100_000),
    "choices of null": http(b'{"choices": [null]}'),
    "message is a list": http(b'{"choices": [{"message": [[], {}, 1]}]}'),
    "content is a number": http(answer(7)),
    "content is an object": http(answer({"text": {"text": [None]}})),
    "deep content": http(answer(DEEP)),
    "half an emoji": http(
        answer(
            '{"devices": [{"device_type": "artigo", "text": "\ud800"}]}',
            model="\udfff",
            choice={"finish_reason": "\ud83d"},
        )
    ),
    "a refusal of surrogates": http(answer("", choice={"message": {"refusal": "\ud800"}})),
    "NUL": http(
        answer(
            '{"devices": [{"device_type": "artigo", "identifier": "Art.\\u0000",'
            ' "text": "\\u0000\u0000", "bbox": [1e999, -0, NaN, 1]}]}',
            model="a\u0000b",
        )
    ),
    "huge numbers": http(
        answer(
            '{"devices": [{"device_type": "artigo", "text": "x",'
            f' "confidence": {"9" * 400}, "bbox": [{"9" * 400}, 0, 1, 1]}}]}}',
            usage={"prompt_tokens": 10**400, "completion_tokens": 1e308},
        )
    ),
    "5,000 digits": http(answer('{"page_number": ' + "9" * 5_000 + ', "devices": []}')),
    "finish reason is an object": http(answer("{}", choice={"finish_reason": {"a": []}})),
    "sse garbage": http(b"data: {broken\n\ndata: [DONE]\n\n", SSE),
    "sse of nothing": http(b"", SSE),
    "sse of null": http(b"data: null\n\ndata: 1\n\ndata: []\n\ndata: [DONE]\n\n", SSE),
    "sse of bytes": http(b"\xff\xfe\x00data: \x00\n\n" * 50, SSE),
    "sse of surrogates": http(
        b'data: {"choices": [{"delta": {"content": ["\\ud800", {"text": "\\udc00"}]},'
        b' "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n',
        SSE,
    ),
    "sse error": http(b'data: {"error": ["\\ud800"]}\n\n', SSE),
    "sse that is json": http(answer(GOOD), SSE),
    "a bare number": http(answer("1")),
    # The last, because everybody then stays away.
    "wait for ever": http(b"{}", "application/json", 429, "Retry-After: -1e308"),
    "wait until never": http(b"{}", "application/json", 503, "Retry-After: Fri, 99 Foo 99999"),
}


@contextmanager
def sending(bodies):
    """A server that sends these bytes, one after the other and over again; its address."""
    turn = threading.Lock()
    sent = []

    class Odd(socketserver.StreamRequestHandler):
        def handle(self):
            with turn:
                body = bodies[len(sent) % len(bodies)]
                sent.append(body)
            length = 0
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.lower().partition(b":")
                length = int(value) if name == b"content-length" else length
            self.rfile.read(length)
            self.wfile.write(body)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        base_url = ""

        def handle_error(self, *_):
            pass  # the client hangs up on much of this

    with Server(("127.0.0.1", 0), Odd) as server:
        server.base_url, server.sent = f"http://127.0.0.1:{server.server_address[1]}/v1", sent
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("stream", ["never", "always"])
def test_whatever_a_server_sends_costs_its_page_alone(tmp_path, stream):
    """Each page ends done or failed with a class of the tree; a document is never lost whole."""
    path = write_law(tmp_path / "lei.pdf", len(BODIES))
    limits = {"concurrency": 1, "max_attempts": 1, "breaker_failures": 0, "patience_s": 0.0}
    limits["stream"] = stream
    with sending(list(BODIES.values())) as server:
        workspace = workspace_for(tmp_path / "data", server, **limits)
        run(workspace, [path])
        assert len(server.sent) >= len(BODIES) - 1
    [document] = rows_of(workspace, "documents", "lei")
    pages = rows_of(workspace, "pages", "lei")
    assert document["error"] is None or document["error_type"] == "ChainExhausted"
    assert [page["page_number"] for page in pages] == list(range(1, len(BODIES) + 1))
    attempts = rows_of(workspace, "attempts", "lei")
    for row in [*pages, *attempts]:
        kind = row["error_type"]
        assert kind is None or issubclass(getattr(errors, kind), ExtractionError)
        assert kind != "ProfileFault"
    assert {page["status"] for page in pages} == {"done", "failed"}
    workspace.warehouse.refresh()
    assert workspace.warehouse.query("SELECT count(*) AS n FROM pages").to_pylist() == [
        {"n": len(BODIES)}
    ]


@pytest.mark.parametrize("head", ["application/json", SSE])
def test_an_answer_without_end_is_left(tmp_path, monkeypatch, head):
    """A body larger than any answer is not gathered until the memory is full."""
    monkeypatch.setattr(transport, "MOST_BYTES", 100_000)
    with sending([http(b"data: 1\n" * 50_000, head)]) as server:
        limits = {"max_attempts": 1, "stream": "always"}
        workspace = workspace_for(tmp_path / "data", server, **limits)
        run(workspace, [write_law(tmp_path / "lei.pdf")])
    [page] = rows_of(workspace, "pages", "lei")
    assert page["error_type"] == "ChainExhausted"
    assert "larger than 100,000 bytes" in page["error"]
