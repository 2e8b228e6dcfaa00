"""Workspaces and instances for runs in the test's own process."""

import dagster as dg
import pytest

from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace


@pytest.fixture
def instance():
    """History that is gone after the test."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def make_workspace(tmp_path):
    """A workspace in the test's folder with some settings."""

    def make(**settings):
        return Workspace(tmp_path / "data", parse_settings(settings, "test"))

    return make
