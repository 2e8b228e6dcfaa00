"""The only room that knows Parquet and DuckDB. No document is opened and no model asked here."""
