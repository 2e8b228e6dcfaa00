"""Any Pydantic model of a user's own becomes questions and typed tables."""

from pdf_extraction.profiles.user_model.load import load_profile
from pdf_extraction.profiles.user_model.profile import UserModel

__all__ = ["UserModel", "load_profile"]
