import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from index.datatypes import Channel, Chunk, Span
from rag.fusion import ChannelScores, fuse_scores, rank_chunks
from rag.settings import RagSettings

SETTINGS = RagSettings()


def _scores(dense, lexical, coverage):
    return ChannelScores(
        np.array(dense, np.float32), np.array(lexical, np.float32), np.array(coverage, np.float64)
    )


def _chunks(ids):
    return [Chunk(chunk_id, "d", Span(0, 1), (), "字") for chunk_id in ids]


@st.composite
def _candidates(draw):
    """Scores and ids of the same candidates; equal scores are likely."""
    n = draw(st.integers(0, 12))
    column = st.lists(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 1.0]), min_size=n, max_size=n)
    lexical = [abs(score) * 9 for score in draw(column)]
    coverage = [abs(score) for score in draw(column)]
    ids = draw(st.lists(st.text("abc", min_size=1), min_size=n, max_size=n, unique=True))
    return _scores(draw(column), lexical, coverage), _chunks(ids)


@given(_candidates())
def test_the_fused_score_is_the_formula(candidates):
    scores, _ = candidates
    fused = fuse_scores(scores, SETTINGS)

    def relative(column, at):
        best = float(max(column, default=0))
        return column[at] / best if best > 0 else 0

    top = max(scores.lexical, default=0)
    for at in range(len(fused)):
        best = max(c for c, s in zip(scores.coverage, scores.lexical, strict=True) if s == top)
        trust = min(1, best / SETTINGS.trusted_coverage)
        lexical = relative(scores.lexical, at)
        coverage = SETTINGS.coverage_weight * relative(scores.coverage, at)
        dense = SETTINGS.dense_weight * relative(scores.dense, at)
        assert fused[at] == pytest.approx(trust * (lexical + coverage) + dense, abs=1e-6)


def test_no_candidates_have_no_scores():
    assert len(fuse_scores(_scores([], [], []), SETTINGS)) == 0


def test_channels_that_found_nothing_give_zeros():
    assert fuse_scores(_scores([0, -0.2], [0, 0], [0, 0]), SETTINGS).tolist() == [0, 0]


def test_a_full_lexical_match_beats_the_nearest_vector():
    fused = fuse_scores(_scores([0.9, 0.4], [3, 12], [0.2, 1.0]), SETTINGS)

    assert fused[1] > fused[0]


def test_the_dense_channel_decides_when_the_lexical_match_is_accidental():
    fused = fuse_scores(_scores([0.9, 0.1], [0, 2], [0, 0.01]), SETTINGS)

    assert fused[0] > fused[1]


@given(_candidates(), st.integers(1, 15))
def test_hits_are_ranked_from_one_by_score_and_then_by_id(candidates, top_k):
    scores, chunks = candidates
    fused = fuse_scores(scores, SETTINGS)
    hits = rank_chunks(chunks, fused, top_k)

    assert [hit.rank for hit in hits] == list(range(1, min(top_k, len(chunks)) + 1))
    keys = [(-hit.score, hit.chunk.chunk_id) for hit in hits]
    assert keys == sorted(keys)
    assert keys == sorted(zip(-fused, [c.chunk_id for c in chunks], strict=True))[:top_k]
    assert {hit.channel for hit in hits} <= {Channel.FUSED}


@given(_candidates(), st.randoms())
def test_the_order_of_the_candidates_does_not_matter(candidates, random):
    scores, chunks = candidates
    # With two best lexical hits the first one's coverage tells how far to trust the channel.
    assume(np.sum(scores.lexical == scores.lexical.max(initial=-1)) <= 1)
    order = list(range(len(chunks)))
    random.shuffle(order)
    shuffled = ChannelScores(scores.dense[order], scores.lexical[order], scores.coverage[order])

    before = rank_chunks(chunks, fuse_scores(scores, SETTINGS), 12)
    after = rank_chunks([chunks[at] for at in order], fuse_scores(shuffled, SETTINGS), 12)

    assert before == after
