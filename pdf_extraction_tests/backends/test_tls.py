"""Certificates are checked, against the system's CAs or a private one; on loopback."""

import asyncio
import ssl

import pytest
import trustme

from pdf_extraction.backends.transport import ConnectionFailed, Transport
from pdf_extraction.errors import SettingsError

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


async def _answer(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)
    await writer.drain()
    writer.close()


def status(authority, ca_file):
    """Status of a call to a server whose certificate the authority signed."""

    async def work():
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        transport = Transport(f"https://127.0.0.1:{port}", {}, direct=True, ca_file=ca_file)
        try:
            async with transport.send("GET", "/models") as reply:
                return reply.status
        finally:
            await transport.aclose()
            server.close()

    return asyncio.run(work())


def test_a_private_authority_is_trusted_where_the_settings_name_it(tmp_path):
    """And nowhere else: without ``ca_file``, or with another's, no request is sent."""
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    assert status(authority, str(tmp_path / "ca.pem")) == 200
    for wrong in (None, str(tmp_path / "other.pem")):
        with pytest.raises(ConnectionFailed, match="certificate") as caught:
            status(authority, wrong)
        assert not caught.value.was_sent


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_named(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match=r"ca_file: .*ca\.pem"):
        Transport("https://127.0.0.1:1", {}, ca_file=str(file))
