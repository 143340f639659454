"""Conversations: kept turns ↔ what the page shows of them, and the files they are exported to."""

import json
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from index.errors import IndexingError
from rag import Answer
from rag.errors import RagError
from rag.federation import Library
from rag.receipt_file import seal_receipt
from rag.receipts import make_receipt
from webui.datatypes import Turn
from webui.history_records import Conversation, KeptTurn
from webui.languages import Texts
from webui.languages.conversations import CONVERSATION_TEXTS, ConversationTexts
from webui.wording import describe_confidence, describe_number, describe_place

logger = logging.getLogger(__name__)

_KIND = "yiju conversation"
_FORMAT_VERSION = 1
_ANSWERS = TypeAdapter(Answer)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!&])")
_UNNAMEABLE = re.compile(r"[^\w.-]+")
_MAX_NAME_CHARS = 40


def make_receipt_body(library: Library, answer: Answer) -> dict[str, Any] | None:
    """Make the receipt of an answer just given, as its file would hold it.

    :param library: That gave it.
    :param answer: The answer.
    :return: The receipt; None when an index changed meanwhile.
    """
    try:
        receipt = make_receipt(answer, library)
    except (RagError, IndexingError) as exc:
        logger.info("No receipt is kept: %s", exc)
        return None
    return seal_receipt(receipt)


def show_turns(kept: Sequence[KeptTurn]) -> tuple[Turn, ...]:
    """Make the turns of a page of those that were kept.

    :param kept: Oldest first.
    :return: The turns; one whose answer cannot be read any more has none.
    """
    return tuple(_show_turn(turn) for turn in kept)


def _show_turn(kept: KeptTurn) -> Turn:
    answer = read_answer(kept)
    if answer is None:
        return Turn(kept.question, has_failed=True, key=kept.key)
    return Turn(kept.question, answer, receipt=kept.receipt, key=kept.key, judgement=kept.judgement)


def read_answer(kept: KeptTurn) -> Answer | None:
    """Return the answer of a kept turn.

    :param kept: The turn.
    :return: The answer; None when it cannot be read any more.
    """
    try:
        return _ANSWERS.validate_python(kept.answer)
    except ValidationError as exc:
        logger.warning("The turn %s cannot be shown: %s", kept.key, exc)
        return None


def export_json(conversation: Conversation, turns: Sequence[KeptTurn]) -> str:
    """Write a conversation with its receipts as JSON.

    :param conversation: The conversation.
    :param turns: All its turns, oldest first.
    :return: JSON; each ``receipt`` in it is what ``yiju verify`` reads from a file.
    """
    body = {
        "kind": _KIND,
        "format_version": _FORMAT_VERSION,
        "title": conversation.title,
        "created_at": _time(conversation.created),
        "turns": [
            {
                "asked_at": _time(turn.asked),
                "collection": turn.collection,
                "question": turn.question,
                "interpreted": turn.interpreted,
                "answer": turn.answer,
                "verdict": turn.judgement.verdict.value,
                "comment": turn.judgement.comment,
                "fault": turn.judgement.fault.value,
                "expected": turn.judgement.expected,
                "receipt": turn.receipt,
            }
            for turn in turns
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def export_markdown(conversation: Conversation, turns: Sequence[KeptTurn], texts: Texts) -> str:
    """Write a conversation as Markdown, every quote with its place and the hash of its file.

    :param conversation: The conversation.
    :param turns: All its turns, oldest first.
    :param texts: The language.
    :return: Markdown in which nothing that a document or a user wrote acts as mark-up.
    """
    words = CONVERSATION_TEXTS[texts.code]
    parts = [f"# {_escape(conversation.title)}", f"{_time(conversation.created)}"]
    for kept, turn in zip(turns, show_turns(turns), strict=True):
        parts += _describe_turn(kept, turn, texts, words)
    return "\n\n".join(parts) + "\n"


def _describe_turn(kept: KeptTurn, turn: Turn, texts: Texts, words: ConversationTexts) -> list[str]:
    parts = [f"## {_escape(kept.question)}"]
    if kept.interpreted.strip() != kept.question.strip():
        parts.append(_escape(texts.interpreted.format(question=kept.interpreted)))
    answer = turn.answer
    if answer is None or not answer.citations:
        parts.append(f"**{texts.not_found}**")
    else:
        said = "\n".join(f"**{_escape(item)}**  " for item in answer.items)
        parts += [said, describe_confidence(answer, texts)]
        parts += [
            f"> {_escape(citation.quote)}\n>\n> {describe_number(citation, texts)} "
            f"{_escape(describe_place(citation, texts))} · sha256 {citation.sha256}"
            for citation in answer.citations
        ]
    judgement = kept.judgement
    if judgement.comment or judgement.verdict.value:
        mark = words.verdicts[judgement.verdict.value]
        remarks = " · ".join(filter(None, (judgement.expected, judgement.comment)))
        parts.append(f"{mark} {_escape(remarks)}".strip())
    if kept.receipt:
        parts.append(f"{words.receipt}: sha256 {kept.receipt['sha256']}")
    parts.append(_time(kept.asked))
    return parts


def _escape(text: str) -> str:
    """Make any text one line of Markdown that says it and does nothing."""
    line = " ".join(text.split())
    line = _SPECIAL.sub(r"\\\1", line)
    return re.sub(r"^([+-]|\d+[.)])", r"\\\1", line)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def file_name(conversation: Conversation, ending: str) -> str:
    """Make the name of an exported file.

    :param conversation: What it is of.
    :param ending: Without the dot.
    :return: A name that every file system takes.
    """
    title = _UNNAMEABLE.sub("-", conversation.title)[:_MAX_NAME_CHARS].strip("-._")
    return f"yiju-{title or 'conversation'}.{ending}"
