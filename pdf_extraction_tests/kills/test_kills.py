"""Killed at any moment, nothing is lost, doubled or paid twice but what was in flight."""

import os

import pytest

from pdf_extraction_tests.kills.campaign import CONCURRENCY, campaign

KILLS = int(os.environ.get("PDF_EXTRACTION_KILLS", "4"))


@pytest.mark.slow
def test_killed_runs_end_in_the_tables_of_undisturbed_ones(tmp_path):
    """Whatever was killed when: the same rows, and no page asked twice but those in flight."""
    proof, found, expected = campaign(tmp_path, KILLS, seed=1)
    assert found == expected
    assert len(found["documents"]) == len(set(found["documents"]))
    assert proof["pictures"] == proof["paid"] == proof["pages"] == len(found["pages"])
    assert proof["asked"] == proof["paid"] + proof["lost"]
    assert proof["most_lost"] <= CONCURRENCY
    assert proof["asked_again"] == 0
    assert proof["left"] == []
