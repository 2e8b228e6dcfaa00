"""Pages made of lines of words, for tests of grounding."""

from pdf_extraction.model import PageText, Word


def page_of(*columns, source="text_layer", engine="", confidence=None):
    """A page whose columns stand side by side, each given as its lines.

    Every character is 0.008 wide and every line 0.02 high; columns begin every 0.5.
    """
    text, words, line_number = "", [], 0
    for column_number, lines in enumerate(columns):
        for row, line in enumerate(lines):
            x, y = 0.5 * column_number, 0.1 + 0.03 * row
            at = len(text)
            for token in line.split(" "):
                box = (x, y, x + 0.008 * len(token), y + 0.02)
                sure = confidence.get(token, 0.95) if confidence is not None else None
                words.append(Word(at, at + len(token), box, line_number, confidence=sure))
                at += len(token) + 1
                x += 0.008 * (len(token) + 1)
            text += line + "\n"
            line_number += 1
    return PageText(source, text.removesuffix("\n"), tuple(words), engine)
