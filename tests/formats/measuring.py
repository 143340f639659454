"""Measuring: the planted folder, indexed → what was found of each of its facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.build import build_index, default_index_dir
from index.datatypes import Chunk, Document, Span
from index.knowledge_base import KnowledgeBase
from index.loading import hash_bytes, hash_source
from index.settings import IndexSettings
from rag.answerer import Answerer
from rag.composer import cite_places
from rag.datatypes import Citation, Role, Status
from rag.query import analyze_question
from rag.reading import Reading
from rag.retriever import retrieve
from rag.settings import N_READ, RagSettings
from tests.benchmarks.models import Models
from tests.formats.plan import Fact, PlannedFile, list_facts, load_plan
from tests.formats.writers import write_folder

TRUTHS = ("text_found", "place_right", "offsets_exact", "retrieved", "cited", "answered")


@dataclass(frozen=True, slots=True)
class Planted:
    """The planted folder with its index."""

    folder: Path
    index_dir: Path
    plan: tuple[PlannedFile, ...]
    knowledge_base: KnowledgeBase
    answerer: Answerer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found of a fact."""

    fact: Fact
    text_found: bool  # the sentence stands in the document's text, once
    place_right: bool  # page, slide, sheet and row, record, line or heading, of text and citations
    offsets_exact: bool  # of every hit and citation of the question
    retrieved: bool  # a hit that is read holds the sentence
    cited: bool  # the sentence is cited or among the nearest
    answered: bool  # the answer's words lie in it


def plant(folder: Path, models: Models) -> Planted:
    """Write the planned documents into a folder, beside what it holds, and index it.

    :param folder: Where; made when absent.
    :param models: Index and read it.
    :return: The folder, ready to be asked.
    """
    plan = load_plan()
    write_folder(folder, plan)
    index_dir = default_index_dir(folder)
    build_index(folder, index_dir, models.encoder, settings=IndexSettings())
    knowledge_base = KnowledgeBase.load(index_dir, encoder=models.encoder)
    answerer = Answerer(
        knowledge_base,
        Reading(models.encoder, models.require_reader(), models.calibration),
        documents_dir=folder,
        index_dir=index_dir,
    )
    return Planted(folder, index_dir, plan, knowledge_base, answerer)


def measure(planted: Planted) -> list[Outcome]:
    """Ask every fact's question.

    :param planted: The folder.
    :return: An outcome for each fact, in the plan's order.
    """
    return [_measure_fact(planted, fact) for file in planted.plan for fact in list_facts(file)]


def tally(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Count files, facts and of how many facts each thing is true, for each format and all."""
    by_format: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_format.setdefault(outcome.fact.file.format, []).append(outcome)
    counts = {name: _count(by_format[name]) for name in sorted(by_format)}
    return {**counts, "all": _count(outcomes)}


def _count(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return {
        "files": len({outcome.fact.file.path for outcome in outcomes}),
        "facts": len(outcomes),
        **{truth: sum(getattr(outcome, truth) for outcome in outcomes) for truth in TRUTHS},
    }


def _measure_fact(planted: Planted, fact: Fact) -> Outcome:
    knowledge_base = planted.knowledge_base
    document = knowledge_base.document(hash_source(str(fact.file.path)))
    start = document.text.find(fact.sentence)
    at = start + fact.sentence.find(fact.answer)
    sentence, words = Span(start, start + len(fact.sentence)), Span(at, at + len(fact.answer))
    hits = retrieve(knowledge_base, analyze_question(fact.question), RagSettings(), N_READ)
    chunks = [hit.chunk for hit in hits]
    holding = [c for c in chunks if c.doc_id == document.doc_id and _covers(c.span, sentence)]
    answer = planted.answerer.answer(fact.question)
    shown = (*answer.citations, *answer.nearest)
    # A hard line break ends what is quoted, so a quote of such a text need not be all of it.
    quoted = words if fact.file.wrap else sentence
    ours = [c for c in shown if c.source == document.source and _covers(c.span, quoted)]
    pointing = [c for c in ours if c.highlight and _covers(sentence, c.highlight)]
    return Outcome(
        fact=fact,
        text_found=document.text.count(fact.sentence) == 1,
        place_right=start >= 0
        and _is_placed(planted.folder, document, fact, words)
        and all(fact.heading in ("", *chunk.heading) for chunk in holding)
        and all(_is_cited_there(citation, document, fact) for citation in pointing),
        offsets_exact=all(_is_slice(knowledge_base, chunk) for chunk in chunks)
        and all(_is_exact(planted, citation) for citation in shown),
        retrieved=bool(holding),
        cited=bool(ours),
        answered=answer.status is not Status.NOT_FOUND
        and any(c.role is Role.ANSWER and fact.answer in c.words for c in pointing),
    )


def _covers(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _is_placed(folder: Path, document: Document, fact: Fact, words: Span) -> bool:
    """Tell whether words stand where a person who opens the file finds them."""
    if cite_places(document, words) != fact.places:
        return False
    above = [x.title for x in document.headings if x.span.start <= words.start]
    if fact.heading and above[-1:] != [fact.heading]:
        return False
    return not fact.is_lined or _line(document, words.start) == _file_line(folder, fact)


def _line(document: Document, at: int) -> int:
    return document.text.count("\n", 0, at) + 1


def _file_line(folder: Path, fact: Fact) -> int:
    """Return the line of the file, as an editor counts, in which the answer stands."""
    text = (folder / fact.file.path).read_bytes().decode(fact.file.encoding)
    sentence = fact.sentence.replace("\n", fact.file.newline)
    at = text.index(sentence) + sentence.index(fact.answer)
    return text[:at].count(fact.file.newline) + 1


def _is_cited_there(citation: Citation, document: Document, fact: Fact) -> bool:
    assert citation.highlight
    pages = [place.number for place in fact.places if place.kind == "page"]
    return (
        citation.places == fact.places
        and citation.page == (pages[0] if pages else None)
        and citation.line == _line(document, citation.highlight.start)
        and fact.heading in ("", *citation.heading)
    )


def _is_slice(knowledge_base: KnowledgeBase, chunk: Chunk) -> bool:
    return chunk.text == chunk.span.of(knowledge_base.document(chunk.doc_id).text) != ""


def _is_exact(planted: Planted, citation: Citation) -> bool:
    document = planted.knowledge_base.document(hash_source(citation.source))
    marked = citation.highlight
    return (
        citation.quote == citation.span.of(document.text) != ""
        and (marked is None or (_covers(citation.span, marked) and len(marked) > 0))
        and citation.sha256 == hash_bytes((planted.folder / citation.source).read_bytes())
    )
