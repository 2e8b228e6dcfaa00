"""The error tree."""

import pickle

import pytest

from pdf_extraction import errors
from pdf_extraction.errors import ChainExhausted, ExtractionError, RateLimited, Remedy, named


def every_class():
    found = [ExtractionError]
    for cls in found:
        found.extend(cls.__subclasses__())
    return found


def an_instance(cls):
    if cls is ChainExhausted:
        return ChainExhausted((RateLimited("slow down", retry_after=2.0, backend="vllm"),))
    return cls("page 3 of lei.pdf: what happened; what to do")


@pytest.mark.parametrize("cls", every_class())
def test_every_class_survives_pickling_with_its_fields(cls):
    """An error that crosses a process keeps its class, its sentence and its fields."""
    error = an_instance(cls)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (cls, str(error))
    assert set(vars(copy)) == set(vars(error))


@pytest.mark.parametrize("cls", every_class())
def test_every_class_is_rebuilt_from_its_stored_name(cls):
    """An error read back from a stage has its class, its remedy and every field it is used by."""
    error = an_instance(cls)
    copy = named(error.kind, str(error))
    assert (type(copy), str(copy), copy.remedy) == (cls, str(error), cls.remedy)
    assert set(vars(copy)) == set(vars(error))


def test_a_name_of_another_version_becomes_a_plain_error():
    """A stage written by a newer version is read without a crash."""
    assert type(named("FromTheFuture", "sentence")) is ExtractionError


def test_the_docstring_shows_every_class():
    """The tree at the top of the module names each class of the module."""
    missing = [cls.__name__ for cls in every_class() if cls.__name__ not in errors.__doc__]
    assert missing == []


def test_an_exhausted_chain_names_every_cause():
    """The sentence of a failed page tells what each backend answered."""
    causes = (RateLimited("vllm: slow down"), errors.Rejected("openrouter: no such model"))
    assert str(ChainExhausted(causes)) == (
        "RateLimited: vllm: slow down; Rejected: openrouter: no such model"
    )


def test_errors_that_waiting_may_mend_are_the_only_ones_waited_for():
    """Rate limits, outages, time-outs and files being replaced are; refused requests are not."""
    waits = {cls.__name__ for cls in every_class() if cls.remedy is Remedy.WAIT_AND_RETRY}
    assert waits == {"RateLimited", "Unavailable", "TimedOut", "DocumentChanged"}
