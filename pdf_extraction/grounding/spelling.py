"""Words that OCR has probably misread, by their spelling alone: Portuguese accents.

Tesseract is as sure of ``Orgão`` as of ``Órgão``: of 15 records that it had wrong, ten had
lost one accent and nothing else. Words in, doubts out; no page and no number here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain

from pdf_extraction.grounding.fold import bare

_WORD = re.compile(r"[^\W\d_]+")
#: Words that begin with an accented vowel, without accents. Capitals lose that one first: it
#: stands above the line.
_FIRST = frozenset(
    """agua aguas ambito ambitos angulo angulos animo apice arbitro arbitros area areas arvore
    arvores enfase epoca epocas etica etico exito exitos impar impares impeto indice indices
    indio indios indole obito obitos obvio oleo oleos onibus onus orbita orfao orfaos orgao
    orgaos otica otimo otimos ultima ultimas ultimo ultimos umido unica unicas unico unicos util
    uteis""".split()  # noqa: SIM905  # as a list it would take sixty lines
)
#: Endings that no word has without an accent before or in them.
_ENDINGS = re.compile(
    r".*(?:[cs](?:ao|oes)|nao|..[aeo]rios?|cipios?)"
    r"|(?:cientific|economic|historic|juridic|periodic|politic|tecnic)[oa]s?"
)
#: Letters of a word whose other spelling in the same document speaks against it, and how often
#: that one must stand for each time that this one does.
_LONG, _OFTENER = 5, 3


class Spelling:
    """How the words of one document are spelt.

    Args:
        texts: Of its pages.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts = Counter(chain.from_iterable(map(words_of, texts)))
        self._bare = {word: bare(word) for word in self._counts}
        self._most: dict[str, int] = {}
        for word, key in self._bare.items():
            self._most[key] = max(self._most.get(key, 0), self._counts[word])

    def doubts(self, text: str) -> list[str]:
        """Words of a text that have probably lost an accent, or got one."""
        found = [word for word in words_of(text) if self._is_odd(word)]
        # No provision begins with "and"; many begin with "is".
        return ["e", *found] if text.startswith("E ") else found

    def _is_odd(self, word: str) -> bool:
        key = self._bare.get(word) or bare(word)
        if key in _FIRST and word[0] == key[0]:
            return True
        if word == key and _ENDINGS.fullmatch(word):
            return True
        return len(word) >= _LONG and self._most.get(key, 0) >= _OFTENER * self._counts[word] > 0


def words_of(text: str) -> list[str]:
    """Letters that stand together, case aside."""
    return _WORD.findall(text.casefold())
