"""Runs documents through a Pydantic model and a scripted server, without Dagster."""

import asyncio
from pathlib import Path

from pdf_extraction.extraction import assemble_document, ground_document, publish, read_and_ask
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, open_tools

SCHEMAS = Path(__file__).resolve().parents[1] / "data" / "schemas"


def workspace_for(data, profile, server=None, pages=0, **backend):
    """A workspace whose chain is the server, else the embedded backend."""
    settings = {"profile": str(profile), "pages_per_question": pages}
    if server is not None:
        scripted = {"kind": "openai", "base_url": server.base_url, "model": "scripted"}
        table = {**scripted, "calls_per_minute": 0, **backend}
        settings |= {"chain": ["scripted"], "backends": {"scripted": table}}
    return Workspace(data, parse_settings(settings, "test"))


def run(workspace, *paths, force=False, run_id="run-1", selection=None):
    """Every step over some files; whether each document's rows changed."""
    documents = [workspace.catalogue.register(path).document for path in paths]

    async def asked():
        async with open_tools(workspace, force=force) as tools:
            return await read_and_ask(tools, documents, selection)

    changed = []
    for outcome in asyncio.run(asked()):
        profile = workspace.profile
        groundings = ground_document(profile, outcome)
        rows = assemble_document(profile, outcome, groundings, workspace.calls)
        changed.append(publish(workspace.tables, rows, run_id, profile.specs)[1])
    return changed


def ask(workspace, sql):
    """Rows of the refreshed warehouse."""
    workspace.warehouse.refresh()
    return workspace.warehouse.query(sql).to_pylist()
