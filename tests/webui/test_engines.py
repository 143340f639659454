import pytest
import typer
from typer.testing import CliRunner

from index.file_batches import LocalEngine
from index.loading import scan_documents
from index.ray_engine import RayEngine
from index.settings import IndexSettings
from webui.cli import commands
from webui.engines import choose_engine, refuse_engine_alone


def test_without_a_name_this_process_makes_the_batches(hash_encoder, corpus_dir):
    engine = choose_engine("", hash_encoder, IndexSettings())

    files = scan_documents(corpus_dir, 2**20).files[:2]
    assert isinstance(engine, LocalEngine)
    assert [batch.file for batch in engine.run(files)] == list(files)


@pytest.mark.parametrize("name", ["ray", "ray://10.0.0.5:10001", "ray:10.0.0.5:6379", "ray:auto"])
def test_ray_is_chosen_by_its_name_and_nothing_is_started(name, hash_encoder):
    assert isinstance(choose_engine(name, hash_encoder, IndexSettings()), RayEngine)


@pytest.mark.parametrize("name", ["spark", "ray:", "Ray", "rays://host:1", "://"])
def test_any_other_engine_is_refused(name, hash_encoder, capsys):
    with pytest.raises(typer.Exit) as ended:
        choose_engine(name, hash_encoder, IndexSettings())

    assert ended.value.exit_code == 2
    assert name in capsys.readouterr().err


def test_an_engine_without_a_store_is_refused_and_told_what_is_missing(capsys):
    refuse_engine_alone("", "")
    refuse_engine_alone("ray", "milvus:./docs.db")
    with pytest.raises(typer.Exit) as ended:
        refuse_engine_alone("ray", "")

    assert ended.value.exit_code == 2
    assert "--store" in capsys.readouterr().err


def test_the_command_names_the_store_that_an_engine_needs(corpus_dir):
    result = CliRunner().invoke(
        commands, ["index", "--documents", str(corpus_dir), "--engine", "ray"]
    )

    assert result.exit_code == 2
    assert "--store" in result.stderr
