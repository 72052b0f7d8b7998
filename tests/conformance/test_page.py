"""The page of the suite is current, and no sentence of the documents is left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance import documents, page
from tests.conformance.elsewhere import ELSEWHERE
from tests.conformance.sentences import Elsewhere, Sentence, stands_for

ROOT = page.HERE.parents[1]

needs_documents = pytest.mark.skipif(
    not documents.GUIDE.exists(), reason="the documents of shared/ are not on this machine"
)


def test_page_is_current() -> None:
    """The page in the docs is what the suite gives."""
    assert page.PAGE.read_text("utf-8") == page.make(), "run python -m tests.conformance.page"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.__name__) for _, case in page.cases()])
def test_each_case_says_what_it_sees(case: Callable[..., Any]) -> None:
    """A case has one sentence that says what is seen."""
    assert re.fullmatch(r"[^\n]+[.]", page.meaning(case))


def test_sources_have_their_place() -> None:
    """Every sentence is under one of the page's headings."""
    assert {claim.source for claim, _, _ in page.claims()} == set(page.SOURCES)


@pytest.mark.parametrize("each", ELSEWHERE, ids=lambda each: each.text[:40])
def test_what_is_elsewhere_is_there(each: Elsewhere) -> None:
    """The tests that are named for a sentence exist."""
    for test in each.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text("utf-8")


def section_of(source: str, sections: list[documents.Section]) -> documents.Section:
    """Find the section of a source, whose heading may be cut short."""
    exact = [each for each in sections if each.name == source]
    (section,) = exact or [each for each in sections if each.name.startswith(source)]
    return section


@needs_documents
def test_sentences_are_in_the_documents() -> None:
    """The words of every sentence stand under its heading."""
    sections = documents.sections()
    for claim, _, where in page.claims():
        section = section_of(claim.source, sections)
        assert claim.text == "*" or section.touched(claim.text), f"{where}: {claim}"


@needs_documents
def test_no_sentence_is_left_out() -> None:
    """Every sentence of both documents has a case, or a reason for none."""
    sections = documents.sections()
    left = {each.name: dict(enumerate(each.sentences)) for each in sections}
    for claim, _, _ in page.claims():
        section = section_of(claim.source, sections)
        found = set(left[section.name]) if claim.text == "*" else section.touched(claim.text)
        for number in found:
            left[section.name].pop(number, None)
    assert {name: list(rest.values()) for name, rest in left.items() if rest} == {}


def test_marks_keep_their_order() -> None:
    """A case that is marked twice has its sentences from the top down."""

    @stands_for("guide: A", "one", "two")
    @stands_for("interop 1", "three")
    def case() -> None: ...

    assert vars(case)["sentences"] == [
        Sentence("guide: A", "one"), Sentence("guide: A", "two"), Sentence("interop 1", "three"),
    ]  # fmt: skip


def test_a_section_finds_words() -> None:
    """Words are found in whichever sentences they touch, however they are broken and emphasised."""
    section = documents.Section("x", ("First it is so.", "Then not.", "First again."))
    assert section.touched("it   **is**\nso. Then") == {0, 1}
    assert section.touched("First") == {0, 2}
    assert section.touched("never") == set()
