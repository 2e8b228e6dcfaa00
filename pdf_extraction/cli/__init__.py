"""The command line: words to calls, results to words. No work is done here.

One module a group of commands. Each imports what is heavy when it runs.
"""

from __future__ import annotations

import click

from pdf_extraction import __version__
from pdf_extraction.cli.common import PROGRAM, Commands, Common, common_options, leave, quieten
from pdf_extraction.cli.doctor import doctor
from pdf_extraction.cli.estimating import estimate_command
from pdf_extraction.cli.evaluate import evaluate
from pdf_extraction.cli.fake import fake_server
from pdf_extraction.cli.forget import forget
from pdf_extraction.cli.run import retry, run
from pdf_extraction.cli.sql import sql
from pdf_extraction.cli.status import status

_EPILOG = "Exit status: 0 all pages done; 1 something failed, and the output says what; \
2 wrong usage or settings; 130 stopped by Ctrl-C."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@common_options
@click.version_option(__version__, prog_name=PROGRAM)
@click.pass_context
def program(context: click.Context) -> None:
    """PDFs to SQL tables, every value proven on its page."""
    context.ensure_object(Common)


for _command in (run, estimate_command, retry, status, sql, evaluate, doctor, forget, fake_server):
    program.add_command(_command)


def main() -> None:
    """Run the command line of this process and exit."""
    quieten()
    try:
        program(prog_name=PROGRAM)
    except SystemExit as ended:
        leave(ended.code)
        raise
