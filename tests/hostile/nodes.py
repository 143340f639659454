"""Nodes and names: what a folder may hold beside files, and names that nobody should give."""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from tests.hostile.crafted import INDEXED, Crafted

SECRET = "绝密：井盖编号是四十七。"  # stands only outside of the folder
_GB = 1 << 30
_NAMES = (
    "换行\n第二行.txt",
    "引号\"'`.txt",
    "反向\u202etxt.exe.txt",
    "转义\x1b[31m\x1b]0;题\x07.txt",
    "响铃\x07退格\x08.txt",
    "控制\x9b31m\x85.txt",
    "行分\u2028隔.txt",
    "零宽\u200b\ufeff.txt",
    "CON.txt",
    "-rf.txt",
    "--help.txt",
    "..双点.txt",
    "a..b.txt",
    " 空格 .txt",
    "$(touch yiju-escaped).txt",
    "`id`;|&.txt",
    "%2e%2e%2fpasswd.txt",
    "..\\..\\passwd.txt",
    "<script>alert(1)<!--.txt",
    "[链接](javascript:alert(1)).txt",
    "*?.txt",
    "组合e\u0301.txt",
    "组合\u00e9.txt",
    "\udcff坏字节\udcfe.txt",
    "长" * 83 + "aa.txt",
    ".txt",
    "坏\ud7ff\ue000\U0010ffff.txt",
)


def names() -> list[Crafted]:
    """List files with a sentence each whose names are hostile."""

    def write(path: Path) -> None:
        path.write_text(sentence_of(path.name), "utf-8")

    hidden = {name: "" for name in _NAMES if name.startswith(".")}
    told = {**hidden, "\udcff坏字节\udcfe.txt": "not valid Unicode"}
    return [
        Crafted(f"名/{name}", write, told.get(name, INDEXED))
        for name in _NAMES
        if _is_allowed(name)
    ]


def sentence_of(name: str) -> str:
    """Return the sentence in a file with a hostile name."""
    return f"第{_NAMES.index(name)}号仓库存放缆绳。"


def nodes(outside: Path) -> list[Crafted]:
    """List links, pipes and other nodes.

    :param outside: A folder beside the documents'; holds what must not be read.
    """
    outside.mkdir(exist_ok=True)
    secret = outside / "secret.txt"
    secret.write_text(SECRET, "utf-8")
    ours = "ours.txt"

    def link(target: str | Path):
        return lambda path: path.symlink_to(target)

    def folder_link(path: Path) -> None:
        path.symlink_to(outside, target_is_directory=True)

    def listed(name: str, write, told: str) -> Crafted:
        return Crafted(f"节点/{name}", write, told)

    found = [
        listed(ours, lambda path: path.write_text("内部。", "utf-8"), INDEXED),
        listed("passwd.txt", link("/etc/passwd"), "leads out of"),
        listed("外.txt", link(secret), "leads out of"),
        listed("外相对.txt", link("../../outside/secret.txt"), "leads out of"),
        listed("进程.txt", link("/proc/self/environ"), "leads out of"),
        listed("零.txt", link("/dev/zero"), "leads out of"),
        listed("断.txt", link("nowhere.txt"), "cannot be read"),
        listed("自环.txt", link("自环.txt"), "leads back to itself|cannot be read"),
        listed("内.txt", link(ours), INDEXED),
        listed("硬.txt", lambda path: os.link(path.with_name(ours), path), INDEXED),
        listed("外夹", folder_link, "link to a folder"),
        listed("环夹", link("."), "link to a folder"),
        listed("夹.pdf", Path.mkdir, ""),
        listed("管道.txt", os.mkfifo, "not an ordinary file"),
        listed("插座.txt", _make_socket, "not an ordinary file"),
        listed("巨行.txt", _make_sparse, "1,073,741,824 bytes; the limit"),
        listed("锁.txt", _make_unreadable, f"permission|{INDEXED}"),
        listed("深", _make_deep, ""),
        listed(".yiju/藏.txt", _make_hidden, ""),
    ]
    return [*found, listed("设备.txt", _make_device, "not an ordinary file")]


def _is_allowed(name: str) -> bool:
    return os.name == "posix" or not set(name) & set('<>:"/\\|?*\n')


def _make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:  # its path may have 107 bytes only
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            opened.bind(path.name)
        finally:
            os.chdir(here)


def _make_sparse(path: Path) -> None:
    """Make a text of one line of a gigabyte that takes no space."""
    with path.open("wb") as stream:
        stream.truncate(_GB)


def _make_unreadable(path: Path) -> None:
    path.write_text("锁住。", "utf-8")
    path.chmod(0)


def _make_device(path: Path) -> None:
    with suppress(PermissionError):
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # like /dev/zero
        return
    os.mkfifo(path)  # who may not make one


def _make_hidden(path: Path) -> None:
    """Put a document where an index of another folder would be."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(SECRET, "utf-8")
    (path.parent / "CURRENT").write_text("../../outside\n", "utf-8")


def _make_deep(path: Path) -> None:
    """Make folders in folders until no path reaches the last ones."""
    path.mkdir()
    handle = os.open(path, os.O_RDONLY)
    try:
        for _ in range(20):
            os.mkdir("夹" * 80, dir_fd=handle)
            inner = os.open("夹" * 80, os.O_RDONLY, dir_fd=handle)
            os.close(handle)
            handle = inner
        file = os.open("底.txt", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=handle)
        os.close(file)
    finally:
        os.close(handle)
