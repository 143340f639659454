import pytest

from index.errors import SettingsError
from index.settings import IndexSettings


def test_an_empty_environment_gives_the_defaults():
    assert IndexSettings.from_env({}) == IndexSettings()


def test_every_variable_reaches_its_setting():
    environ = {
        "YIJU_ENCODER": "some/model",
        "YIJU_MAX_CHUNK_CHARS": "120",
        "YIJU_MAX_FILE_BYTES": "5000",
        "YIJU_KEEP_GENERATIONS": "1",
        "YIJU_MAX_FILE_SECONDS": "7",
        "YIJU_MAX_FILE_MEMORY": "300000000",
    }

    settings = IndexSettings.from_env(environ)

    assert settings == IndexSettings(
        "some/model", 120, 5000, 1, max_file_seconds=7, max_file_memory=300_000_000
    )


@pytest.mark.parametrize("value", ["many", "", "3.5"])
def test_a_number_that_cannot_be_read_is_refused_by_name(value):
    with pytest.raises(SettingsError, match="YIJU_KEEP_GENERATIONS"):
        IndexSettings.from_env({"YIJU_KEEP_GENERATIONS": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_chunk_chars", 19),
        ("max_file_bytes", 0),
        ("keep_generations", 0),
        ("lock_timeout_s", -1),
        ("max_file_seconds", 0),
        ("max_file_memory", 2**20),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=name):
        IndexSettings(**{name: value})
