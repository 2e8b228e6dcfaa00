"""What a Pydantic model asks for, as a tree of fields that tables and answers share.

Only the model's own declarations are looked at; no answer and no table here.
"""

from __future__ import annotations

import enum
import re
import types
from collections import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin

from pydantic import AliasChoices, AwareDatetime, BaseModel, NaiveDatetime, RootModel
from pydantic.fields import FieldInfo

from pdf_extraction.errors import SettingsError
from pdf_extraction.tablespec import ColumnKind

_KINDS: Mapping[Any, ColumnKind] = {
    str: "text",
    bool: "bool",
    int: "int",
    float: "float",
    Decimal: "decimal",
    datetime: "datetime",
    NaiveDatetime: "datetime",
    AwareDatetime: "datetime_utc",
    date: "date",
    time: "time",
}
_LISTS = (list, tuple, set, frozenset, abc.Sequence, abc.Iterable, abc.Set, abc.Collection)
#: Kinds of which the later takes the earlier's values.
_WIDER: tuple[tuple[ColumnKind, ...], ...] = (("int", "decimal"), ("int", "float"))
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: Digits of a decimal that says nothing of them: 28 before the point and 10 behind it.
_PRECISION, _SCALE = 38, 10
_MOST_DEEP = 12


@dataclass(frozen=True)
class Scalar:
    """One value, or a list of such.

    Attributes:
        kind: Type of its column.
        values: Of an ``enum``, in the order of the model.
        precision: Digits of a ``decimal``.
        scale: Of them behind the point.
        is_list: A list of the kind.
        below_one: It is bounded by 1, so that 15 % is 0.15.
    """

    kind: ColumnKind
    values: tuple[str, ...] = ()
    precision: int = _PRECISION
    scale: int = _SCALE
    is_list: bool = False
    below_one: bool = False


@dataclass(frozen=True)
class Group:
    """A model, or a union of models with the fields of all.

    Attributes:
        fields: In the model's order.
        models: The classes, one but for a union.
        key: Names of the fields by which two pages' partial objects are the same one.
        is_list: A list of such: a table of its own.
    """

    fields: tuple[ShapeField, ...]
    models: tuple[type[BaseModel], ...]
    key: tuple[str, ...] = ()
    is_list: bool = False


@dataclass(frozen=True)
class ShapeField:
    """One field of a model.

    Attributes:
        name: Attribute of the model's objects.
        key: Its name in the answer's JSON.
        description: As the model gives it.
        nullable: Whether the model takes null there.
        printed: Whether its value stands on the page; what a model concludes does not.
        node: What it holds.
    """

    name: str
    key: str
    description: str
    nullable: bool
    printed: bool
    node: Scalar | Group


@dataclass(frozen=True)
class _Seen:
    """Where in a model the reading is, for messages and against recursion."""

    path: tuple[str, ...]
    models: tuple[type[BaseModel], ...] = field(default=())

    def into(self, name: str) -> _Seen:
        return _Seen((*self.path, name), self.models)


def shape_of(model: type[BaseModel]) -> Group:
    """The fields of a model, nested ones too.

    Raises:
        SettingsError: The model has no fields, or a key names none of them.
    """
    if issubclass(model, RootModel) or not model.model_fields:
        raise SettingsError(
            f"{model.__name__} has no fields of its own: write a class that inherits "
            "pydantic.BaseModel and has a field for each value"
        )
    return _group((model,), _Seen((model.__name__,)))


def snake_case(name: str) -> str:
    """``InvoiceLine`` as ``invoice_line``."""
    return _CAMEL.sub("_", name).lower()


def _group(models: tuple[type[BaseModel], ...], seen: _Seen, *, is_list: bool = False) -> Group:
    inside = _Seen(seen.path, (*seen.models, *models))
    fields: dict[str, ShapeField] = {}
    for model in models:
        for name, info in model.model_fields.items():
            found = _field(name, info, inside.into(name))
            fields[name] = _merged(fields[name], found, seen) if name in fields else found
    key = tuple(dict.fromkeys(part for model in models for part in _declared_key(model)))
    if unknown := [part for part in key if part not in fields]:
        raise SettingsError(
            f"{models[0].__name__}.__key__ names {unknown[0]!r}, which is no field of it"
        )
    return Group(tuple(fields.values()), models, key, is_list)


def _declared_key(model: type[BaseModel]) -> tuple[str, ...]:
    declared = getattr(model, "__key__", ())
    return (declared,) if isinstance(declared, str) else tuple(declared)


def _field(name: str, info: FieldInfo, seen: _Seen) -> ShapeField:
    node, nullable = _node(info.annotation, tuple(info.metadata), seen)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, Mapping) else {}
    return ShapeField(
        name=name,
        key=_key_in_json(name, info),
        description=info.description or "",
        nullable=nullable,
        printed=bool(extra.get("printed", True)),
        node=node,
    )


def _key_in_json(name: str, info: FieldInfo) -> str:
    alias = info.validation_alias or info.alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), name)
    return alias if isinstance(alias, str) else name


def _node(annotation: Any, metadata: tuple[Any, ...], seen: _Seen) -> tuple[Scalar | Group, bool]:
    """What a type holds, and whether it takes null."""
    annotation, metadata = _unwrapped(annotation, metadata)
    members, nullable = _members(annotation)
    if len(members) == 1:
        inner, more = _unwrapped(members[0], metadata)
        if _members(inner) != ([inner], False):
            node, null = _node(inner, more, seen)
            return node, null or nullable
        return _single(inner, more, seen), nullable
    models = [_unwrapped(member, ())[0] for member in members]
    if all(_is_model(model) for model in models) and len(seen.path) < _MOST_DEEP:
        if any(model in seen.models for model in models):
            return Scalar("json"), nullable
        return _group(tuple(models), seen), nullable
    nodes = [_node(member, metadata, seen)[0] for member in members]
    return _united(nodes), nullable


def _unwrapped(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            for one in more:
                metadata = (*metadata, *(one.metadata if isinstance(one, FieldInfo) else [one]))
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__"):  # type X = ...
            annotation = annotation.__value__
        elif isinstance(annotation, TypeVar):
            annotation = annotation.__bound__ or Any
        elif _is_class(annotation, RootModel):
            annotation = annotation.model_fields["root"].annotation
        else:
            return annotation, metadata


def _members(annotation: Any) -> tuple[list[Any], bool]:
    if get_origin(annotation) in {Union, types.UnionType}:
        arguments = get_args(annotation)
        return [a for a in arguments if a is not type(None)], type(None) in arguments
    return [annotation], annotation is type(None)


def _single(annotation: Any, metadata: tuple[Any, ...], seen: _Seen) -> Scalar | Group:
    origin = get_origin(annotation) or annotation
    if origin is Literal:
        return _enum(get_args(annotation))
    if _is_class(annotation, enum.Enum):
        return _enum([member.value for member in annotation])
    if _is_model(annotation):
        if annotation in seen.models or len(seen.path) >= _MOST_DEEP:
            return Scalar("json")  # a model within itself has no end of columns
        return _group((annotation,), seen)
    if origin in _LISTS:
        return _list(get_args(annotation), metadata, seen)
    return _scalar(annotation, metadata)


def _scalar(annotation: Any, metadata: tuple[Any, ...]) -> Scalar:
    known = annotation in _KINDS if isinstance(annotation, abc.Hashable) else False
    bases = annotation.__mro__ if isinstance(annotation, type) else ()
    kind = _KINDS[annotation] if known else next((_KINDS[b] for b in bases if b in _KINDS), None)
    if kind is None:
        # Addresses, ids and the like are texts; dicts and anything else are kept as JSON.
        is_text = isinstance(annotation, type) and not issubclass(annotation, (dict, list))
        is_text = (
            is_text and annotation is not object and not hasattr(annotation, "__annotations__")
        )
        return Scalar("text" if is_text else "json")
    if kind == "decimal":
        return _decimal(metadata)
    return Scalar(kind, below_one=_is_below_one(metadata))


def _is_below_one(metadata: tuple[Any, ...]) -> bool:
    bounds = [getattr(one, name, None) for one in metadata for name in ("le", "lt")]
    return any(isinstance(bound, int | float | Decimal) and bound <= 1 for bound in bounds)


def _decimal(metadata: tuple[Any, ...]) -> Scalar:
    places = next(
        (p for m in metadata if (p := getattr(m, "decimal_places", None)) is not None), None
    )
    digits = next((d for m in metadata if (d := getattr(m, "max_digits", None)) is not None), None)
    scale = min(_SCALE if places is None else int(places), _PRECISION)
    default = _PRECISION if places is None else max(18, scale)
    precision = min(_PRECISION, max(int(digits or default), scale, 1))
    return Scalar("decimal", precision=precision, scale=scale, below_one=_is_below_one(metadata))


def _enum(values: Any) -> Scalar:
    if all(isinstance(value, bool) for value in values):
        return Scalar("bool")
    if all(isinstance(value, int) for value in values):
        return Scalar("int")
    return Scalar("enum", values=tuple(dict.fromkeys(str(value) for value in values)))


def _list(items: tuple[Any, ...], metadata: tuple[Any, ...], seen: _Seen) -> Scalar | Group:
    del metadata  # bounds of the list, not of its items
    distinct = [item for item in dict.fromkeys(items) if item is not Ellipsis]
    if len(distinct) != 1:
        return Scalar("json")
    node, nullable = _node(distinct[0], (), seen)
    if node.is_list or nullable or (isinstance(node, Scalar) and node.kind == "json"):
        return Scalar("json")
    if isinstance(node, Group):
        return Group(node.fields, node.models, node.key, is_list=True)
    return Scalar(node.kind, node.values, node.precision, node.scale, True, node.below_one)


def _united(nodes: list[Scalar | Group]) -> Scalar:
    if any(isinstance(node, Group) or node.is_list or node.kind == "json" for node in nodes):
        return Scalar("json")
    scalars = [node for node in nodes if isinstance(node, Scalar)]
    kinds = {node.kind for node in scalars}
    if len(kinds) == 1:
        kind = kinds.pop()
        values = tuple(dict.fromkeys(value for node in scalars for value in node.values))
        most = max(node.scale for node in scalars)
        return Scalar(kind, values, max(node.precision for node in scalars), most)
    for narrow, wide in _WIDER:
        if kinds == {narrow, wide}:
            return next(node for node in scalars if node.kind == wide)
    return Scalar("text")


def _merged(one: ShapeField, other: ShapeField, seen: _Seen) -> ShapeField:
    """A field that several models of a union have."""
    if isinstance(one.node, Group) or isinstance(other.node, Group):
        if one.node == other.node:
            return one
        raise SettingsError(
            f"{'.'.join(seen.path)}: the models of this union have different fields "
            f"{one.name!r}; give them different names"
        )
    node = one.node if one.node == other.node else _united([one.node, other.node])
    nullable, printed = one.nullable or other.nullable, one.printed and other.printed
    return ShapeField(one.name, one.key, one.description, nullable, printed, node)


def _is_model(annotation: Any) -> bool:
    return _is_class(annotation, BaseModel) and not issubclass(annotation, RootModel)


def _is_class(annotation: Any, base: type) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, base)


def columns(group: Group, prefix: str = "") -> Iterator[tuple[str, ShapeField]]:
    """Columns of a group's own table: single models flattened, lists of models left out.

    Yields:
        The column's name and the field.
    """
    for one in group.fields:
        name = f"{prefix}{snake_case(one.name)}"
        if isinstance(one.node, Scalar):
            yield name, one
        elif not one.node.is_list:
            yield from columns(one.node, f"{name}_")
