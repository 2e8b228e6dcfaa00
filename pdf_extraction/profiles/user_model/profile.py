"""The profile of a user's own Pydantic model: its parts put together."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from pdf_extraction.errors import Malformed, Rejected, SchemaMismatch, SettingsError, Truncated
from pdf_extraction.grounding import ground
from pdf_extraction.model import (
    Document,
    GroundedPage,
    Grounding,
    PageImage,
    PageText,
    Prompt,
    Row,
)
from pdf_extraction.profiles.user_model import parts
from pdf_extraction.profiles.user_model.answers import Reading
from pdf_extraction.profiles.user_model.cells import Tree, cells, has_values
from pdf_extraction.profiles.user_model.evidence import claims, located
from pdf_extraction.profiles.user_model.merge import merged
from pdf_extraction.profiles.user_model.prompts import (
    page_question,
    rest_question,
    system_prompt,
    window_question,
)
from pdf_extraction.profiles.user_model.shape import Group, shape_of, snake_case
from pdf_extraction.profiles.user_model.shortfall import rows_left_out
from pdf_extraction.profiles.user_model.strict import strict_schema
from pdf_extraction.profiles.user_model.tables import Layout
from pdf_extraction.profiles.user_model.validation import validated
from pdf_extraction.together import asked_together, one_text

Scope = Literal["document", "page"]
#: Answers that one page may take before its list is given up.
MOST_PARTS = 12
_SCHEMA_NAME_LENGTH = 64


@dataclass(frozen=True)
class Answer:
    """What was answered about one page.

    Attributes:
        tree: Its cells.
        is_cut: The last list of it stops before its end.
    """

    tree: Tree
    is_cut: bool = False


class UserModel:
    """Any Pydantic model as tables; implements ``profiles.base.Profile``.

    Args:
        name: As the settings name it.
        model: The user's class.
        scope: What one object is about; None takes the class's ``__scope__``, else the document.

    Raises:
        SettingsError: The class cannot be made into questions and tables.
    """

    continues = True
    keeps_answers = True
    has_rules = False

    def __init__(self, name: str, model: type[BaseModel], scope: Scope | None = None) -> None:
        self.name, self.model = name, model
        self.scope = scope or _declared(model, "__scope__", "document", ("document", "page"))
        self.month_first = _declared(model, "__dates__", "dmy", ("dmy", "mdy")) == "mdy"
        self.group = shape_of(model)
        self.purpose = " ".join((model.__doc__ or "").split())
        if model.__doc__ == BaseModel.__doc__:
            self.purpose = ""
        self.layout = Layout(
            _table_name(model), self.group, self.purpose or f"Objects of `{name}`."
        )
        self.specs = self.layout.specs
        self.tables = tuple(spec.name for spec in self.specs)
        self.system = system_prompt(model.__name__, self.purpose, self.group)
        self.pages, self.is_outdated, self.covers_all = 1, False, True
        self.window: tuple[PageImage, ...] = ()
        schema = _json_schema(model)
        self._whole, self._part = strict_schema(schema), strict_schema(schema, partial=True)
        whole, part = (self._prompt("", one).schema_hash for one in (self._whole, self._part))
        self._hashes = {whole, part}
        #: Where the two are one, nothing tells which an answer was asked for by.
        self._whole_hash = whole if whole != part else None

    def of_pages(self, count: int, schema_hash: str | None = None) -> Self:
        """The profile for one document, or for an answer to an earlier version of the model.

        What that had not asked for is no problem then.
        """
        bound = copy.copy(self)
        bound.pages = count
        bound.is_outdated = schema_hash not in {None, *self._hashes}
        bound.covers_all = count == 1 or schema_hash == self._whole_hash is not None
        return bound

    @property
    def asks_together(self) -> bool:
        """Whether one question may be about several pages: they have one object."""
        return self.scope == "document"

    def of_window(self, window: Sequence[PageImage], *, covers_all: bool) -> Self:
        """The profile for a question about several pages."""
        bound = copy.copy(self)
        bound.window, bound.covers_all = tuple(window), covers_all
        return bound

    @property
    def _is_partial(self) -> bool:
        """Whether what is asked about has only a part of the object."""
        return self.scope == "document" and not self.covers_all

    def prompt(self, page: PageImage, neighbours: Sequence[PageImage] = ()) -> Prompt:
        """Rules, fields and schema; of a page among others, null is allowed everywhere."""
        whole = not self._is_partial
        if self.window:
            numbers = [shown.page_number for shown in self.window]
            question = window_question(numbers, self.pages, whole=whole)
        else:
            others = ", ".join(str(neighbour.page_number) for neighbour in neighbours)
            question = page_question(page.page_number, self.pages, whole=whole, neighbours=others)
        schema = self._part if self._is_partial or self.scope == "page" else self._whole
        return self._prompt(question, schema)

    def _prompt(self, question: str, schema: Mapping[str, Any]) -> Prompt:
        name = snake_case(self.model.__name__)[:_SCHEMA_NAME_LENGTH]
        return Prompt(self.system, question, schema, name)

    def read(self, page: PageImage) -> str:
        """Nothing is read by rules.

        Raises:
            Rejected: Always.
        """
        raise Rejected(
            f"page {page.page_number}: {self.name} is a model of your own, which only a model "
            "server can fill; the embedded backend reads by rules, and there are none for it"
        )

    def parse(self, text: str, page_number: int) -> Answer:
        """Repair, type and validate the answers about a page.

        Raises:
            OutputError: They cannot be used.
        """
        tree, is_cut = self._joined(parts.split(text), page_number)
        if is_cut and not any(items for _, items in parts.lists(self.group, tree)):
            raise Truncated(
                f"The answer about page {page_number} was cut before a list's first item was "
                "whole. Raise max_tokens."
            )
        if not has_values(tree):
            if self._is_partial or self.scope == "page":
                return Answer({})
            raise Malformed(f"The answer about page {page_number} has no value at all.")
        partial = is_cut or self._is_partial or self.is_outdated
        return Answer(validated(self.model, self.group, tree, partial=partial), is_cut)

    def _joined(self, texts: Sequence[str], page_number: int) -> tuple[Tree, bool]:
        names = [name for one in self.group.fields for name in {one.key, one.name}]
        tree: Tree = {}
        is_cut = False
        for text in texts:
            found, is_cut = parts.read_part(text, page_number, names)
            read = Reading(found, month_first=self.month_first).tree(self.group, found)
            tree = parts.appended(self.group, tree, read) if tree else read
        return tree, is_cut

    def follow_up(self, page: PageImage, text: str) -> Prompt | None:
        """Asks for the rest of a list that was cut, or that has fewer items than the page rows.

        Raises:
            Truncated: It was cut, and asking on brings nothing more.
        """
        texts = parts.split(text)
        tree, is_cut = self._joined(texts, page.page_number)
        found = {name: items for name, items in parts.lists(self.group, tree) if items}
        brought = len(texts) == 1 or self._size(tree) > self._size(
            self._joined(texts[:-1], page.page_number)[0]
        )
        goes_on = brought and len(texts) < MOST_PARTS
        if is_cut and not (goes_on and found):
            raise Truncated(
                f"The answer about page {page.page_number} stops before its end, and asking for "
                "the rest brings nothing more. Raise max_tokens, or make the model smaller."
            )
        if not goes_on or not found:
            return None
        shown = one_text([one.text for one in self.window or (page,)])
        name = list(found)[-1] if is_cut else self._short_list(tree, shown)
        if name is None:
            return None
        last = parts.anchor(found[name][-1])
        question = rest_question(self.prompt(page).user, name, len(found[name]), last)
        # A schema of its own: the cache may take answers to other wordings of one question.
        rest = f"what comes after item {len(found[name])} of {name}, {last}"
        return self._prompt(question, {**self._part, "description": rest})

    def _size(self, tree: Tree) -> int:
        return sum(cell.value is not None for cell in cells(self.group, tree))

    def _short_list(self, tree: Tree, page: PageText) -> str | None:
        """Name of a list that has fewer items than the page has rows."""
        if page.source == "none":
            return None
        for one in self.group.fields:
            items = tree.get(one.name)
            if not isinstance(one.node, Group) or not isinstance(items, list):
                continue
            if rows_left_out([claims(one.node, item, page) for item in items], page):
                return one.key
        return None

    def claims(self, answer: Answer) -> Sequence[str]:
        """Texts of the fields that a page must have, as answered."""
        return [cell.text or str(cell.value) for cell in cells(self.group, answer.tree)]

    def locate(self, answer: Answer, page: PageText) -> list[Grounding]:
        """Each field's printed text on the page."""
        return ground(claims(self.group, answer.tree, page), page)

    def assemble(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[str, list[Row]]:
        """Rows of the model's tables: one record a document, or one a page."""
        del canonical_text
        groups = asked_together([page.outcome for page in pages])
        answered = [page for page in pages if page.answer is not None and page.answer.tree]
        trees = [
            located(
                self.group,
                page.answer.tree,
                {
                    one.page.page_number: one.page.text
                    for one in groups[page.outcome.page.page_number]
                },
                page.groundings,
                page.outcome.completion.token_logprobs if page.outcome.completion else "",
            )
            for page in answered
        ]
        # An answer about the whole document was itself held against the model.
        merges = self.scope == "document" and not self._is_one_answer(answered, len(pages))
        if merges and trees:
            trees = [merged(self.group, trees)]
        rows: dict[str, list[Row]] = {name: [] for name in self.tables}
        for position, tree in enumerate(trees):
            whole, errors = self._validated(tree) if merges else (tree, [])
            record_id = f"{document.document_id}#{position + 1}"
            found = self.layout.rows(record_id, position, document.document_id, whole, errors)
            for name, inner in found.items():
                rows[name] += inner
        return rows

    def _is_one_answer(self, answered: Sequence[GroundedPage], count: int) -> bool:
        if len(answered) > 1:
            return False
        return all(self.of_pages(count, one.outcome.schema_hash).covers_all for one in answered)

    def _validated(self, tree: Tree) -> tuple[Tree, list[str]]:
        """A document's merged object as the model's validation gives it, or what it objects to."""
        try:
            return validated(self.model, self.group, tree, partial=False), []
        except SchemaMismatch as error:
            return tree, [str(error)]


def _declared(model: type[BaseModel], name: str, default: str, allowed: Sequence[str]) -> Any:
    value = getattr(model, name, default)
    if value not in allowed:
        words = " or ".join(map(repr, allowed))
        raise SettingsError(f"{model.__name__}.{name} = {value!r}: expected {words}")
    return value


def _table_name(model: type[BaseModel]) -> str:
    name = str(getattr(model, "__table__", "") or snake_case(model.__name__)).lower()
    if not name.isidentifier():  # it is a folder's name as well
        raise SettingsError(
            f"{model.__name__}: {name!r} cannot be a table: give the class "
            '`__table__ = "a_name"` of letters, digits and underscores'
        )
    return name


def _json_schema(model: type[BaseModel]) -> dict[str, Any]:
    try:
        return model.model_json_schema()
    except PydanticUserError as error:
        raise SettingsError(
            f"{model.__name__} has a field that no JSON can hold: {error.message}"
        ) from error
