"""Backends answer questions about pages; policies are backends around a backend."""
