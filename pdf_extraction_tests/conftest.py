import pytest

from pdf_extraction.backends.sharing import RUNTIME_VARIABLE


@pytest.fixture(autouse=True, scope="session")
def _meeting_nobody_else(tmp_path_factory):
    """Limits are shared with no process outside these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RUNTIME_VARIABLE, str(tmp_path_factory.mktemp("runtime")))
        yield
