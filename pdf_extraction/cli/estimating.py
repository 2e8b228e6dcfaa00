"""``estimate``: what a run would take, in words. The figures are made in the library."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pdf_extraction.cli.common import FAILED, Common, choice_options, common_options
from pdf_extraction.cli.console import Column, Screen, counted, out, usd, visible
from pdf_extraction.cli.documents import find_files

if TYPE_CHECKING:
    from pdf_extraction.estimate import DocumentEstimate, Estimate
    from pdf_extraction.settings import Settings

#: Documents of which each has a line in a terminal.
_MOST_LINES = 40


@click.command("estimate", short_help="Pages, tokens and money that a run would take.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@choice_options
@common_options
@click.pass_context
def estimate_command(
    context: click.Context, paths: tuple[Path, ...], profile: str | None, backend: str | None
) -> None:
    """Say what `run` would take: pages, cached pages, tokens and money.

    Calls no model and registers nothing. Counted is one call a page to the chain's first
    backend, and closer looks where they are known; retries and fallbacks come on top.
    """
    from pdf_extraction.estimate import estimate  # noqa: PLC0415

    workspace = context.ensure_object(Common).workspace(profile, backend)
    made = asyncio.run(estimate(workspace, find_files(workspace, paths)))
    _show(out(), made, workspace.settings)
    if any(document.error for document in made.documents):
        context.exit(FAILED)


def _show(screen: Screen, made: Estimate, settings: Settings) -> None:
    heads = ("pages", "blank", "cached", "to ask", "input", "output", "USD")
    columns = [Column("document"), *(Column(head, right=True, whole=True) for head in heads)]
    readable = [document for document in made.documents if document.error is None]
    shown = readable[: _MOST_LINES if screen.is_terminal else None]
    rows = [_row(document, document.name) for document in shown]
    if len(readable) > 1:
        rows.append(_row(_total(readable), "total"))
    screen.table(columns, rows)
    for document in made.documents:
        if document.error is not None:
            screen.line(visible(f"{document.name}: {document.error}"), "red")
    screen.line()
    for sentence in _remarks(made, _total(readable), settings):
        screen.line(sentence)


def _row(document: DocumentEstimate, name: str) -> tuple[str, ...]:
    figures = (
        document.pages,
        document.unasked,
        document.cached,
        document.asked,
        document.input_tokens,
        document.output_tokens,
    )
    return (name, *(f"{figure:,}" for figure in figures), usd(document.cost_usd))


def _total(documents: list[DocumentEstimate]) -> DocumentEstimate:
    from pdf_extraction.estimate import DocumentEstimate  # noqa: PLC0415

    return DocumentEstimate(
        "total",
        pages=sum(document.pages for document in documents),
        unasked=sum(document.unasked for document in documents),
        cached=sum(document.cached for document in documents),
        asked=sum(document.asked for document in documents),
        looks=sum(document.looks for document in documents),
        input_tokens=sum(document.input_tokens for document in documents),
        output_tokens=sum(document.output_tokens for document in documents),
        cost_usd=sum(document.cost_usd for document in documents),
    )


def _remarks(made: Estimate, total: DocumentEstimate, settings: Settings) -> list[str]:
    if made.is_local:
        return [f"Backend {made.backend} reads pages here: no calls, no tokens, no money."]
    source = (
        f"averages of {counted(made.measured_on, 'answer')} of this backend"
        if made.measured_on
        else "rules of thumb, until this backend has answered 20 pages"
    )
    remarks = [
        f"Backend {made.backend}, one call a page; tokens by {source}.",
        "Retries and fallbacks come on top.",
    ]
    if settings.markdown.closer and settings.profile == "markdown":
        remarks.append(
            f"Counted too: {counted(total.looks, 'closer look')} at tables and formulas, each as a "
            "whole page, where the page's own text shows them; scans may take more."
        )
    if not made.is_priced:
        keys = "price_per_million_input_tokens and price_per_million_output_tokens"
        remarks.append(f"No price is set: give {keys} in [backends.{made.backend}].")
    cap = settings.budget.max_cost_usd
    if cap is not None and total.cost_usd > cap:
        remarks.append(f"[budget] max_cost_usd = {cap:g} would stop the run before its end.")
    return remarks
