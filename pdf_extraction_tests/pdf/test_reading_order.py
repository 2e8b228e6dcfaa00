"""Boxes only: how words become lines, and lines an order."""

from pdf_extraction.pdf.reading_order import Box, reading_lines

HEIGHT = 842.0


def row(y, x0, x1, run, *, word=30.0, gap=3.0):
    boxes, x = [], x0
    while x < x1 - 1:
        end = min(x + word, x1)
        boxes.append(Box(x, y, end, y + 10, run))
        x = end + gap
    return boxes


def runs_in_order(boxes, rules=()):
    return [
        tuple(dict.fromkeys(boxes[i].run for i in line))
        for line in reading_lines(boxes, HEIGHT, rules)
    ]


def two_columns(count=10, top=120.0, left=(50, 290), right=(300, 540)):
    boxes = []
    for n in range(count):
        boxes += row(top + 12 * n, *left, run=n) + row(top + 12 * n, *right, run=100 + n)
    return boxes


def test_one_column_reads_from_top_to_bottom_whatever_the_file_order():
    boxes = [box for n in (2, 0, 1) for box in row(100 + 12 * n, 50, 540, run=n)]
    assert runs_in_order(boxes) == [(0,), (1,), (2,)]


def test_two_columns_are_read_one_after_the_other():
    order = [run for line in runs_in_order(two_columns()) for run in line]
    assert order == [*range(10), *range(100, 110)]


def test_a_gutter_as_narrow_as_a_line_is_high_parts_columns():
    boxes = two_columns(right=(299, 540))
    assert [len(line) for line in runs_in_order(boxes)] == [1] * 20


def test_a_heading_over_both_columns_ends_what_stands_above_it():
    heading = row(260, 100, 490, run=50)
    boxes = two_columns() + heading + [b._replace(run=b.run + 200) for b in two_columns(top=280.0)]
    order = [run for line in runs_in_order(boxes) for run in line]
    assert order == [*range(10), *range(100, 110), 50, *range(200, 210), *range(300, 310)]


def test_a_rule_over_both_columns_ends_what_stands_above_it():
    boxes = two_columns() + [b._replace(run=b.run + 200) for b in two_columns(top=260.0)]
    order = [run for line in runs_in_order(boxes, [(50, 250, 540, 251)]) for run in line]
    assert order == [*range(10), *range(100, 110), *range(200, 210), *range(300, 310)]


def test_the_frame_of_a_box_in_one_column_ends_no_columns():
    boxes = two_columns()
    order = [run for line in runs_in_order(boxes, [(45, 178, 294, 179)]) for run in line]
    assert order == [*range(10), *range(100, 110)]


def test_a_running_head_with_two_ends_comes_first_as_one_line():
    boxes = row(30, 50, 120, run=70) + row(30, 480, 540, run=71) + two_columns()
    lines = runs_in_order(boxes)
    assert lines[0] == (70, 71)
    assert len(lines) == 21


def test_short_labels_with_hanging_text_are_no_column():
    boxes = []
    for n in range(12):
        boxes += row(100 + 12 * n, 50, 70, run=n) + row(100 + 12 * n, 90, 540, run=100 + n)
    assert runs_in_order(boxes) == [(n, 100 + n) for n in range(12)]


def test_a_table_of_short_cells_reads_row_by_row():
    boxes = []
    for n in range(12):
        boxes += row(100 + 15 * n, 50, 90 + 7 * (n % 5), run=3 * n)
        boxes += row(100 + 15 * n, 250, 280 + 9 * (n % 4), run=3 * n + 1)
        boxes += row(100 + 15 * n, 450, 470 + 5 * (n % 3), run=3 * n + 2)
    assert runs_in_order(boxes) == [(3 * n, 3 * n + 1, 3 * n + 2) for n in range(12)]


def test_wide_gaps_of_a_justified_line_do_not_split_it():
    boxes = [box for n in range(12) for box in row(100 + 12 * n, 50, 540, n, gap=3 + n)]
    assert runs_in_order(boxes) == [(n,) for n in range(12)]


def test_a_raised_ordinal_stays_in_its_line():
    boxes = [Box(50, 100, 70, 112, 0), Box(70, 98, 74, 105, 1), Box(78, 100, 120, 112, 2)]
    assert reading_lines(boxes, HEIGHT) == [[0, 1, 2]]


def test_no_words_are_no_lines():
    assert reading_lines([], HEIGHT) == []


def test_every_word_comes_out_once():
    boxes = two_columns() + row(260, 100, 490, run=50) + row(800, 280, 300, run=51)
    found = [index for line in reading_lines(boxes, HEIGHT) for index in line]
    assert sorted(found) == list(range(len(boxes)))


def test_a_few_lines_at_the_top_beside_a_long_column_are_the_next_column():
    """The signature of a gazette's last act stands alone in the second column."""
    boxes = two_columns(20)[:]
    left = [box for box in boxes if box.run < 100]
    right = [box for n in range(3) for box in row(120 + 12 * n, 360, 480, run=100 + n)]
    order = [run for line in runs_in_order(left + right) for run in line]
    assert order == [*range(20), 100, 101, 102]
