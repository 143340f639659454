import pytest
from hypothesis import given

from rag.suggesting.draft import clean_sentence
from rag.suggesting.english import draft_english
from tests.strategies import mixed_texts


def _drafts(sentence):
    return {draft.question: draft.words for draft in draft_english(clean_sentence(sentence))}


@pytest.mark.parametrize(
    ("sentence", "question", "words"),
    [
        (
            "Send the form to the volunteer coordinator, Isolde Farrant, by Friday.",
            "Who is the volunteer coordinator?",
            "Isolde Farrant",
        ),
        (
            "The last principal keeper, **Morwen Tregallis**, left the station.",
            "Who was the last principal keeper?",
            "Morwen Tregallis",
        ),
        ("Lead investigator: Petra Halloway.", "Who is the lead investigator?", "Petra Halloway"),
        ("Present: Deputy Mayor Tobias Wren.", "Who is the Deputy Mayor?", "Tobias Wren"),
        (
            "The tower was designed by the engineer Abel Thornquist.",
            "Who designed the tower?",
            "Abel Thornquist",
        ),
        ("The balcony reopened on 7 May 2023.", "When did the balcony reopen?", "7 May 2023"),
        (
            "The library's lease expires on 31 December 2025.",
            "When does the library's lease expire?",
            "31 December 2025",
        ),
        ("The bridge was built in 1902 of stone.", "When was the bridge built?", "1902"),
        (
            "The museum is located in the old town hall.",
            "Where is the museum located?",
            "the old town hall",
        ),
        (
            "The estimated cost of repairs was $3.4 million.",
            "What was the estimated cost of repairs?",
            "$3.4 million",
        ),
        (
            "Repairs cost £412,000, of which 65% was given.",
            "How much did repairs cost?",
            "£412,000",
        ),
        (
            "Full-time employees receive 25 days of paid leave a year.",
            "How many days of paid leave do full-time employees receive?",
            "25",
        ),
        ("The tower has 196 steps.", "How many steps does the tower have?", "196"),
        (
            "DECnet is a suite of network protocols.",
            "What is DECnet?",
            "a suite of network protocols",
        ),
    ],
)
def test_a_sentence_becomes_a_question(sentence, question, words):
    assert _drafts(sentence) == {question: words}


@pytest.mark.parametrize(
    "sentence",
    [
        "It stands 38 metres high and has 196 steps.",
        "They were designed by Abel Thornquist.",
        "The engineer, Abel Thornquist, came.",
        "This is a fact that everybody knows well.",
        "When Sky Digital was launched in 1998 it was new.",
        "Fresno is the largest U.S. city of its kind.",
        "Claims must be submitted within 30 days.",
        "Hello!",
        "",
    ],
)
def test_no_question_is_made_where_no_pattern_is_safe(sentence):
    assert _drafts(sentence) == {}


@given(mixed_texts(max_pieces=15))
def test_every_question_ends_as_one_and_does_not_hold_its_answer(sentence):
    for question, words in _drafts(sentence).items():
        assert question.endswith("?")
        assert words not in question
