"""``fake-server``: the scripted server in the foreground. What it answers is decided there."""

from __future__ import annotations

import click

from pdf_extraction.cli.common import Common, common_options
from pdf_extraction.cli.console import counted, err, out

_SNIPPET = """\
[backends.fake]
kind = "openai"
base_url = "{url}"
model = "scripted"
"""


@click.command("fake-server", short_help="A scripted OpenAI-compatible server on loopback.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8010,
    show_default=True,
    help="0: any free one.",
)
@click.option(
    "--faults",
    metavar="SPEC",
    default="",
    help="What goes wrong, such as 429=0.1,malformed=0.05,latency=0.5-2,slots=8,seed=7.",
)
@common_options
@click.pass_obj
def fake_server(common: Common, port: int, faults: str) -> None:
    """Serve made-up answers on loopback, for trying the product and for tests.

    Ctrl-C ends it and says what it was asked. GET /stats says so meanwhile.
    """
    from pdf_extraction.backends.fake_server import serve  # noqa: PLC0415

    stats = serve(port, faults, lambda url: _announce(common, url))
    out().line(f"{counted(stats['requests'], 'call')} came.")


def _announce(common: Common, url: str) -> None:
    out().line(f"listening on {url}")
    err().line()
    err().line("Add to pdf_extraction.toml:")
    err().line(_SNIPPET.format(url=url))
    err().line(f"and then: {common.command('run', 'FOLDER')} --backend fake")
    err().line("Ctrl-C ends the server.")
