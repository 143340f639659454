from pathlib import Path

import pytest

from index.errors import SettingsError
from index.milvus.address import StoreAddress


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("milvus:./file.db", "file.db"),
        ("milvus:/data/依据 x.db", "/data/依据 x.db"),
        ("milvus:a/b.db", "a/b.db"),
    ],
)
def test_a_file_is_one_of_milvus_lite(text, path):
    address = StoreAddress.parse(text)

    assert (address.path, address.name, str(address)) == (Path(path), "yiju", text)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("milvus://db.example:19531/docs", "http://db.example:19531"),
        ("milvus://db.example/docs", "http://db.example:19530"),
        ("milvus+tls://10.0.0.7:443/docs", "https://10.0.0.7:443"),
        ("milvus://[::1]:19530/docs", "http://[::1]:19530"),
    ],
)
def test_a_host_is_a_server(text, uri):
    address = StoreAddress.parse(text)

    assert (address.uri, address.name, address.path) == (uri, "docs", None)


@pytest.mark.parametrize(
    "text",
    [
        *("", "milvus", "milvus:", "milvus:file", "milvus:x\0.db", "milvus://", "milvus://host"),
        *("milvus://host/", "milvus://host/a-b", "milvus://host/1a", "milvus://host:x/a"),
        *("milvus://host/a/b", "milvus://host/a?b=1", "http://host/a", "milvus://host:99999/a"),
        f"milvus://host/{'a' * 200}",
    ],
)
def test_anything_else_is_refused_and_told_what_an_address_is(text):
    with pytest.raises(SettingsError, match=r"milvus:\./file\.db"):
        StoreAddress.parse(text)


def test_a_password_is_refused_and_not_shown():
    with pytest.raises(SettingsError, match="YIJU_MILVUS_TOKEN") as refused:
        StoreAddress.parse("milvus://root:secret@host/docs")

    assert "secret" not in str(refused.value)
