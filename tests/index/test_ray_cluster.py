import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import EngineError
from index.ray_cluster import join_cluster
from tests.index.ray_processes import LINUX, NEEDS_RAY, descendants, folders, listening

pytestmark = NEEDS_RAY


def test_a_missing_ray_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(EngineError, match=r"pip install 'yiju\[ray\]'"), join_cluster(""):
        pass


@pytest.mark.parametrize("address", ["ray://nowhere", "nowhere:port", "ray://[::1", "h:99999"])
def test_what_is_no_address_is_refused_at_once(address):
    with pytest.raises(EngineError, match="ray://HOST:PORT"), join_cluster(address):
        pass


@pytest.mark.parametrize("form", ["ray://127.0.0.1:{}", "127.0.0.1:{}"])
def test_an_address_where_nothing_listens_is_named_at_once(form):
    with socket.socket() as free:  # bound, but it does not listen
        free.bind(("127.0.0.1", 0))
        address = form.format(free.getsockname()[1])

        with pytest.raises(EngineError, match=address), join_cluster(address):
            pass


@LINUX
@pytest.mark.slow
@pytest.mark.cluster
def test_a_cluster_of_our_own_keeps_to_this_machine_and_leaves_nothing(monkeypatch, tmp_path):
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "numpy.py").write_text("raise SystemExit('code of a documents folder ran')")
    monkeypatch.chdir(stranger)
    before = {**os.environ}

    with join_cluster("", n_workers=2) as ray:
        started = descendants()
        (folder,) = folders(started)
        assert folder.stat().st_mode & 0o077 == 0, "others can read it"
        sleeping = ray.remote(num_cpus=1)(_where)
        for directory, path in ray.get([sleeping.remote() for _ in range(4)]):
            assert str(stranger) not in (directory, *path)
        addresses = listening([os.getpid(), *descendants()])
        assert addresses
        assert {address for address in addresses if not address.is_loopback} == set()
        refused = _ask_without_token(ray.get_runtime_context().gcs_address)
        assert "AuthenticationError" in refused, refused

    assert Path.cwd() == stranger
    added = os.environ.keys() - before.keys()
    assert added <= {"PYTHONBREAKPOINT", "RAY_CLIENT_MODE"}, "more than Ray's own notes"
    assert descendants() == []
    assert not folder.exists()


def _where() -> tuple[str, list[str]]:
    return os.getcwd(), sys.path  # noqa: PTH109


def _ask_without_token(address: str) -> str:
    """Ask the cluster as another program of this machine that does not know the secret."""
    code = f"from ray._raylet import GcsClient; GcsClient(address={address!r}).get_all_node_info()"
    env = {**os.environ, "RAY_AUTH_MODE": "disabled"}
    del env["RAY_AUTH_TOKEN"]
    child = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert child.returncode != 0
    return child.stderr
