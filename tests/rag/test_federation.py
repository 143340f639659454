"""Several collections asked as one: the same answers as from one folder, whoever is missing."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from index.errors import IndexMissingError
from index.generations import IndexDir
from index.settings import IndexSettings
from rag import Status
from rag.answerer import Answerer
from rag.federation import Federation
from rag.reading import Reading
from rag.registry import Collection, CollectionError, Registry
from tests.golden.answers import CORPUS_DIR, read_questions, read_stored, summarize
from tests.index.folders import TEXTS, edit, write_documents

QUESTION = "大会是哪一天召开的？"


@pytest.fixture(scope="session")
def reading():
    return Reading.load()


@pytest.fixture
def opening(reading):
    """Open collections with the bundled models."""

    def open_one(collection, progress):
        return Answerer.open_collection(
            collection, reading, settings=IndexSettings(), progress=progress
        )

    return open_one


@pytest.fixture
def folders(tmp_path):
    """Two folders of documents, with one file name in both."""
    one = write_documents(tmp_path / "one", TEXTS)
    two = write_documents(tmp_path / "two", {"会议.txt": "年会\n\n年会于9月1日在体育馆召开。"})
    return {"规章": one, "年会": two}


def _open(folders, open_one):
    return Federation.open([Collection(*item) for item in folders.items()], open_one)


@pytest.fixture
def federation(folders, opening):
    return _open(folders, opening)


def test_the_golden_questions_get_the_same_answers_from_three_collections(tmp_path, opening):
    files = sorted(path for path in CORPUS_DIR.iterdir() if path.is_file())
    for number, path in enumerate(files):
        folder = tmp_path / f"部分{number % 3}"
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder)
    federation = _open(
        {f"部分{number}": tmp_path / f"部分{number}" for number in range(3)}, opening
    )

    stored = read_stored()
    answers = {gold.id: federation.answer(gold.question) for gold in read_questions()}

    changed = [name for name, answer in answers.items() if summarize(answer) != stored[name]]
    assert changed == []
    for answer in answers.values():
        for citation in (*answer.citations, *answer.nearest):
            document = federation.document(citation.source, citation.collection)
            assert citation.span.of(document.text) == citation.quote


def test_a_citation_names_its_collection(federation):
    best = federation.answer(QUESTION).citations[0]
    other = federation.answer("年会是哪一天召开的？").citations[0]

    assert (best.collection, best.source) == ("规章", "会议.txt")
    assert "2月5日" in best.words
    assert (other.collection, other.source) == ("年会", "会议.txt")
    assert "9月1日" in other.quote


def test_one_collection_gives_its_own_answers_only(federation):
    answer = federation.select("年会").answer("灯塔建于什么时候？")

    assert {citation.collection for citation in (*answer.citations, *answer.nearest)} <= {"年会"}
    assert answer.generation == "000001"


@pytest.mark.parametrize("name", ["", "all", "ALL", "全部"])
def test_all_is_asked_by_any_of_its_names(federation, name):
    assert federation.select(name) is federation


def test_the_generation_of_several_names_each(federation, folders):
    before = federation.answer(QUESTION).generation
    edit(folders["年会"] / "会议.txt", "年会\n\n年会于10月3日在体育馆召开。")
    federation.refresh("年会")
    after = federation.answer("年会是哪一天召开的？")

    assert before == "规章@000001, 年会@000001"
    assert after.generation == "规章@000001, 年会@000002"
    assert "10月3日" in after.citations[0].quote


def test_the_same_words_in_two_collections_support_each_other(tmp_path, opening):
    texts = {"会议.txt": TEXTS["会议.txt"]}
    for name in ("甲", "乙"):
        write_documents(tmp_path / name, {**texts, f"{name}.txt": f"{name}是另一份文档。"})
    answer = _open({name: tmp_path / name for name in ("甲", "乙")}, opening).answer(QUESTION)

    assert {citation.collection for citation in answer.citations} == {"甲", "乙"}
    assert [citation.role.value for citation in answer.citations] == ["answer", "same"]


class TestLeftOut:
    @pytest.fixture
    def partly(self, folders, tmp_path, opening):
        return _open({**folders, "旧档案": tmp_path / "gone"}, opening)

    def test_a_missing_collection_is_told_and_the_others_answer(self, partly):
        answer = partly.answer(QUESTION)

        assert answer.status is not Status.NOT_FOUND
        assert answer.unsearched == ("旧档案",)
        assert answer.to_dict()["unsearched"] == ["旧档案"]
        assert answer.generation == "规章@000001, 年会@000001"
        assert "No documents' folder" in partly.members[2].reason

    def test_it_cannot_be_asked_by_itself(self, partly):
        with pytest.raises(CollectionError, match="'旧档案' cannot be searched"):
            partly.select("旧档案")
        with pytest.raises(KeyError):
            partly.document("会议.txt", "旧档案")

    def test_it_is_taken_in_when_it_is_back(self, partly, tmp_path):
        with pytest.raises(IndexMissingError):
            partly.is_stale("旧档案")
        write_documents(tmp_path / "gone", {"桥.txt": "石桥建于1755年。"})

        assert partly.is_stale("旧档案")
        partly.refresh_stale()

        assert partly.unsearched == ()
        assert "1755" in partly.answer("石桥建于哪一年？").citations[0].quote

    def test_a_damaged_index_leaves_out_its_collection_only(self, folders, opening, caplog):
        _open(folders, opening)
        index_dir = folders["年会"] / ".yiju"
        (index_dir / "generations" / IndexDir(index_dir).current() / "chunks.sqlite").write_bytes(
            b"no database"
        )

        federation = _open(folders, opening)

        assert federation.unsearched == ("年会",)
        assert federation.answer(QUESTION).citations[0].collection == "规章"

    def test_one_that_is_left_alone_is_told_by_its_name(self, folders, tmp_path, opening):
        shutil.rmtree(folders["年会"])
        answer = _open(folders, opening).answer(QUESTION)
        assert answer.generation == "规章@000001"

    def test_without_any_there_is_nothing_to_ask(self, tmp_path, opening):
        with pytest.raises(IndexMissingError, match=r"(?s)甲: No documents.*乙: No documents"):
            _open({name: tmp_path / name for name in ("甲", "乙")}, opening)

    def test_what_goes_away_later_goes_on_answering_and_is_logged(
        self, federation, folders, caplog
    ):
        shutil.move(folders["年会"], folders["年会"].with_name("elsewhere"))
        federation.refresh_stale()

        assert "'年会' was not brought up to date" in caplog.text
        assert federation.answer("年会是哪一天召开的？").citations[0].collection == "年会"


def test_unknown_names_are_told_with_the_known_ones(federation):
    with pytest.raises(CollectionError, match=r"called '合同'\. There are: 规章, 年会\."):
        federation.select("合同")


def test_a_single_folder_is_a_federation_of_one_without_a_name(small_answerer):
    federation = Federation.of(small_answerer)

    assert federation.names == ("",)
    assert federation.answer(QUESTION) == small_answerer.answer(QUESTION)
    assert federation.document("会议.txt", "") == small_answerer.document("会议.txt")
    with pytest.raises(CollectionError, match="There are: none"):
        federation.select("合同")


@pytest.mark.parametrize("top_k", [0, -1, 1.5])
def test_the_number_of_chunks_read_is_checked(federation, top_k):
    with pytest.raises(ValueError, match="top_k"):
        federation.answer(QUESTION, top_k=top_k)


class TestFollowingTheRegistry:
    """The collections are what is registered at the time, and one can always be searched."""

    @pytest.fixture
    def registry(self, tmp_path):
        return Registry(tmp_path / "home")

    @pytest.fixture
    def following(self, registry, folders, opening):
        registry.add("规章", folders["规章"])
        federation = Federation.open(registry.read(), opening, registry=registry)
        federation.follow()
        return federation

    def test_one_that_is_added_is_searched_once_it_is_refreshed(self, following, registry, folders):
        rules = following.answerer("规章")
        registry.add("年会", folders["年会"])
        following.follow()

        assert (following.names, following.unsearched) == (("规章", "年会"), ("年会",))
        assert following.is_stale("年会")
        stages = []
        following.refresh("年会", progress=lambda told: stages.append(told.stage))
        assert stages
        assert following.answer("年会是哪一天召开的？").citations[0].collection == "年会"
        assert following.answerer("规章") is rules

    def test_one_that_is_removed_is_asked_no_more(self, following, registry, folders):
        registry.add("年会", folders["年会"])
        following.follow()
        following.refresh("年会")
        registry.remove("规章")
        following.follow()

        assert following.names == ("年会",)
        with pytest.raises(CollectionError, match="规章"):
            following.select("规章")
        for act in (following.is_stale, following.refresh):
            with pytest.raises(CollectionError, match="规章"):
                act("规章")

    def test_the_last_one_is_replaced_at_once_when_it_is_renamed(self, following, registry):
        registry.rename("规章", "制度")
        following.follow()

        assert following.answer(QUESTION).citations[0].collection == "制度"

    def test_another_folder_under_the_same_name_is_another_collection(
        self, following, registry, folders
    ):
        registry.remove("规章")
        registry.add("规章", folders["年会"])
        following.follow()

        assert following.answerer("规章").documents_dir == folders["年会"]

    @pytest.mark.parametrize("damage", ["nothing registered", "damaged", "not there"])
    def test_while_nothing_can_be_searched_otherwise_the_last_stays(  # noqa: PLR0917 - fixtures
        self, following, registry, folders, tmp_path, caplog, damage
    ):
        if damage == "damaged":
            registry.path.write_bytes(b"{")
        else:
            registry.remove("规章")
        if damage == "not there":
            (tmp_path / "later").mkdir()
            registry.add("later", tmp_path / "later")
        for _ in range(3):
            following.follow()

        assert following.names == ("规章",)
        assert following.answer(QUESTION).citations
        assert caplog.text.count("stay as they were") == 1

    def test_the_last_goes_as_soon_as_another_can_be_opened(self, following, registry, tmp_path):
        registry.remove("规章")
        (tmp_path / "later").mkdir()
        registry.add("later", tmp_path / "later")
        following.follow()
        assert following.names == ("规章",)
        write_documents(tmp_path / "later", TEXTS)
        following.follow()

        assert following.names == ("later",)

    def test_one_that_was_removed_while_it_was_opened_does_not_come_back(
        self, following, registry, folders
    ):
        registry.add("年会", folders["年会"])
        following.follow()

        def remove(_):
            if "年会" in {one.name for one in registry.read()}:
                registry.remove("年会")
                following.follow()

        following.refresh("年会", progress=remove)

        assert following.names == ("规章",)

    def test_questions_in_the_middle_of_it_are_answered(self, following, registry, folders):
        done, failures = threading.Event(), []

        def ask():
            while not done.is_set():
                if following.answer(QUESTION).citations[0].collection != "规章":
                    failures.append("not answered")

        with ThreadPoolExecutor(2) as pool:
            askers = [pool.submit(ask) for _ in range(2)]
            for _ in range(4):
                registry.add("年会", folders["年会"])
                following.follow()
                following.refresh("年会")
                registry.remove("年会")
                following.follow()
            done.set()
            for asker in askers:
                asker.result()
        assert failures == []
