"""What stands on the page where Gradio itself would speak, in every language of the interface."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notices:
    """All words of the notices in one language."""

    lost_title: str
    lost: str
    busy_title: str
    busy: str
    trouble_title: str
    trouble: str
    close: str


NOTICES = {
    "zh-Hans": Notices(
        lost_title="连接断开了",
        lost=(
            "与服务器的连接断了，正在重连；连上后页面会自己刷新。请确认运行 yiju web 的窗口还开着。"
        ),
        busy_title="现在问的人太多",
        busy="排队已满，这次没有提交。请过几秒再试。",
        trouble_title="出了点问题",
        trouble="刚才的操作没有完成。请再试一次；如果还不行，运行 yiju web 的窗口里有原因。",
        close="关闭",
    ),
    "zh-Hant": Notices(
        lost_title="連線中斷了",
        lost=(
            "與伺服器的連線斷了，正在重新連線；連上後頁面會自己重新整理。"
            "請確認執行 yiju web 的視窗還開著。"
        ),
        busy_title="現在問的人太多",
        busy="佇列已滿，這次沒有送出。請過幾秒再試。",
        trouble_title="出了點問題",
        trouble="剛才的操作沒有完成。請再試一次；如果還不行，執行 yiju web 的視窗裡有原因。",
        close="關閉",
    ),
    "en": Notices(
        lost_title="Connection lost",
        lost=(
            "The server does not answer; trying to reach it again. The page will then reload by "
            "itself. Please see whether the window that runs yiju web is still open."
        ),
        busy_title="Too many people are asking",
        busy="The queue is full and this was not sent. Please try again in a few seconds.",
        trouble_title="Something went wrong",
        trouble=(
            "What you just did was not done. Please try again; if it goes on, the window that "
            "runs yiju web tells why."
        ),
        close="Close",
    ),
}
