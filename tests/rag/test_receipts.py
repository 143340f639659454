import os
import shutil
from dataclasses import replace

import pytest

from index.datatypes import Problem
from index.formats.registry import Loader
from index.loading import Scan, scan_documents
from index.settings import IndexSettings
from rag.answerer import Answerer
from rag.datatypes import Status
from rag.receipt_folder import Folder
from rag.receipt_records import ReceiptError
from rag.receipts import (
    load_receipt,
    make_receipt,
    save_receipt,
    verify_receipt,
)
from rag.registry import Collection
from rag.verification import Access, Outcome
from tests.fakes import HashEncoder
from tests.index.folders import build, load, write_documents
from tests.index.formats.pdf_files import lines, make_pdf

SENTENCE = "大会于2月5日下午在三楼礼堂召开，会期半天，由刘建国主持。"
MINUTES = (
    f"会议纪要\n\n本次会议筹备了三个月，各部门都派人参加。{SENTENCE}会后全体人员参观了新馆。\n"
)
TEXTS = {
    "会议.txt": MINUTES,
    "规章/图书馆.md": "# 图书馆规章\n\n每人最多借书十册。\n\n## 罚款\n\n逾期每天罚款一角。",
    "hoist.md": "# Hoist manual\n\nThe rope is inspected every 30 days. See GB/T 5972-2023.",
}
QUESTION = "大会由谁主持？"


@pytest.fixture(scope="module")
def answerer(tmp_path_factory):
    """Answers from the documents as they are when the receipts are made."""
    return Answerer.open(write_documents(tmp_path_factory.mktemp("asked"), TEXTS))


@pytest.fixture(scope="module")
def kept(answerer, judging, tmp_path_factory):
    """The receipt of an answer, saved and loaded again."""
    return _keep(judging(answerer, answered=0, uncertain=0), tmp_path_factory.mktemp("receipts"))


@pytest.fixture(scope="module")
def kept_not_found(answerer, judging, tmp_path_factory):
    """The receipt of an answer that was not found, saved and loaded again."""
    return _keep(judging(answerer, answered=2, uncertain=2), tmp_path_factory.mktemp("receipts"))


@pytest.fixture
def folder(tmp_path):
    """The documents without any index."""
    return write_documents(tmp_path / "documents", TEXTS)


def _keep(answerer, receipts_dir, question=QUESTION):
    receipt = make_receipt(answerer.answer(question), answerer)
    save_receipt(receipt, receipts_dir / "receipt.json")
    loaded = load_receipt(receipts_dir / "receipt.json")
    assert loaded == receipt
    return loaded


def verify(receipt, folder, index=None, **kwargs):
    """Verify the receipt of a folder without a name."""
    return verify_receipt(receipt, [Collection("", folder, index)], **kwargs)


def check(receipt, folder, **kwargs):
    verification = verify(receipt, folder, **kwargs)
    (collection,) = verification.collections
    assert collection.searched is None
    return verification.citations[0]


def write(folder, source, text):
    path = folder / source
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="")


def _hold(knowledge_base, answerer, reader=None):
    """Hold another knowledge base with an answerer's models, or with another reader."""
    reading = replace(answerer.reading, reader=reader) if reader else answerer.reading
    return Answerer(
        knowledge_base,
        reading,
        documents_dir=answerer.documents_dir,
        index_dir=answerer.index_dir,
    )


class _OtherReader:
    """A reader that is not the bundled one."""

    def read(self, query, hits):
        return []


class TestMaking:
    def test_a_receipt_holds_the_answer_and_what_it_was_made_with(self, kept, answerer):
        assert (kept.question, kept.text, kept.status) == (QUESTION, "刘建国", Status.ANSWERED)
        assert kept.generation == answerer.manifest.generation
        (searched,) = kept.searched
        assert searched.encoder == answerer.manifest.encoder_fingerprint
        assert (searched.collection, kept.unsearched) == ("", ())
        assert len(kept.models.reader) == len(kept.models.reranker) == 64
        cited = kept.citations[0]
        assert cited.citation.quote == SENTENCE
        assert cited.citation.span.of(MINUTES) == SENTENCE
        assert MINUTES[: MINUTES.index(SENTENCE)].endswith(cited.prefix)
        assert len(cited.prefix) == min(32, MINUTES.index(SENTENCE))
        assert cited.suffix == "会后全体人员参观了新馆。\n"
        assert cited.size == len(MINUTES.encode("utf-8"))

    def test_the_receipt_of_an_answer_does_not_name_the_other_files(self, kept):
        (searched,) = kept.searched
        assert (searched.n_files, searched.files) == (3, ())

    def test_the_receipt_of_no_answer_lists_what_was_searched(self, kept_not_found):
        assert (kept_not_found.status, kept_not_found.text) == (Status.NOT_FOUND, "")
        assert kept_not_found.citations == ()
        (searched,) = kept_not_found.searched
        assert [file.source for file in searched.files] == sorted(TEXTS)
        assert all(file.was_read for file in searched.files)

    def test_of_very_many_files_there_is_a_hash_only(self, answerer, judging, tmp_path):
        no = judging(answerer, answered=2, uncertain=2).answer(QUESTION)
        many = write_documents(tmp_path, {f"{at}.txt": f"第{at}份。" for at in range(1001)})
        build(many, HashEncoder())

        receipt = make_receipt(no, _hold(load(many, HashEncoder()), answerer, _OtherReader()))

        (searched,) = receipt.searched
        assert (searched.n_files, searched.files) == (1001, ())
        assert receipt.models.reader == ""

    @pytest.mark.parametrize("change", ["another generation", "gone", "edited"])
    def test_an_index_that_changed_meanwhile_gives_no_receipt(
        self, change, answerer, judging, tmp_path
    ):
        answer = judging(answerer, answered=0, uncertain=0).answer(QUESTION)
        cited = answer.citations[0].source
        left_out = cited if change == "gone" else ""
        texts = {source: text for source, text in TEXTS.items() if source != left_out}
        if change == "edited":
            texts[cited] += "附记。"
        other = write_documents(tmp_path, texts)
        build(other, HashEncoder())
        if change == "another generation":
            build(other, HashEncoder(), full=True)

        with pytest.raises(ReceiptError, match="Ask again"):
            make_receipt(answer, _hold(load(other, HashEncoder()), answerer))


class TestUnchanged:
    def test_the_same_files_without_an_index_prove_the_quote(self, kept, folder):
        found = check(kept, folder)

        assert found.outcome is Outcome.UNCHANGED
        assert found.found == kept.citations[0].citation
        assert found.has_same_bytes
        assert found.has_same_text
        assert found.has_same_context

    def test_other_files_may_come_and_go(self, kept, folder):
        (folder / "hoist.md").unlink()
        write(folder, "a.txt", SENTENCE)

        assert check(kept, folder).outcome is Outcome.UNCHANGED

    def test_a_copy_of_the_folder_anywhere_proves_it_too(self, kept, folder, tmp_path):
        copy = shutil.copytree(folder, tmp_path / "archive" / "2031")

        assert verify(kept, copy).stands

    def test_a_damaged_or_lying_index_does_not_matter(self, kept, folder):
        (folder / ".yiju").mkdir()
        (folder / ".yiju" / "CURRENT").write_text("../../etc", "utf-8")

        assert check(kept, folder).outcome is Outcome.UNCHANGED

    def test_a_place_that_the_receipt_gets_wrong_is_corrected(self, kept, folder):
        cited = kept.citations[0]
        wrong = replace(cited, citation=replace(cited.citation, line=99, page=7))

        found = check(replace(kept, citations=(wrong,)), folder)

        assert (found.found.line, found.found.page) == (3, None)


class TestMoved:
    def test_text_added_before_it_moves_the_quote(self, kept, folder):
        write(folder, "会议.txt", "（存档）\n补记一行。\n" + MINUTES)

        found = check(kept, folder)

        assert found.outcome is Outcome.MOVED
        assert found.found.line == kept.citations[0].citation.line + 2
        assert found.found.quote == SENTENCE
        assert (found.has_same_bytes, found.has_same_context) == (False, True)
        text = (folder / "会议.txt").read_text("utf-8")
        assert found.found.highlight.of(text) == "刘建国"

    def test_text_added_behind_it_leaves_it_in_its_place(self, kept, folder):
        write(folder, "会议.txt", MINUTES + "附件：签到表。\n")

        found = check(kept, folder)

        assert found.outcome is Outcome.MOVED
        assert found.found.span == kept.citations[0].citation.span
        assert (found.has_same_bytes, found.has_same_text) == (False, False)

    def test_another_encoding_leaves_the_text_the_same(self, kept, folder):
        (folder / "会议.txt").write_bytes(MINUTES.encode("gb18030"))

        found = check(kept, folder)

        assert found.outcome is Outcome.MOVED
        assert (found.has_same_bytes, found.has_same_text) == (False, True)

    def test_words_put_before_it_are_told(self, kept, folder):
        write(folder, "会议.txt", MINUTES.replace(SENTENCE, f"以下作废：{SENTENCE}"))

        found = check(kept, folder)

        assert found.outcome is Outcome.MOVED
        assert not found.has_same_context

    @pytest.mark.parametrize("name", ["纪要.txt", "旧/2026/会议.txt", "会议 (1).md"])
    def test_a_renamed_file_is_found_by_its_bytes(self, kept, folder, name):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "会议.txt").rename(folder / name)

        found = check(kept, folder)

        assert found.outcome is Outcome.MOVED
        assert found.found.source == name
        assert found.has_same_bytes

    def test_a_file_renamed_and_edited_is_found_by_the_quote(self, kept, folder):
        (folder / "会议.txt").unlink()
        write(folder, "归档/纪要.txt", "卷首\n" + MINUTES)
        reported = []

        found = check(kept, folder, progress=reported.append)

        assert found.outcome is Outcome.MOVED
        assert (found.found.source, found.found.line) == ("归档/纪要.txt", 4)
        assert not found.has_same_bytes
        assert [report.name for report in reported] == ["hoist.md", "归档/纪要.txt"]

    def test_a_sentence_cut_out_and_pasted_elsewhere_is_found_there(self, kept, folder):
        write(folder, "会议.txt", MINUTES.replace(SENTENCE, ""))
        write(folder, "决议.txt", f"决议\n\n{SENTENCE}\n")

        found = check(kept, folder)

        assert (found.outcome, found.found.source) == (Outcome.MOVED, "决议.txt")
        assert not found.has_same_context

    def test_of_two_other_files_the_one_with_the_same_surroundings_is_named(self, kept, folder):
        (folder / "会议.txt").unlink()
        for name in ("a.txt", "b.txt", "d.txt"):
            write(folder, name, f"摘录\n\n{SENTENCE}\n")
        assert check(kept, folder).found.source == "a.txt"

        write(folder, "c.txt", "卷首\n" + MINUTES)
        assert check(kept, folder).found.source == "c.txt"

    def test_a_new_file_under_the_old_name_does_not_hide_the_renamed_one(self, kept, folder):
        (folder / "会议.txt").rename(folder / "会议 旧.txt")
        write(folder, "会议.txt", "会议改期，另行通知。")

        found = check(kept, folder)

        assert found.found.source == "会议 旧.txt"
        assert found.has_same_bytes


class TestChangedOrGone:
    def test_an_edited_sentence_is_changed_and_the_closest_one_shown(self, kept, folder):
        write(folder, "会议.txt", MINUTES.replace("刘建国", "王小明").replace("会议纪要", "纪要"))

        verification = verify(kept, folder)
        (found, *_) = verification.citations

        assert found.outcome is Outcome.CHANGED
        assert found.found is None
        assert found.closest.quote == SENTENCE.replace("刘建国", "王小明")
        assert (found.closest.source, found.closest.line) == ("会议.txt", 3)
        assert not verification.stands
        assert verification.is_complete

    def test_one_space_more_is_a_change(self, kept, folder):
        write(folder, "会议.txt", MINUTES.replace("2月5日", "2月 5日"))

        assert check(kept, folder).outcome is Outcome.CHANGED

    def test_an_emptied_file_is_changed(self, kept, folder):
        write(folder, "会议.txt", "")

        found = check(kept, folder)

        assert (found.outcome, found.closest) == (Outcome.CHANGED, None)

    def test_a_file_that_is_no_text_any_more_is_changed_with_the_reason(self, kept, folder):
        (folder / "会议.txt").write_bytes(b"\x00\x01\x02\xff" * 99)

        found = check(kept, folder)

        assert found.outcome is Outcome.CHANGED
        assert found.reason.startswith("It ")

    def test_a_deleted_file_is_gone(self, kept, folder):
        (folder / "会议.txt").unlink()

        verification = verify(kept, folder)

        assert verification.citations[0].outcome is Outcome.GONE
        assert not verification.stands

    def test_an_empty_folder_has_nothing(self, kept, tmp_path):
        assert check(kept, tmp_path).outcome is Outcome.GONE

    def test_a_few_words_that_stand_in_an_unrelated_file_prove_nothing(self, kept, folder):
        cited = kept.citations[0]
        start = cited.citation.highlight.start
        words = replace(
            cited,
            citation=replace(cited.citation, quote="刘建国", span=cited.citation.highlight),
            prefix=MINUTES[start - 32 : start],
            suffix=MINUTES[start + 3 : start + 35],
        )
        (folder / "会议.txt").unlink()
        write(folder, "电影.txt", "刘建国是这部电影的摄影师。")

        assert check(replace(kept, citations=(words,)), folder).outcome is Outcome.GONE

    def test_a_receipt_among_the_documents_does_not_prove_itself(self, kept, folder):
        (folder / "会议.txt").unlink()
        save_receipt(kept, folder / "receipt.json")

        assert check(kept, folder).outcome is Outcome.GONE

    def test_of_a_missing_folder_nothing_is_said(self, kept, tmp_path):
        verification = verify(kept, tmp_path / "nowhere")

        assert {one.outcome for one in verification.citations} == {Outcome.UNREADABLE}
        (collection,) = verification.collections
        assert collection.access is Access.NO_FOLDER
        assert collection.folder == str(tmp_path / "nowhere")
        assert not verification.is_complete


class TestUnreadable:
    def test_nothing_is_said_of_a_file_that_may_not_be_read(self, kept, folder):
        verification = verify(kept, folder, settings=IndexSettings(max_file_bytes=100))
        (found, *_) = verification.citations

        assert found.outcome is Outcome.UNREADABLE
        assert "the limit is 100" in found.reason
        assert not verification.is_complete

    def test_a_link_that_leads_out_of_the_folder_is_not_followed(self, kept, folder, tmp_path):
        outside = tmp_path / "outside.txt"
        (folder / "会议.txt").rename(outside)
        (folder / "会议.txt").symlink_to(outside)

        found = check(kept, folder)

        assert found.outcome is Outcome.UNREADABLE
        assert "leads out" in found.reason

    def test_a_pipe_in_the_files_place_is_not_waited_for(self, kept, folder):
        (folder / "会议.txt").unlink()
        os.mkfifo(folder / "会议.txt")

        assert check(kept, folder).outcome is Outcome.UNREADABLE

    def test_a_source_outside_of_the_folder_is_not_looked_at(self, kept, folder, tmp_path):
        write(tmp_path, "outside.txt", MINUTES)
        (folder / "会议.txt").unlink()
        cited = kept.citations[0]
        for source in ("../outside.txt", str(tmp_path / "outside.txt"), "规章/../../outside.txt"):
            # Loading refuses such a source; a receipt made by hand gets here.
            forged = replace(cited, citation=replace(cited.citation, source=source))

            assert check(replace(kept, citations=(forged,)), folder).outcome is Outcome.GONE

    def test_a_file_that_vanishes_while_it_is_looked_at_is_a_problem_and_not_a_crash(self, folder):
        scan = scan_documents(folder, 10**6)
        shutil.rmtree(folder)
        looked_at = Folder(scan, 10**6, Loader.extract)

        for file in looked_at.files.values():
            assert looked_at.sha256(file) == looked_at.sha256(file) == ""
            assert looked_at.document(file) is None
        assert [problem.source for problem in looked_at.problems] == sorted(TEXTS)

    def test_nothing_is_said_of_files_in_a_folder_that_may_not_be_listed(self):
        scan = Scan((), (Problem("规章", "It cannot be read: Permission denied."),))
        looked_at = Folder(scan, 10**6, Loader.extract)

        assert looked_at.why_missing("规章/图书馆.md").endswith("Permission denied.")
        assert looked_at.why_missing("图书馆.md") == ""

    def test_files_that_could_not_be_searched_are_named(self, kept, folder):
        (folder / "会议.txt").unlink()
        (folder / "damaged.txt").write_bytes(b"\x00\x01\x02\xff" * 99)

        verification = verify(kept, folder)

        (collection,) = verification.collections
        assert [problem.source for problem in collection.problems] == ["damaged.txt"]


class TestFormats:
    @pytest.fixture
    def paged(self, tmp_path, judging):
        """A PDF of two pages and the receipt of an answer on the second."""
        folder = tmp_path / "paged"
        folder.mkdir()
        pages = [["The harbour lies in the north."], ["The ferry leaves at nine in the morning."]]
        (folder / "ferry.pdf").write_bytes(make_pdf(*(lines(*page) for page in pages)))
        answerer = judging(Answerer.open(folder), answered=0, uncertain=0)
        kept = _keep(answerer, tmp_path, "When does the ferry leave?")
        return folder, pages, kept

    def test_a_page_put_in_before_it_moves_a_quote_to_the_next_page(self, paged):
        folder, pages, kept = paged
        assert kept.citations[0].citation.page == 2
        assert check(kept, folder).outcome is Outcome.UNCHANGED

        (folder / "ferry.pdf").write_bytes(
            make_pdf(lines("A page that was put in."), *(lines(*page) for page in pages))
        )
        found = check(kept, folder)

        assert (found.outcome, found.found.page) == (Outcome.MOVED, 3)

    def test_a_damaged_pdf_is_changed_and_the_same_one_is_not(self, paged):
        folder, _, kept = paged
        (folder / "ferry.pdf").write_bytes(b"%PDF-1.7 nothing more")

        found = check(kept, folder)

        assert found.outcome is Outcome.CHANGED
        assert found.reason

    def test_a_row_put_in_before_it_moves_a_quote_to_the_next_row(self, tmp_path, judging):
        rows = ["姓名,部门,电话", "刘建国,总务处,8123", "王小明,财务处,8456"]
        folder = write_documents(tmp_path / "sheets", {"员工.csv": "\n".join(rows)})
        answerer = judging(Answerer.open(folder), answered=0, uncertain=0)
        kept = _keep(answerer, tmp_path, "王小明的电话是多少？")
        row = kept.citations[0].citation.places[-1].number

        write(folder, "员工.csv", "\n".join([rows[0], "赵一,保卫处,8001", *rows[1:]]))
        found = check(kept, folder)

        assert found.outcome is Outcome.MOVED
        assert found.found.places[-1].number == row + 1


class TestNotFound:
    def _searched(self, receipt, folder, **kwargs):
        verification = verify(receipt, folder, **kwargs)
        assert verification.citations == ()
        (collection,) = verification.collections
        assert verification.stands == collection.searched.is_same
        return collection.searched

    def test_the_same_files_have_still_no_answer(self, kept_not_found, folder):
        searched = self._searched(kept_not_found, folder)

        assert (searched.is_same, searched.n_then, searched.n_now) == (True, 3, 3)

    def test_a_rename_changes_nothing_that_was_searched(self, kept_not_found, folder):
        (folder / "hoist.md").rename(folder / "crane.md")

        assert self._searched(kept_not_found, folder).is_same

    def test_what_came_changed_and_went_is_named(self, kept_not_found, folder):
        write(folder, "新.txt", "大会由刘建国主持。")
        write(folder, "会议.txt", MINUTES + "补记。")
        (folder / "hoist.md").unlink()

        searched = self._searched(kept_not_found, folder)

        assert not searched.is_same
        assert searched.added == ("新.txt",)
        assert searched.changed == ("会议.txt",)
        assert searched.removed == ("hoist.md",)

    def test_a_file_that_may_not_be_read_leaves_it_open(self, kept_not_found, folder):
        verification = verify(kept_not_found, folder, settings=IndexSettings(max_file_bytes=100))

        assert not verification.is_complete
        assert not verification.stands
        (collection,) = verification.collections
        assert collection.searched.removed == ()
        assert "会议.txt" in [problem.source for problem in collection.problems]

    def test_files_that_are_not_listed_are_compared_by_their_hash(self, kept_not_found, folder):
        (searched,) = kept_not_found.searched
        receipt = replace(kept_not_found, searched=(replace(searched, files=()),))

        assert self._searched(receipt, folder).is_same
        write(folder, "新.txt", "新的。")
        assert not self._searched(receipt, folder).is_same

    def test_an_index_that_lies_in_the_folder_is_left_out(self, kept_not_found, folder):
        (folder / "index").mkdir()
        (folder / "index" / "manifest.json").write_text("{}", "utf-8")

        assert not self._searched(kept_not_found, folder).is_same
        assert self._searched(kept_not_found, folder, index=folder / "index").is_same

    def test_files_that_could_not_be_read_then_count_too(self, tmp_path, judging):
        folder = write_documents(tmp_path / "d", {**TEXTS, "x.txt": b"\x00\x01\x02\xff" * 99})
        answerer = judging(Answerer.open(folder), answered=2, uncertain=2)
        kept = _keep(answerer, tmp_path)

        (searched,) = kept.searched
        assert [file.source for file in searched.files if not file.was_read] == ["x.txt"]
        assert self._searched(kept, folder).is_same
        write(folder, "x.txt", "大会由刘建国主持。")
        assert self._searched(kept, folder).changed == ("x.txt",)
