"""A scripted OpenAI-compatible server on loopback, for dry runs and tests.

It answers in the shape asked for, fails as told and counts what it was asked, so that what
was paid can be proved. It knows nothing of the client: nothing of ``backends`` is imported.
"""

from pdf_extraction.backends.fake_server.answers import Asked
from pdf_extraction.backends.fake_server.faults import Faults
from pdf_extraction.backends.fake_server.server import FakeServer, serve

__all__ = ["Asked", "FakeServer", "Faults", "serve"]
