import json
import math
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings

from index.chunking import chunk_document
from index.datatypes import Channel, Hit, Span
from index.sentences import split_sentences
from rag.errors import ReaderError
from rag.span_decoding import MAX_ANSWER_TOKENS, decode_windows
from rag.transformers_reader import TransformersReader
from tests.other_models import (
    make_byte_reader,
    make_date_reader,
    make_headless,
    make_pickled,
    make_reader,
)
from tests.rag.samples import make_hit, make_query
from tests.strategies import any_texts, documents, questions

_MINUTES = "会议于2月5日在三楼礼堂召开，由刘建国主持。"
_RULES = "每人最多借书十册。遗失图书照价赔偿。"
_LONG = "".join(f"{_RULES}第{number}条：逾期每天罚款一角。" for number in range(1, 31))


@pytest.fixture(scope="module")
def random_dir(tmp_path_factory):
    return make_reader(tmp_path_factory.mktemp("models") / "随机 random")


@pytest.fixture(scope="module")
def random_reader(random_dir):
    return TransformersReader.load(str(random_dir))


@pytest.fixture(scope="module")
def byte_reader(tmp_path_factory):
    return TransformersReader.load(str(make_byte_reader(tmp_path_factory.mktemp("models"))))


@pytest.fixture(scope="module", params=["random_reader", "byte_reader"])
def reader(request):
    """A BERT, whose tokens are pieces of words, and a RoBERTa, whose tokens are bytes."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def date_reader(tmp_path_factory):
    return TransformersReader.load(str(make_date_reader(tmp_path_factory.mktemp("models"))))


def _words(hit, span):
    base = hit.chunk.span.start
    return hit.chunk.text[span.span.start - base : span.span.end - base]


class TestLaws:
    """What every reader keeps to, of any documents and questions."""

    @settings(max_examples=40)
    @given(document=documents(), question=questions())
    def test_spans_are_slices_of_their_sentence_and_document(self, reader, document, question):
        hits = [
            Hit(chunk, 1 / rank, rank, Channel.FUSED)
            for rank, chunk in enumerate(chunk_document(document, 120)[:3], 1)
        ]

        spans = reader.read(make_query(question), hits)

        for span in spans:
            chunk = span.hit.chunk
            assert chunk.span.start <= span.sentence.start <= span.span.start < span.span.end
            assert span.span.end <= span.sentence.end <= chunk.span.end
            assert span.span.of(document.text) == _words(span.hit, span) != ""
            assert math.isfinite(span.score) and span.score <= 0
            assert math.isfinite(span.relevance)
        keys = [(span.hit.rank, -span.score) for span in spans]
        assert keys == sorted(keys)
        places = [(span.hit.rank, span.span) for span in spans]
        assert len(places) == len(set(places))

    @pytest.mark.parametrize("space", ["\u3000", "\u2028", "\xa0", " \t"])
    def test_white_space_at_a_sentence_s_end_is_no_part_of_an_answer(self, reader, space):
        hit = make_hit(f"{space}图书馆图书馆{space}\n{space}图书馆")

        for span in reader.read(make_query("图书馆？"), [hit]):
            assert _words(hit, span).strip() == _words(hit, span)
            assert span.sentence.start <= span.span.start < span.span.end <= span.sentence.end

    @settings(max_examples=60)
    @given(question=any_texts())
    def test_any_question_can_be_read(self, reader, question):
        for span in reader.read(make_query(question), [make_hit(_MINUTES)]):
            assert len(span.span)

    @pytest.mark.parametrize(
        "question",
        [
            "\ud800",
            "大" * 1000,
            "a" * 1000,
            "q\u0307\u0323" * 300,
            "[SEP] [CLS] [MASK]",
            "\x00",
            "？",
        ],
        ids=lambda question: ascii(question[:12]),
    )
    def test_strange_questions_can_be_read(self, reader, question):
        spans = reader.read(make_query(question), [make_hit(_MINUTES), make_hit(_LONG)])

        assert all(len(span.span) for span in spans)

    @pytest.mark.parametrize("question", ["", " \n", "\u200b"])
    def test_a_question_without_tokens_has_no_answer(self, random_reader, question):
        assert random_reader.read(make_query(question), [make_hit(_MINUTES)]) == []

    def test_no_hits_give_no_spans(self, reader):
        assert reader.read(make_query(), []) == []

    def test_a_hit_without_words_gives_no_spans(self, reader):
        spans = reader.read(make_query(), [make_hit("\u200b —", rank=1), make_hit(_MINUTES)])

        assert {span.hit.chunk.text for span in spans} == {_MINUTES}

    def test_a_hit_gives_at_most_twenty_spans(self, reader):
        assert 1 < len(reader.read(make_query(), [make_hit(_LONG)])) <= 20

    def test_probabilities_of_a_hit_s_spans_add_up_to_one_at_most(self, reader):
        spans = reader.read(make_query(), [make_hit(_RULES)])

        assert sum(math.exp(span.score) for span in spans) <= 1 + 1e-9

    def test_reading_twice_and_by_another_copy_gives_the_same(self, random_reader, random_dir):
        hits = [make_hit(_MINUTES, rank=1), make_hit(_LONG, rank=2)]
        first = random_reader.read(make_query(), hits)

        assert random_reader.read(make_query(), hits) == first
        assert TransformersReader.load(str(random_dir)).read(make_query(), hits) == first

    def test_a_hit_s_spans_do_not_depend_on_the_others(self, random_reader):
        hits = [make_hit(_MINUTES, rank=1), make_hit(_LONG, rank=2), make_hit(_RULES, rank=3)]
        together = random_reader.read(make_query(), hits)
        alone = [span for hit in hits for span in random_reader.read(make_query(), [hit])]

        assert [span.span for span in together] == [span.span for span in alone]
        for one, other in zip(together, alone, strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-4)
            assert one.relevance == pytest.approx(other.relevance, abs=1e-4)

    def test_threads_may_share_a_reader(self, random_reader):
        hits = [make_hit(text) for text in (_MINUTES, _RULES, _LONG, "x")]
        asked = [(make_query("会议什么时候召开？" * n), [hit]) for n in (1, 9) for hit in hits]
        expected = [random_reader.read(*each) for each in asked]

        with ThreadPoolExecutor(8) as pool:
            read = list(pool.map(lambda each: random_reader.read(*each), asked * 5))

        assert read == expected * 5


class TestReference:
    """Transformers' own tokenization and a plain loop over all spans give the same."""

    @pytest.mark.parametrize("text", [_MINUTES, "The Café opens\nat nine. GB/T 5972!", _LONG])
    def test_the_spans_and_their_probabilities_are_those_of_the_definition(
        self, random_dir, random_reader, text
    ):
        question = "会议什么时候召开？ When?"
        (windows,) = random_reader._read_windows(question, [text])
        sentences = split_sentences(text)
        reading = decode_windows(windows, sentences, 20)

        spans, relevance = _reference(random_dir, question, text, sentences)

        assert relevance == pytest.approx(reading.relevance, abs=1e-3)
        assert len(windows) > 1 or text != _LONG
        for scored in reading.spans:
            assert scored.score == pytest.approx(spans[scored.span], abs=1e-3)
        best = sorted(spans.values(), reverse=True)[:20]
        assert [scored.score for scored in reading.spans] == pytest.approx(best, abs=1e-3)


def _reference(folder, question, text, sentences):
    import torch
    from transformers import AutoTokenizer, BertForQuestionAnswering

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = BertForQuestionAnswering.from_pretrained(folder, local_files_only=True).eval()
    n_question = len(tokenizer(question, add_special_tokens=False)["input_ids"])
    # The room that is left beside the three marks and the longest question; half of it is shared.
    n_positions = model.config.max_position_embeddings - 2
    stride = (n_positions - 3 - (n_positions - 3) // 3) // 2
    assert n_question <= (n_positions - 3) // 3
    encoded = tokenizer(
        question,
        text,
        truncation="only_second",
        max_length=n_positions,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_token_type_ids=True,
    )
    logits, relevance = {}, []
    for row, ids in enumerate(encoded["input_ids"]):
        with torch.inference_mode():
            output = model(
                input_ids=torch.tensor([ids]),
                token_type_ids=torch.tensor([encoded["token_type_ids"][row]]),
            )
        starts, ends = output.start_logits[0].tolist(), output.end_logits[0].tolist()
        offsets, kinds = encoded["offset_mapping"][row], encoded.sequence_ids(row)
        of_window = {}
        for i, _ in enumerate(ids):
            for j in range(i, min(i + MAX_ANSWER_TOKENS, len(ids))):
                span = Span(offsets[i][0], offsets[j][1])
                is_inside = any(s.start <= span.start and span.end <= s.end for s in sentences)
                if kinds[i] == kinds[j] == 1 and is_inside:
                    of_window[span] = starts[i] + ends[j]
        total = np.logaddexp.reduce(list(of_window.values()))
        relevance.append(total - starts[0] - ends[0])
        for span, score in of_window.items():
            logits[span] = max(score, logits.get(span, -np.inf))
    total = np.logaddexp.reduce(list(logits.values()))
    return {span: score - total for span, score in logits.items()}, max(relevance)


class TestAnswers:
    """A model that knows what a date looks like."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (_MINUTES, "2月5日"),
            ("会议于 **2 月 5 日** 召开。", "2 月 5 日"),
            ("The café closes\non 31 日, so they say.", "31 日"),
            ("图书馆規章：逾期 5 日，停止借書。", "5 日"),
            ("会议\u3000２日\u3000改为\u3000 3 日，\u3000\n", "3 日"),
        ],
    )
    def test_the_best_span_is_in_the_document_s_own_spelling(self, date_reader, text, words):
        hit = make_hit(text, base=1000)

        best = date_reader.read(make_query("什么时候？"), [hit])[0]

        assert _words(hit, best) == words
        assert best.relevance > 0

    def test_a_chunk_without_an_answer_is_not_relevant(self, date_reader):
        best = date_reader.read(make_query("什么时候？"), [make_hit(_RULES)])[0]

        assert best.relevance < 0

    @pytest.mark.parametrize("n_before", [0, 400, 1500])
    def test_the_answer_is_found_anywhere_in_a_long_chunk(self, date_reader, n_before):
        filler = re.sub(r"第\d+条：", "", _LONG) * 4
        hit = make_hit(f"{filler[:n_before]}。{_MINUTES}{filler}")

        best = date_reader.read(make_query("什么时候？"), [hit])[0]

        assert _words(hit, best) == "2月5日"

    def test_a_question_longer_than_the_model_reads_is_cut(self, date_reader):
        hit = make_hit(_MINUTES)

        best = date_reader.read(make_query("会议什么时候召开？" * 100), [hit])[0]

        assert _words(hit, best) == "2月5日"

    def test_a_model_without_a_mark_for_no_answer_is_undecided(self, tmp_path):
        reader = TransformersReader.load(str(make_reader(tmp_path / "m", has_cls=False)))

        spans = reader.read(make_query(), [make_hit(_MINUTES)])

        assert spans
        assert {span.relevance for span in spans} == {0.0}


class TestLoad:
    @pytest.mark.parametrize("name", ["no-such/model", "nowhere", "./nowhere", "\x00", "x" * 5000])
    def test_a_model_that_is_not_here_is_an_error_that_names_the_bundled_one(self, name):
        with pytest.raises(ReaderError, match=r"Nothing is ever downloaded.*bundled reader"):
            TransformersReader.load(name)

    def test_a_folder_without_a_model_is_told(self, tmp_path):
        with pytest.raises(ReaderError, match=r"holds no transformers model.*bundled reader"):
            TransformersReader.load(str(tmp_path))

    def test_a_model_that_answers_no_questions_is_refused(self, tmp_path):
        folder = make_headless(tmp_path / "bert")

        with pytest.raises(ReaderError, match=r"not trained to answer questions.*qa_outputs"):
            TransformersReader.load(str(folder))

    def test_a_pickle_is_refused(self, random_dir, tmp_path):
        folder = make_pickled(random_dir, tmp_path / "pickled")

        with pytest.raises(ReaderError, match=r"pytorch_model\.bin, a pickle"):
            TransformersReader.load(str(folder))

    def test_code_that_comes_with_a_model_is_not_run(self, random_dir, tmp_path):
        folder = _copy(random_dir, tmp_path / "coded")
        (folder / "evil.py").write_text("raise SystemExit('run')\n", "utf-8")
        config = (folder / "config.json").read_text("utf-8")
        auto = (
            '"auto_map": {"AutoConfig": "evil.Config", "AutoModelForQuestionAnswering": "evil.M"},'
        )
        (folder / "config.json").write_text(
            config.replace("{", "{" + auto, 1).replace('"bert"', '"evil"'), "utf-8"
        )

        with pytest.raises(ReaderError, match="cannot be loaded"):
            TransformersReader.load(str(folder))

    @pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
    def test_a_damaged_file_is_told(self, random_dir, tmp_path, name):
        folder = _copy(random_dir, tmp_path / "damaged")
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

        with pytest.raises(ReaderError, match="cannot be loaded"):
            TransformersReader.load(str(folder))

    def test_weights_that_are_not_numbers_are_refused(self, random_dir, tmp_path):
        from safetensors.numpy import load_file, save_file

        folder = _copy(random_dir, tmp_path / "nan")
        weights = load_file(folder / "model.safetensors")
        weights["qa_outputs.bias"][:] = np.nan
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

        with pytest.raises(ReaderError, match="not a number"):
            TransformersReader.load(str(folder))

    def test_a_tokenizer_of_another_model_is_refused(self, random_dir, tmp_path):
        folder = _copy(random_dir, tmp_path / "mixed")
        tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
        tokenizer["model"]["vocab"]["unheard"] = len(tokenizer["model"]["vocab"])
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")

        with pytest.raises(ReaderError, match="more tokens than it has vectors"):
            TransformersReader.load(str(folder))

    def test_a_model_that_reads_next_to_nothing_is_refused(self, tmp_path):
        folder = make_reader(tmp_path / "narrow", n_positions=6)

        with pytest.raises(ReaderError, match="no more than 4 tokens"):
            TransformersReader.load(str(folder))


def _copy(source, folder):
    folder.mkdir()
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder
