"""Judgements: what users think of answers ↔ ``user.sqlite``, and the cases that come of it."""

import json
from collections.abc import Collection
from dataclasses import asdict, replace

from webui.cases import Case, make_case
from webui.history import History, clean
from webui.history_records import TURN_COLUMNS, Judgement, Verdict, make_turn

MAX_COMMENT_CHARS = 2000
MAX_EXPECTED_CHARS = 500
MOST_CASES = 200  # asked again after a build: the newest
_JUDGED = f"""
SELECT t.id, t.judged, c.user, t.folders, t.recheck, {TURN_COLUMNS}
FROM turns AS t JOIN conversations AS c ON c.id = t.conversation
WHERE t.verdict != '' AND c.deleted IS NULL AND (? IS NULL OR c.user = ?)
ORDER BY t.judged DESC, t.id DESC
"""


class Judgements:
    """The judgements of all users; safe to use from several threads and processes."""

    def __init__(self, history: History) -> None:
        """Wrap what keeps the turns that are judged.

        :param history: The history.
        """
        self.history = history

    def judge(
        self,
        user: str,
        conversation: str,
        key: str,
        judgement: Judgement,
        *,
        folders: Collection[str] = (),
    ) -> bool:
        """Keep what a user thinks of an answer; a later judgement takes the earlier one's place.

        :param user: Whose turn it must be.
        :param conversation: Its conversation's id.
        :param key: The turn's key.
        :param judgement: What they think; its texts are cut to what is kept.
        :param folders: Of the documents that were asked, absolute.
        :return: Whether there is such a turn.
        :raises HistoryError: When it cannot be written.
        """
        with self.history.writing() as database:
            cursor = database.execute(
                "UPDATE turns SET verdict = ?, comment = ?, fault = ?, expected = ?, "
                "judged = ?, folders = ?, recheck = NULL WHERE key = ? AND conversation = "
                "(SELECT id FROM conversations WHERE id = ? AND user = ? AND deleted IS NULL)",
                (
                    judgement.verdict.value,
                    clean(judgement.comment.strip()[:MAX_COMMENT_CHARS]),
                    judgement.fault.value,
                    clean(judgement.expected.strip()[:MAX_EXPECTED_CHARS]),
                    self.history.now() if judgement.verdict is not Verdict.NONE else None,
                    json.dumps(sorted(folders)),
                    key,
                    conversation,
                    user,
                ),
            )
            return cursor.rowcount == 1

    def cases(
        self, folders: Collection[str], *, user: str | None = None, limit: int = MOST_CASES
    ) -> tuple[Case, ...]:
        """Return the judged questions that some documents were asked, oldest first.

        :param folders: Of the documents, absolute; a case is theirs when it was asked of no other.
        :param user: Whose; None for everybody's.
        :param limit: The newest so many.
        :return: The cases, their lines numbered from 1.
        :raises HistoryError: When they cannot be read.
        """
        found: list[Case] = []
        with self.history.reading() as database:
            for number, judged, whose, asked, recheck, *columns in database.execute(
                _JUDGED, (user, user)
            ):
                places = json.loads(asked or "[]")
                if not places or not set(folders).issuperset(places):
                    continue
                row = (number, judged, whose, places)
                case = make_case(row, make_turn(columns), json.loads(recheck or "null"))
                if case:
                    found.append(case)
                if len(found) == limit:
                    break
        return tuple(
            replace(case, gold=replace(case.gold, line=line))
            for line, case in enumerate(reversed(found), 1)
        )

    def keep_recheck(self, case: Case) -> None:
        """Keep what a case was answered with when it was asked again.

        :param case: With its stamp; nothing is kept when it was judged otherwise meanwhile.
        :raises HistoryError: When it cannot be written.
        """
        body = {"stamp": case.stamp, "before": asdict(case.before), "now": asdict(case.now)}
        with self.history.writing() as database:
            database.execute(
                "UPDATE turns SET recheck = ? WHERE id = ? AND judged = ?",
                (json.dumps(body, ensure_ascii=False), case.turn, case.judged),
            )
