"""The page: a real browser and a real server over the bundled document → what a reader waits for.

``yiju web`` runs as a process of its own. Loading is measured with an empty cache and with a warm
one, until the first suggested question could be typed; asking from the keydown of Enter until the
frame after the answer stands on the page; many at once from the request of each, all sent together
to the typed endpoint, until its answer is complete.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = os.environ.get("YIJU_CHROMIUM", "/usr/bin/chromium")
N_QUESTIONS = 40
N_PEOPLE = 32
_ROOT = Path(__file__).parents[2]
_START_S = 120
_LOADS = 5
_WARMING = 3
_READING_MS = 500
_A_CONVERSATION = 10  # questions, then a new one is begun
_STEMS = (
    "大会是哪一天召开的？",
    "谁出席会议并讲话？",
    "谁主持了会议？",
    "会上播放了什么专题片？",
    "太阳纸业的董事长是谁？",
    "山东恒信集团的总经理是谁？",
    "小松机械制造的总经理是谁？",
    "华勤橡胶的总经理是谁？",
    "济宁能源发展集团的党委书记是谁？",
    "珞石机器人集团的董事长是谁？",
    "嘉冠粮油的董事长是谁？",
    "县市区要当什么？",
    "企业是高质量发展的什么？",
    "部门单位要当什么？",
    "总定位是什么？",
    "林武书记什么时候参加审议？",
    "文章的来源是哪里？",
    "When did the meeting take place?",
    "Who presided over the meeting?",
    "火星上有多少人？",
)
_ASKED = ("{}", "请问：{}")
_WATCH = """() => {
    window.waited = [];
    let since = 0, before = 0;
    const count = () => document.querySelectorAll(".turn .words, .turn .plain").length;
    addEventListener("keydown", (event) => {
        if (event.key === "Enter") [since, before] = [performance.now(), count()];
    }, true);
    new MutationObserver(() => {
        if (!since || count() <= before) return;
        const began = since;
        since = 0;
        requestAnimationFrame(() => setTimeout(
            () => window.waited.push(performance.now() - began)));
    }).observe(document.body, { childList: true, subtree: true });
}"""

_UNTIL = """number => new Promise((done, fail) => {
    setTimeout(() => fail(new Error(`No answer: ${document.body.innerText}`)), 30000);
    const look = () => window.waited.length >= number ? done() : setTimeout(look, 5);
    look();
})"""


def run(work_dir: Path, *, n_questions: int, n_people: int) -> dict[str, object]:
    """Measure.

    :param work_dir: For the index and the server's own files.
    :param n_questions: Asked one after the other on one page.
    :param n_people: Who ask at once.
    :return: Figures for :func:`to_markdown`, in milliseconds.
    """
    with _serve(work_dir) as url:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            loads = _measure_loads(browser, url)
            asked = _measure_asking(browser, url, n_questions)
            browser.close()
        crowd = _measure_crowd(url, n_people)
    return {
        "load, cold": _summarize(loads[:1]),
        "load, warm": _summarize(loads[1:]),
        "asked": _summarize(asked),
        "at once": _summarize([ms for ms in crowd if ms is not None])
        | {"errors": crowd.count(None)},
        "load average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


@contextmanager
def _serve(work_dir: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "webui.cli", "web", "--documents", str(_ROOT / "seeds")]
    command += ["--index", str(work_dir / "index"), "--port", str(port)]
    home = {"YIJU_HOME": str(work_dir / "home")}
    with (work_dir / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=_ROOT, env=os.environ | home, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_for(url, server)
            yield url
        finally:
            server.kill()
            server.wait()


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"No page at {url}")


def _measure_loads(browser: Browser, url: str) -> list[float]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    times = []
    for _ in range(_LOADS + 1):
        page = context.new_page()
        began = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector(".masthead h1")
        page.wait_for_selector("#question textarea[placeholder]:not([placeholder=''])")
        times.append(1000 * (time.perf_counter() - began))
        page.close()
    context.close()
    return times


def _measure_asking(browser: Browser, url: str, n_questions: int) -> list[float]:
    page = browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 800})
    page.goto(url)
    page.wait_for_selector(".chip")
    page.evaluate(_WATCH)
    questions = make_questions(n_questions + _WARMING)
    for at, question in enumerate(questions, 1):
        _ask(page, question, at)
        if at % _A_CONVERSATION == 0:
            page.locator(".clear").click()
            page.wait_for_selector(".welcome")
    waited: list[float] = page.evaluate("window.waited")
    page.close()
    return waited[_WARMING:]


def _ask(page: Page, question: str, number: int) -> None:
    page.get_by_test_id("textbox").fill(question)
    page.keyboard.press("Enter")
    page.evaluate(_UNTIL, number)  # the page's policy forbids wait_for_function
    # The page takes no question before it is told that the one before is done, just after its
    # answer; what is sent meanwhile stays in the box. No reader is that quick.
    page.wait_for_timeout(_READING_MS)


def make_questions(count: int) -> list[str]:
    """Make so many questions about the bundled document; one of them it does not answer."""
    every = [form.format(stem) for form in _ASKED for stem in _STEMS]
    return [every[at % len(every)] for at in range(count)]


def _measure_crowd(url: str, n_people: int) -> list[float | None]:
    """Let many ask at once; None for who got no answer."""
    barrier = Barrier(n_people)

    def ask(question: str) -> float | None:
        barrier.wait()
        began = time.perf_counter()
        return 1000 * (time.perf_counter() - began) if _is_answered(url, question) else None

    with ThreadPoolExecutor(n_people) as crowd:
        return list(crowd.map(ask, make_questions(n_people)))


def _is_answered(url: str, question: str) -> bool:
    endpoint = f"{url}gradio_api/call/v2/answer"
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(endpoint, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            event = json.load(response)["event_id"]
        with urllib.request.urlopen(f"{endpoint}/{event}", timeout=60) as response:
            return b"event: complete" in response.read()
    except OSError:
        return False


def _summarize(times: Sequence[float]) -> dict[str, float]:
    if not times:
        return {"n": 0, "median": 0.0, "p95": 0.0}
    ordered = sorted(times)
    p95 = ordered[max(0, -(-95 * len(ordered) // 100) - 1)]
    return {"n": len(times), "median": statistics.median(times), "p95": p95}


def to_markdown(result: dict) -> str:
    """Return the table of a kept result."""
    figures = result["figures"]
    rows: Sequence[tuple[str, str, Callable[[dict], str]]] = (
        ("load, cold", "page load, empty cache", lambda _: ""),
        ("load, warm", "page load, warm cache", lambda _: ""),
        ("asked", "Enter to answer on the page", lambda _: ""),
        ("at once", "everybody asks at once", lambda row: f", {row['errors']} errors"),
    )
    lines = [
        f"| {label} ({figures[name]['n']}{more(figures[name])}) | {figures[name]['median']:.0f} "
        f"| {figures[name]['p95']:.0f} |"
        for name, label, more in rows
    ]
    head = "| milliseconds | median | p95 |\n|---|---:|---:|\n"
    return head + "\n".join(lines)
