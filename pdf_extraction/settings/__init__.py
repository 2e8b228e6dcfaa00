"""The one loader of the TOML file and the environment.

No secret is kept here (only names of environment variables), nothing is read at import,
and nothing here knows a backend, a profile or a folder beyond its name.
"""

from pdf_extraction.settings.backends import (
    BackendSettings,
    EmbeddedBackendSettings,
    OpenAIBackendSettings,
    OtherBackendSettings,
)
from pdf_extraction.settings.load import (
    CONFIG_VARIABLE,
    DATA_VARIABLE,
    DEFAULT_FILE,
    api_key,
    data_dir,
    load_settings,
    parse_settings,
)
from pdf_extraction.settings.models import (
    BudgetSettings,
    CheckSettings,
    InboxSettings,
    OcrSettings,
    RenderSettings,
    Settings,
)

__all__ = [
    "CONFIG_VARIABLE",
    "DATA_VARIABLE",
    "DEFAULT_FILE",
    "BackendSettings",
    "BudgetSettings",
    "CheckSettings",
    "EmbeddedBackendSettings",
    "InboxSettings",
    "OcrSettings",
    "OpenAIBackendSettings",
    "OtherBackendSettings",
    "RenderSettings",
    "Settings",
    "api_key",
    "data_dir",
    "load_settings",
    "parse_settings",
]
