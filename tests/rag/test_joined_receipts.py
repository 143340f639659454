import shutil
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Problem
from index.settings import IndexSettings
from rag.answerer import Answerer
from rag.datatypes import Status
from rag.federation import Federation, Member
from rag.receipt_records import ReceiptError
from rag.receipts import load_receipt, make_receipt, save_receipt, verify_receipt
from rag.registry import Collection
from rag.verification import Access, Outcome
from tests.index.folders import write_documents

SENTENCE = "河口镇代表大会于2月5日召开。"
REPORT = "河口镇代表大会于3月9日召开。"
QUESTION = "河口镇代表大会是哪天召开的？"
# The same path in both: only the name of the collection tells them apart.
FILES = {
    "规章": {"会议.txt": f"会议纪要\n\n各部门都派人参加。{SENTENCE}会后参观了新馆。\n"},
    "年报": {
        "会议.txt": f"年度报告\n\n全年工作顺利完成。{REPORT}会后举行了座谈。\n",
        "b.txt": "河口镇图书馆每周一闭馆。",
    },
    "手册": {"hoist.md": "# Hoist manual\n\nThe rope is inspected every 30 days."},
}


@pytest.fixture(scope="module")
def collections(tmp_path_factory):
    home = tmp_path_factory.mktemp("joined")
    return [Collection(name, write_documents(home / name, FILES[name])) for name in FILES]


@pytest.fixture(scope="module")
def join(collections, judging):
    """Open all collections as one that is as sure as is wished; those named are left out."""
    opened = {one.name: Answerer.open(one.folder, collection=one.name) for one in collections}

    def make(sureness, *left_out):
        reading = judging(opened["规章"], answered=sureness, uncertain=sureness).reading

        def member(one):
            answerer = Answerer(
                opened[one.name].knowledge_base,
                reading,
                documents_dir=one.folder,
                index_dir=one.index_dir,
                collection=one.name,
            )
            return Member(one, None if one.name in left_out else answerer)

        return Federation([member(one) for one in collections], lambda one, _: opened[one.name])

    return make


def keep(federation, folder, question=QUESTION):
    receipt = make_receipt(federation.answer(question), federation)
    save_receipt(receipt, folder / "receipt.json")
    assert load_receipt(folder / "receipt.json") == receipt
    return receipt


@pytest.fixture(scope="module")
def kept(join, tmp_path_factory):
    """The receipt of an answer that two of three collections are cited for."""
    receipt = keep(join(0), tmp_path_factory.mktemp("receipts"))
    cited = {one.citation.collection: one.citation.quote for one in receipt.citations}
    assert cited == {"规章": SENTENCE, "年报": REPORT}
    return receipt


@pytest.fixture(scope="module")
def kept_not_found(join, tmp_path_factory):
    """The receipt of an answer that none of the three has."""
    return keep(join(2), tmp_path_factory.mktemp("receipts"))


@pytest.fixture
def here(collections, tmp_path):
    """The collections elsewhere, without their indexes."""
    ignored = shutil.ignore_patterns(".yiju")
    return [
        replace(one, folder=shutil.copytree(one.folder, tmp_path / one.name, ignore=ignored))
        for one in collections
    ]


def edit(collection, source, old, new):
    path = collection.folder / source
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def outcomes(verification):
    return {check.citation.collection: check.outcome for check in verification.citations}


class TestMaking:
    def test_each_collection_is_told_apart(self, kept, join, collections):
        assert [one.collection for one in kept.searched] == ["规章", "年报", "手册"]
        assert [one.n_files for one in kept.searched] == [1, 2, 1]
        assert kept.generation == "规章@000001, 年报@000001, 手册@000001"
        manifests = [one.manifest for one in join(0).answerers]
        for searched, manifest in zip(kept.searched, manifests, strict=True):
            assert searched.encoder == manifest.encoder_fingerprint
            assert searched.files == ()  # the others are nobody's business
        assert len({one.sha256 for one in kept.searched}) == 3

    def test_of_no_answer_the_files_of_each_are_listed(self, kept_not_found):
        assert kept_not_found.status is Status.NOT_FOUND
        listed = {
            one.collection: [file.source for file in one.files] for one in kept_not_found.searched
        }
        assert listed == {
            "规章": ["会议.txt"],
            "年报": ["b.txt", "会议.txt"],
            "手册": ["hoist.md"],
        }

    def test_many_files_are_a_hash_and_do_not_hide_the_few_of_another(
        self, judging, tmp_path, collections
    ):
        # 600 of 1,000 are more than the half that each of two collections has.
        many = write_documents(tmp_path, {f"{at}.txt": f"第{at}份。" for at in range(600)})
        few = Answerer.open(collections[0].folder, collection="规章")
        reading = judging(few, answered=2, uncertain=2).reading
        large = Answerer.open_collection(
            Collection("档案", many), reading, settings=IndexSettings.from_env()
        )
        members = [Member(Collection("档案", many), large), Member(collections[0], few)]
        federation = Federation(members, lambda *_: large)

        receipt = make_receipt(reading.answer(federation.asked, QUESTION), federation)

        assert [(one.n_files, len(one.files)) for one in receipt.searched] == [(600, 0), (1, 1)]

    def test_a_collection_that_could_not_be_searched_is_named(self, join, tmp_path):
        receipt = keep(join(0, "手册", "年报"), tmp_path)

        assert [one.collection for one in receipt.searched] == ["规章"]
        assert receipt.unsearched == ("年报", "手册")

    def test_one_of_several_by_its_name(self, join, tmp_path):
        receipt = keep(join(0).select("规章"), tmp_path)

        (searched,) = receipt.searched
        assert (searched.collection, searched.generation) == ("规章", "000001")
        assert receipt.citations[0].citation.quote == SENTENCE

    def test_an_index_that_changed_meanwhile_gives_no_receipt(self, join):
        answer = join(0).answer(QUESTION)

        with pytest.raises(ReceiptError, match="Ask again"):
            make_receipt(answer, join(0, "手册"))
        with pytest.raises(ReceiptError, match="Ask again"):
            make_receipt(replace(answer, generation="规章@000002"), join(0))


class TestQuotes:
    def test_each_is_unchanged_in_its_own_folder(self, kept, here):
        verification = verify_receipt(kept, reversed(here))

        assert set(outcomes(verification).values()) == {Outcome.UNCHANGED}
        assert (verification.stands, verification.is_complete) == (True, True)
        checked = {one.collection: one.folder for one in verification.collections}
        assert checked == {one.name: str(one.folder) for one in here[:2]}  # no quote in the third

    def test_names_are_the_same_in_whatever_case(self, here, kept):
        def rename(name):
            return {"规章": "Rules", "年报": "Ａnnual"}.get(name, name)

        renamed = replace(
            kept,
            searched=tuple(
                replace(one, collection=rename(one.collection)) for one in kept.searched
            ),
            citations=tuple(
                replace(
                    one,
                    citation=replace(one.citation, collection=rename(one.citation.collection)),
                )
                for one in kept.citations
            ),
        )
        given = [replace(here[0], name="RULES"), replace(here[1], name="annual")]

        assert verify_receipt(renamed, given).stands

    def test_an_edit_counts_in_its_own_collection_only(self, kept, here):
        edit(here[1], "会议.txt", "3月9日", "4月1日")

        verification = verify_receipt(kept, here)

        assert outcomes(verification) == {"规章": Outcome.UNCHANGED, "年报": Outcome.CHANGED}
        assert (verification.stands, verification.is_complete) == (False, True)

    def test_a_quote_is_not_proved_by_another_collection(self, kept, here):
        shutil.copy(here[1].folder / "会议.txt", here[0].folder / "年报.txt")
        (here[1].folder / "会议.txt").unlink()

        assert outcomes(verify_receipt(kept, here))["年报"] is Outcome.GONE

    def test_a_renamed_file_is_found_in_its_own_collection(self, kept, here):
        (here[0].folder / "会议.txt").rename(here[0].folder / "旧.txt")

        verification = verify_receipt(kept, here)

        assert outcomes(verification) == {"规章": Outcome.MOVED, "年报": Outcome.UNCHANGED}
        (found,) = [
            check.found for check in verification.citations if check.found.source == "旧.txt"
        ]
        assert found.collection == "规章"

    def test_without_its_collection_a_quote_is_not_judged(self, kept, here):
        verification = verify_receipt(kept, [here[0], here[2]])

        assert outcomes(verification) == {"规章": Outcome.UNCHANGED, "年报": Outcome.UNREADABLE}
        accesses = {one.collection: one.access for one in verification.collections}
        assert accesses == {"规章": Access.CHECKED, "年报": Access.UNKNOWN}
        assert (verification.stands, verification.is_complete) == (False, False)

    def test_without_its_folder_a_quote_is_not_judged(self, kept, here):
        shutil.rmtree(here[0].folder)

        verification = verify_receipt(kept, here)

        assert outcomes(verification) == {"规章": Outcome.UNREADABLE, "年报": Outcome.UNCHANGED}
        (gone,) = [one for one in verification.collections if one.collection == "规章"]
        assert (gone.access, gone.folder) == (Access.NO_FOLDER, str(here[0].folder))
        assert not verification.is_complete

    def test_a_collection_that_nothing_was_cited_of_may_be_gone(self, kept, here):
        shutil.rmtree(here[2].folder)

        assert verify_receipt(kept, here).stands

    @given(st.data())
    def test_whatever_is_given_the_others_are_judged_by_themselves(self, kept, collections, data):
        given = data.draw(st.lists(st.sampled_from(collections), unique=True))

        found = outcomes(verify_receipt(kept, given))

        names = {one.name for one in given}
        assert found == {
            name: Outcome.UNCHANGED if name in names else Outcome.UNREADABLE for name in found
        }


class TestNotFound:
    def test_the_same_files_have_still_no_answer(self, kept_not_found, here):
        verification = verify_receipt(kept_not_found, here)

        assert (verification.stands, verification.is_complete) == (True, True)
        counts = {one.collection: one.searched.n_now for one in verification.collections}
        assert counts == {"规章": 1, "年报": 2, "手册": 1}

    def test_what_came_is_named_in_its_collection(self, kept_not_found, here):
        (here[2].folder / "新.txt").write_text(SENTENCE, "utf-8")

        verification = verify_receipt(kept_not_found, here)

        added = {one.collection: one.searched.added for one in verification.collections}
        assert added == {"规章": (), "年报": (), "手册": ("新.txt",)}
        assert (verification.stands, verification.is_complete) == (False, True)

    def test_a_file_taken_to_another_collection_changed_both(self, kept_not_found, here):
        (here[1].folder / "b.txt").rename(here[0].folder / "b.txt")

        rules, annual, _ = verify_receipt(kept_not_found, here).collections

        assert (rules.searched.added, annual.searched.removed) == (("b.txt",), ("b.txt",))

    @pytest.mark.parametrize("access", [Access.UNKNOWN, Access.NO_FOLDER])
    def test_a_collection_that_is_not_at_hand_leaves_it_open(self, kept_not_found, here, access):
        if access is Access.NO_FOLDER:
            shutil.rmtree(here[1].folder)
        given = here if access is Access.NO_FOLDER else [here[0], here[2]]

        verification = verify_receipt(kept_not_found, given)

        assert (verification.stands, verification.is_complete) == (False, False)
        rules, annual, _ = verification.collections
        assert (rules.searched.is_same, annual.searched, annual.access) == (True, None, access)

    def test_what_cannot_be_read_is_told_of_its_collection(self, kept_not_found, here):
        (here[1].folder / "b.txt").unlink()
        (here[1].folder / "b.txt").symlink_to("/etc/hostname")

        verification = verify_receipt(kept_not_found, here)

        problems = {one.collection: one.problems for one in verification.collections}
        (problem,) = problems.pop("年报")
        assert isinstance(problem, Problem)
        assert problem.source == "b.txt"
        assert not any(problems.values())
        assert not verification.is_complete
