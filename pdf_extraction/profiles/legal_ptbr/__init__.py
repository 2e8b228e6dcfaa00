"""Devices of Brazilian legal acts: artigo, parágrafo, inciso, alínea and item."""

from pdf_extraction.profiles.legal_ptbr.profile import LegalPtBr

__all__ = ["LegalPtBr"]
