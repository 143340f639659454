"""The record of everything the interface says in one language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """All words of one interface language; ``{name}`` marks what is filled in."""

    code: str  # BCP 47
    name: str  # of the language, in itself
    # the page
    title: str
    tagline: str
    language: str  # label of the language switch
    conversation: str
    question_label: str
    question_hint: str
    send: str
    clear: str
    welcome: str
    welcome_more: str
    suggestions: str
    suggestions_pending: str
    suggestions_none: str
    # an answer
    asked: str  # the mark before a question
    searching: str
    interpreted: str  # {question}
    sure: str
    fairly_sure: str
    unsure: str
    confidence: str  # {percent}
    same_elsewhere: str
    also_at: str  # {sources}
    copy_of: str  # {source}
    also: str
    check_original: str
    not_found: str
    not_found_more: str
    nearest: str
    nearest_also: str
    nothing_near: str
    failed: str
    # a place in a document
    reference: str  # {number}
    line: str  # {line}
    page: str  # {number}
    slide: str  # {number}
    sheet: str  # {number}
    named_sheet: str  # {name}
    row: str  # {number}
    record: str  # {number}
    within: str  # {outer}, {inner}: a place in a place
    open_source: str
    # the source panel
    source: str
    back: str
    copy_quote: str
    copied: str
    # the documents panel
    documents: str
    n_documents: str  # {count}
    n_chunks: str  # {count}
    indexed_at: str  # {time}
    column_name: str
    column_size: str
    column_chars: str
    column_chunks: str
    column_format: str
    column_pages: str
    column_pages_empty: str  # the terminal's, two lines
    empty_pages: str  # {pages}, {empty}
    problems: str  # {count}
    read_in_part: str  # {count}
    rebuild: str
    rebuild_hint: str
    stage_check: str
    stage_wait: str
    stage_read: str
    stage_encode: str
    stage_dense: str
    stage_lexical: str
    stage_publish: str
    refreshing: str
    built: str  # {documents}, {chunks}, {seconds}
    built_changes: str  # {added}, {changed}, {renamed}, {removed}
    unchanged: str
    checked: str  # {generation}
    build_failed: str
    # the command line
    column_problem: str
    column_reachable: str
    column_seconds: str
    ledger: str  # {generation}, {count}
    remarks: str  # {count}
    json_of_report: str
    one_at_a_time: str
    only_store: str
    not_of_store: str
    engine_of_store: str
    unknown_engine: str  # {name}
    options_after: str  # {command}
    restored: str  # {generation}
    serving: str  # {url}
    stop_hint: str
    watching: str  # {folder}
    loading: str
    crashed: str  # {error}
