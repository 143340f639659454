import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from index.errors import IndexFormatError, IndexMissingError
from index.generations import IndexDir
from index.history import rollback
from index.settings import IndexSettings
from rag import Answer, Status, answer
from rag.answerer import Answerer
from rag.asking import _opened
from tests.index.folders import TEXTS, edit, write_documents
from tests.rag.test_datatypes import ANSWER_KEYS, CITATION_KEYS
from tests.strategies import any_texts, questions

MINUTES = "会议纪要\n\n大会于{month}月{day}日下午在三楼礼堂召开，由刘建国主持。"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Small documents that are not indexed yet."""
    return write_documents(tmp_path / "documents", TEXTS)


@pytest.fixture(autouse=True)
def _forget_opened():
    """Let every test begin as a new process does."""
    _opened.cache_clear()


def _assert_exact(answer: Answer, answerer: Answerer) -> None:
    """L3: every citation is a slice of its document, and the text is the first one's words."""
    for citation in (*answer.citations, *answer.nearest):
        text = answerer.document(citation.source).text
        assert citation.span.of(text) == citation.quote != ""
    for citation in answer.citations:
        assert citation.span.start <= citation.highlight.start < citation.highlight.end
        assert citation.highlight.end <= citation.span.end
    if answer.citations:
        best = answer.citations[0]
        assert answer.text == best.highlight.of(answerer.document(best.source).text)
    else:
        assert answer.text == ""


def _shown(given_answer: Answer) -> str:
    """Give every quote of an answer: which words are found depends on models, these do not."""
    return "\n".join(one.quote for one in (*given_answer.citations, *given_answer.nearest))


class TestAnyQuestion:
    @settings(max_examples=25)
    @given(questions())
    @example("雾岭茶业的董事长是谁？")
    @example("Who chaired the Fallowby council meeting?")
    @example("What's the weather like today?")
    def test_every_citation_is_exact_and_the_status_fits(self, corpus_answerer, question):
        given_answer = corpus_answerer.answer(question)

        _assert_exact(given_answer, corpus_answerer)
        assert 0 <= given_answer.confidence <= 1
        assert (given_answer.status is Status.NOT_FOUND) == (not given_answer.citations)
        if given_answer.status is Status.ANSWERED:
            assert given_answer.nearest == ()

    @settings(max_examples=50)
    @given(any_texts())
    def test_any_string_gets_an_answer_that_json_can_carry(self, small_answerer, question):
        given_answer = small_answerer.answer(question)

        assert given_answer.question == question
        body = given_answer.to_dict()
        assert json.loads(json.dumps(body)) == body

    @pytest.mark.parametrize(
        "question",
        [
            "",
            " \n\t",
            "？！，。、；：“”（）…—",
            "\ud800",
            "\udfff大会\ud83d在哪里",
            "\x00",
            "大会\x00召开",
            "👩‍👩‍👧‍👦🏳️‍🌈",
            "ประชุมเมื่อไหร่",
            "متى عُقد الاجتماع؟",
            "שָׁלוֹם",
            "\u202e\u2066大会",
            "q\u0307\u0323" * 50,
            "\u0301" * 300,
            "ﷺ" * 200,
            "大" * 100_000,
            "a" * 100_000,
            "大会是哪一天召开的？" * 10_000,
            "\n" * 100_000,
            "1" * 5000,
            "GB/T 5972-" * 200,
            "<script>alert(1)</script>",
            "' OR 1=1; DROP TABLE chunks; --",
            'terms:"*" AND NOT (row:[0 TO 9])',
            "%s%n{0}{__class__}",
        ],
        ids=lambda question: ascii(question[:12]),
    )
    def test_strange_strings_get_answers(self, small_answerer, question):
        given_answer = small_answerer.answer(question, history=[question])

        assert isinstance(given_answer, Answer)
        assert given_answer.question == question
        _assert_exact(given_answer, small_answerer)

    @pytest.mark.parametrize("question", ["", "？", "🏳️‍🌈", "\x00"])
    def test_a_question_without_words_is_not_found_and_near_to_nothing(
        self, small_answerer, question
    ):
        given_answer = small_answerer.answer(question)

        assert given_answer.status is Status.NOT_FOUND
        assert (given_answer.text, given_answer.citations, given_answer.nearest) == ("", (), ())


class TestAnswers:
    def test_a_sure_answer_has_its_place_and_needs_no_nearest_passages(
        self, small_answerer, judging
    ):
        given_answer = judging(small_answerer, answered=0, uncertain=0).answer("大会由谁主持？")

        assert (given_answer.status, given_answer.text) == (Status.ANSWERED, "刘建国")
        assert given_answer.nearest == ()
        assert given_answer.citations[0].source == "会议.txt"
        assert given_answer.citations[0].line == 3
        assert given_answer.generation == "000001"
        assert given_answer.interpreted == given_answer.question

    def test_an_unsure_answer_comes_with_the_nearest_passages(self, small_answerer, judging):
        given_answer = judging(small_answerer, answered=2, uncertain=0).answer("大会由谁主持？")

        assert (given_answer.status, given_answer.text) == (Status.UNCERTAIN, "刘建国")
        assert [near.number for near in given_answer.nearest] == [1, 2, 3]

    def test_what_is_too_improbable_is_not_found_with_the_nearest_passages(
        self, small_answerer, judging
    ):
        given_answer = judging(small_answerer, answered=2, uncertain=2).answer("大会由谁主持？")

        assert (given_answer.status, given_answer.text) == (Status.NOT_FOUND, "")
        assert given_answer.citations == ()
        assert [near.number for near in given_answer.nearest] == [1, 2, 3]
        assert given_answer.nearest[0].source == "会议.txt"
        assert all(near.highlight is None for near in given_answer.nearest)

    def test_spellings_of_a_question_get_the_same_answer(self, small_answerer):
        one, *others = (
            small_answerer.answer(question)
            for question in ("燈塔高幾公尺？", "灯塔高几公尺？", "灯塔高几公尺?", "燈塔高几公尺？")
        )

        assert one.citations or one.nearest
        for other in others:
            assert (other.text, other.status) == (one.text, one.status)
            assert [c.span for c in other.citations] == [c.span for c in one.citations]

    def test_a_follow_up_is_understood_with_the_question_before_it(self, small_answerer):
        alone = small_answerer.answer("那由谁主持？")
        follow_up = small_answerer.answer("那由谁主持？", history=["大会在哪里召开？"])

        assert alone.interpreted == "那由谁主持？"
        assert follow_up.interpreted == "大会由谁主持？"
        assert "刘建国" in _shown(follow_up)

    def test_the_same_question_gets_the_same_answer(self, corpus_answerer):
        question = "岚谷县茶产业振兴大会由谁主持？"

        assert corpus_answerer.answer(question) == corpus_answerer.answer(question)

    @pytest.mark.parametrize("top_k", [1, 2, 50])
    def test_the_number_of_chunks_read_may_be_chosen(self, small_answerer, top_k):
        given_answer = small_answerer.answer("大会是哪一天召开的？", top_k=top_k)

        assert "2月5日" in _shown(given_answer)

    @pytest.mark.parametrize("top_k", [0, -1])
    def test_a_number_of_chunks_that_is_not_positive_is_refused(self, small_answerer, top_k):
        with pytest.raises(ValueError, match="top_k"):
            small_answerer.answer("大会？", top_k=top_k)

    def test_json_has_the_published_shape(self, small_answerer, judging):
        found = judging(small_answerer, answered=0, uncertain=0).answer("大会由谁主持？").to_dict()
        not_found = (
            judging(small_answerer, answered=2, uncertain=2).answer("大会由谁主持？").to_dict()
        )

        assert list(found) == list(not_found) == ANSWER_KEYS
        assert list(found["citations"][0]) == list(not_found["nearest"][0]) == CITATION_KEYS
        assert (found["status"], not_found["status"]) == ("answered", "not_found")
        assert found["citations"][0]["role"] == "answer"
        assert not_found["nearest"][0]["highlight"] is None
        assert json.loads(json.dumps(found, ensure_ascii=False)) == found


class TestRefresh:
    def test_a_changed_document_is_answered_from_after_a_refresh(self, folder):
        answerer = Answerer.open(folder)
        assert not answerer.is_stale()

        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        assert answerer.is_stale()
        assert "2月5日" in _shown(answerer.answer("大会是哪一天召开的？"))
        report = answerer.refresh()

        assert report.changed == ("会议.txt",)
        assert not answerer.is_stale()
        given_answer = answerer.answer("大会是哪一天召开的？")
        assert "7月9日" in _shown(given_answer)
        assert given_answer.generation == "000002"

    def test_a_refresh_without_changes_keeps_the_generation(self, folder):
        answerer = Answerer.open(folder)

        assert not answerer.refresh().is_new
        assert answerer.manifest.generation == "000001"

    def test_a_removed_document_is_never_cited_again(self, folder):
        answerer = Answerer.open(folder)
        asked = ["大会是哪一天召开的？", "大会由谁主持？", "会议纪要", "三楼礼堂"]
        assert any(c.source == "会议.txt" for q in asked for c in answerer.answer(q).citations)

        (folder / "会议.txt").unlink()
        assert answerer.refresh().removed == ("会议.txt",)

        for question in asked:
            given_answer = answerer.answer(question)
            shown = (*given_answer.citations, *given_answer.nearest)
            assert "会议.txt" not in {citation.source for citation in shown}
        with pytest.raises(KeyError):
            answerer.document("会议.txt")

    def test_an_index_that_someone_else_renewed_counts_as_stale(self, folder):
        answerer = Answerer.open(folder)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        Answerer.open(folder)

        assert answerer.is_stale()
        answerer.refresh()
        assert "7月9日" in _shown(answerer.answer("大会是哪一天召开的？"))

    def test_a_full_refresh_reads_everything_again(self, folder):
        answerer = Answerer.open(folder)

        assert answerer.refresh(full=True).n_read == len(TEXTS)
        assert answerer.manifest.generation == "000002"

    def test_a_refresh_that_cannot_be_done_leaves_the_old_answers(self, folder):
        answerer = Answerer.open(folder)
        for source in TEXTS:
            (folder / source).unlink()

        with pytest.raises(IndexMissingError):
            answerer.refresh()

        assert "2月5日" in _shown(answerer.answer("大会是哪一天召开的？"))

    def test_an_index_deleted_under_a_running_answerer_is_made_anew(self, folder):
        answerer = Answerer.open(folder)
        while (
            folder / ".yiju"
        ).exists():  # tantivy looks for news in it, and makes a lock for that
            shutil.rmtree(folder / ".yiju", ignore_errors=True)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))

        answerer.refresh()

        assert "7月9日" in _shown(answerer.answer("大会是哪一天召开的？"))

    def test_no_thread_sees_a_torn_answer_while_generations_change(self, folder):
        path = folder / "会议.txt"
        edit(path, MINUTES.format(month=1, day=11))
        answerer = Answerer.open(folder)
        texts = {"000001": path.read_text("utf-8")}
        is_over = threading.Event()
        given_answers: list[Answer] = []

        def ask():
            while not is_over.is_set():
                given_answers.append(answerer.answer("大会是哪一天召开的？"))

        with ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(ask) for _ in range(8)]
            try:
                for month in (2, 3, 4):
                    edit(path, MINUTES.format(month=month, day=month + 10))
                    generation = answerer.refresh().generation
                    texts[generation] = path.read_text("utf-8")
                    given_answers.append(answerer.answer("大会是哪一天召开的？"))
            finally:
                is_over.set()
            for asked in asking:
                asked.result()

        assert {given_answer.generation for given_answer in given_answers} >= {"000002", "000004"}
        for given_answer in given_answers:
            text = texts[given_answer.generation]
            shown = (*given_answer.citations, *given_answer.nearest)
            quotes = [one for one in shown if one.source == "会议.txt"]
            assert quotes
            assert [one.span.of(text) for one in quotes] == [one.quote for one in quotes]
            assert given_answer.text in text


class TestLoad:
    def test_a_loaded_index_answers_as_the_one_that_was_built(self, folder):
        built = Answerer.open(folder)
        loaded = Answerer.load(folder / ".yiju")

        question = "大会是哪一天召开的？"
        assert loaded.answer(question) == built.answer(question)
        assert loaded.manifest == built.manifest
        assert loaded.document("会议.txt") == built.document("会议.txt")

    def test_a_missing_index_is_named(self, folder):
        with pytest.raises(IndexMissingError, match="yiju index"):
            Answerer.load(folder / ".yiju")

    def test_an_index_of_another_folder_is_refused(self, folder, tmp_path):
        other = write_documents(tmp_path / "other", {"a.txt": "别的文件。"})
        Answerer.open(folder, tmp_path / "index")

        with pytest.raises(IndexFormatError):
            Answerer.open(other, tmp_path / "index")
        with pytest.raises(IndexFormatError):
            Answerer.load(tmp_path / "index", documents_dir=other)

    def test_an_unknown_document_is_a_key_error(self, folder):
        with pytest.raises(KeyError):
            Answerer.open(folder).document("没有.txt")

    def test_progress_is_told(self, folder):
        told = []
        Answerer.open(folder, progress=told.append)

        assert {"会议.txt"} <= {progress.name for progress in told}


class TestOneCall:
    def test_the_index_is_built_in_the_documents_folder_and_kept(self, folder):
        given_answer = answer("大会是哪一天召开的？", documents=folder)

        assert "2月5日" in _shown(given_answer)
        assert (folder / ".yiju" / "CURRENT").read_text("utf-8").startswith("000001 ")
        assert answer("大会是哪一天召开的？", documents=str(folder)) == given_answer

    def test_all_arguments_may_be_given(self, folder, tmp_path):
        given_answer = answer(
            "那由谁主持？",
            documents=str(folder),
            index_dir=tmp_path / "elsewhere",
            top_k=3,
            history=["大会在哪里召开？"],
            refresh=True,
        )

        assert "刘建国" in _shown(given_answer)
        assert (tmp_path / "elsewhere" / "CURRENT").is_file()
        assert not (folder / ".yiju").exists()

    def test_the_documents_are_seeds_unless_named(self, folder, monkeypatch):
        folder.rename(folder.parent / "seeds")
        monkeypatch.chdir(folder.parent)

        assert "2月5日" in _shown(answer("大会是哪一天召开的？"))

    def test_changed_new_and_removed_documents_are_seen(self, folder):
        question = "大会是哪一天召开的？"
        answer(question, documents=folder)

        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        assert "7月9日" in _shown(answer(question, documents=folder))
        write_documents(folder, {"塔.txt": "新塔\n\n新塔的设计师是闻人策。"})
        assert "闻人策" in _shown(answer("新塔的设计师是谁？", documents=folder))
        (folder / "会议.txt").unlink()
        after = answer(question, documents=folder)
        assert "会议.txt" not in {c.source for c in (*after.citations, *after.nearest)}

    def test_without_refresh_a_running_process_answers_from_the_index_as_it_is(self, folder):
        question = "大会是哪一天召开的？"
        answer(question, documents=folder)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))

        assert "2月5日" in _shown(answer(question, documents=folder, refresh=False))

    def test_without_refresh_a_new_process_answers_from_the_index_as_it_is(self, folder):
        question = "大会是哪一天召开的？"
        answer(question, documents=folder)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        _opened.cache_clear()

        assert "2月5日" in _shown(answer(question, documents=folder, refresh=False))

    def test_without_refresh_a_missing_index_is_an_error_and_none_is_made(self, folder):
        with pytest.raises(IndexMissingError, match="yiju index"):
            answer("大会？", documents=folder, refresh=False)

        assert not (folder / ".yiju").exists()

    @pytest.mark.parametrize("refresh", [True, False])
    def test_a_missing_folder_is_an_error_that_names_it(self, tmp_path, refresh):
        with pytest.raises(IndexMissingError, match="nowhere"):
            answer("大会？", documents=tmp_path / "nowhere", refresh=refresh)

        assert not (tmp_path / "nowhere").exists()

    def test_an_empty_folder_is_an_error_that_says_what_to_do(self, tmp_path):
        with pytest.raises(IndexMissingError, match=r"\.docx.*--documents"):
            answer("大会？", documents=tmp_path)

    def test_a_number_of_chunks_that_is_not_positive_is_refused(self, folder):
        with pytest.raises(ValueError, match="top_k"):
            answer("大会？", documents=folder, top_k=0)

    def test_an_index_deleted_between_two_calls_is_made_anew(self, folder):
        question = "大会是哪一天召开的？"
        answer(question, documents=folder)
        shutil.rmtree(folder / ".yiju")
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))

        assert "7月9日" in _shown(answer(question, documents=folder))


class TestStamps:
    def test_a_generation_published_while_loading_is_noticed_by_the_next_refresh(self, folder):
        Answerer.open(folder)
        index_dir = folder / ".yiju"
        stamp = IndexDir(index_dir).stamp()
        loaded = Answerer.load(index_dir, documents_dir=folder)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        Answerer.open(folder)
        late = Answerer(
            loaded._knowledge_base,
            loaded.reading,
            documents_dir=folder,
            index_dir=index_dir,
            stamp=stamp,
        )

        assert late.is_stale()
        late.refresh()
        assert not late.is_stale()
        assert "7月9日" in _shown(late.answer("大会是哪一天召开的？"))

    def test_a_rollback_by_another_process_is_followed_and_stays(self, folder):
        question = "大会是哪一天召开的？"
        answerer = Answerer.open(folder)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        answerer.refresh()
        rollback(folder, folder / ".yiju", "1", settings=IndexSettings())

        assert answerer.is_stale()
        assert not answerer.refresh(automatic=True).is_new

        assert not answerer.is_stale()
        assert "2月5日" in _shown(answerer.answer(question))
        for given_answer in (
            answer(question, documents=folder),
            Answerer.open(folder).answer(question),
        ):
            assert given_answer.generation == "000003"
        assert answerer.refresh().changed == ("会议.txt",)
        assert "7月9日" in _shown(answerer.answer(question))

    def test_a_kept_generation_is_loaded_by_its_number(self, folder):
        Answerer.open(folder)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        Answerer.open(folder)

        older = Answerer.load(folder / ".yiju", generation="1")

        assert older.manifest.generation == "000001"
        assert "2月5日" in _shown(older.answer("大会是哪一天召开的？"))

    def test_another_encoder_in_the_environment_does_not_enter_the_manifest(
        self, folder, monkeypatch
    ):
        answerer = Answerer.open(folder)
        monkeypatch.setenv("YIJU_ENCODER", "some-model")
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))

        answerer.refresh()

        assert answerer.manifest.encoder == ""

    def test_another_chunk_length_in_the_environment_makes_the_index_stale(
        self, folder, monkeypatch
    ):
        answerer = Answerer.open(folder)
        monkeypatch.setenv("YIJU_MAX_CHUNK_CHARS", "100")

        assert answerer.is_stale()
        answerer.refresh()
        assert answerer.manifest.max_chunk_chars == 100
        assert not answerer.is_stale()

    def test_without_refresh_a_newer_generation_of_another_process_is_used(self, folder):
        question = "大会是哪一天召开的？"
        answer(question, documents=folder)
        answer(question, documents=folder, refresh=False)
        edit(folder / "会议.txt", MINUTES.format(month=7, day=9))
        Answerer.open(folder)

        assert "7月9日" in _shown(answer(question, documents=folder, refresh=False))


class TestCopies:
    def test_equal_files_are_cited_once_with_both_paths(self, folder):
        text = (folder / "会议.txt").read_bytes()
        (folder / "存档").mkdir()
        (folder / "存档" / "会议.txt").write_bytes(text)

        answerer = Answerer.open(folder)
        found = answerer.answer("大会是哪一天召开的？")

        first = found.citations[0]
        assert (first.source, first.copies) == ("会议.txt", ("存档/会议.txt",))
        assert found.to_dict()["citations"][0]["copies"] == ["存档/会议.txt"]
        assert "存档/会议.txt" not in [citation.source for citation in found.citations]
        assert answerer.document("存档/会议.txt") == answerer.document("会议.txt")

    def test_when_the_first_goes_the_other_is_cited(self, folder):
        (folder / "又一份.txt").write_bytes((folder / "会议.txt").read_bytes())
        answerer = Answerer.open(folder)
        (folder / "会议.txt").unlink()

        answerer.refresh()

        first = answerer.answer("大会是哪一天召开的？").citations[0]
        assert (first.source, first.copies) == ("又一份.txt", ())
        with pytest.raises(KeyError):
            answerer.document("会议.txt")
