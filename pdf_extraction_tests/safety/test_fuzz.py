"""A few of the thousands of broken files and answers that ``benchmarks/fuzz.py`` makes."""

from benchmarks.fuzz import fuzz_answers, fuzz_pdfs

SEED = 20_261


def test_broken_answers_raise_nothing_outside_the_tree():
    """Each is refused as an answer, which costs its page, or becomes rows: never a RowMismatch."""
    ends = fuzz_answers(150, SEED)
    assert set(ends) <= {"rows", "Malformed", "SchemaMismatch", "Looping", "Truncated", "Refused"}
    assert ends["rows"] > 15


def test_broken_files_raise_nothing_outside_the_tree(tmp_path):
    """Each is read, or has its named reason; none is a fault of the program."""
    ends = fuzz_pdfs(25, SEED, tmp_path)
    assert sum(ends.values()) == 25
    assert "ReaderFault" not in ends
