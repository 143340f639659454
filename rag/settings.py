"""Settings of the question side."""

from dataclasses import dataclass

N_READ = 5  # fused hits that the reader reads unless told otherwise; the calibration is for 5


@dataclass(frozen=True, slots=True)
class RagSettings:
    """How a question is answered."""

    n_candidates: int = 50  # hits taken from each channel
    # Weights beside a fully trusted lexical channel, chosen on DRCD dev (recall@1 and recall@10).
    dense_weight: float = 0.3
    coverage_weight: float = 0.6
    trusted_coverage: float = 0.2  # idf share of the question at which lexical is fully trusted
    max_question_chars: int = 1000  # the rest of a longer question is not searched
    n_nearest: int = 3
