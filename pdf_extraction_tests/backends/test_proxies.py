"""The environment's proxy is used as its user meant it, and nothing else of the environment is."""

import asyncio
import base64

import pytest

from pdf_extraction.backends.transport import Transport

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def heads(monkeypatch, environment, headers=None, base_url="http://model.invalid/v1"):
    """What a listener on loopback was sent; ``{port}`` in what is given stands for its port."""
    came = []

    async def answer(reader, writer):
        came.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def work():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for name, value in environment.items():
            monkeypatch.setenv(name, value.replace("{port}", str(port)))
        transport = Transport(base_url.replace("{port}", str(port)), headers or {})
        try:
            async with transport.send("GET", "/models") as reply:
                await reply.read()
        finally:
            await transport.aclose()
            server.close()

    asyncio.run(work())
    return came


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_server_is_asked_through_the_environments_proxy_with_its_password(monkeypatch):
    (head,) = heads(monkeypatch, {"http_proxy": "http://ana:s3nha@127.0.0.1:{port}"})
    assert head.startswith("GET http://model.invalid/v1/models HTTP/1.1\r\n")
    secret = base64.b64encode(b"ana:s3nha").decode()
    assert f"Proxy-Authorization: Basic {secret}" in head


def test_a_proxy_may_be_named_without_a_scheme(monkeypatch):
    """As curl and others take it: ``proxy.example.org:3128``."""
    (head,) = heads(monkeypatch, {"http_proxy": "127.0.0.1:{port}"})
    assert head.startswith("GET http://model.invalid/v1/models HTTP/1.1\r\n")


def test_a_server_that_the_environment_excepts_is_asked_directly(monkeypatch):
    environment = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"}
    (head,) = heads(monkeypatch, environment, base_url="http://127.0.0.1:{port}/v1")
    assert head.startswith("GET /v1/models HTTP/1.1\r\n")


def test_a_password_of_the_users_netrc_does_not_stand_beside_the_settings_key(
    monkeypatch, tmp_path
):
    """A ``.netrc`` with the server's name once made every call fail before it was sent."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ana password s3nha\n")
    (head,) = heads(
        monkeypatch,
        {"NETRC": str(netrc)},
        {"Authorization": "Bearer chave"},
        base_url="http://127.0.0.1:{port}/v1",
    )
    assert "Authorization: Bearer chave" in head
    assert "Basic" not in head
