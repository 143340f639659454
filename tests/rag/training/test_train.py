import numpy as np
import pytest
import torch

from index.encoder import StaticEncoder
from rag.span_network.model import ReaderModel
from rag.training.batches import TrainingBatch
from rag.training.features import ReaderBatch
from rag.training.network import ReaderNetwork, load_network
from rag.training.train import Training, group_weights, save_reader


@pytest.fixture(scope="module")
def encoder():
    return StaticEncoder.load()


def _network(encoder):
    torch.manual_seed(0)
    network = ReaderNetwork(torch.from_numpy(np.array(encoder.embeddings)))
    network.embedding.first.copy_(torch.randn(network.embedding.first.shape))
    network.embedding.frequent[100:140] = torch.arange(1, 41)
    network.tables.idf.fill_(1.0)
    return network


def _batch():
    random = np.random.default_rng(0)
    passage = torch.from_numpy(random.integers(100, 140, (8, 30)))
    start = torch.from_numpy(random.integers(0, 20, 8))
    return TrainingBatch(
        ReaderBatch(
            question_ids=torch.from_numpy(random.integers(100, 140, (8, 6))),
            question_spaced=torch.zeros(8, 6, dtype=torch.bool),
            passage_ids=passage,
            passage_spaced=torch.zeros(8, 30, dtype=torch.bool),
            sentences=torch.zeros(8, 30, dtype=torch.int64),
        ),
        start=start,
        last=start + 2,
        is_answered=torch.tensor([1.0, 1, 1, 1, 1, 1, 0, 0]),
        hidden=torch.zeros(8, dtype=torch.bool),
    )


def test_training_learns_and_what_it_writes_the_reader_loads(encoder, tmp_path):
    training, batch = Training(_network(encoder), 60, 3e-3), _batch()
    losses = [sum(training.run_step(batch)) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]

    save_reader(training.averaged_state(), tmp_path, encoder.embeddings_digest)
    model = ReaderModel.load(tmp_path, encoder.embeddings)
    assert model.encoder_fingerprint == encoder.embeddings_digest
    embeddings = torch.from_numpy(np.array(encoder.embeddings))
    network = load_network(tmp_path / "model.safetensors", embeddings)
    exact = training.network.embedding
    own = exact.first + training.average["embedding.change.weight"][exact.frequent]
    assert (network.embedding.first - own).abs().max() < 0.02 * own.abs().max()  # eight bits


def test_a_stopped_run_goes_on_as_it_would_have(encoder, tmp_path):
    batch = _batch()
    straight, stopped, resumed = (Training(_network(encoder), 20, 1e-3) for _ in range(3))
    for training in (straight, stopped, resumed):
        training.network.eval()
    for _ in range(3):
        torch.manual_seed(1)
        straight.run_step(batch)
    torch.manual_seed(1)
    stopped.run_step(batch)
    stopped.save(tmp_path / "checkpoint.safetensors")
    resumed.load(tmp_path / "checkpoint.safetensors")
    for _ in range(2):
        torch.manual_seed(1)
        resumed.run_step(batch)

    assert resumed.step == straight.step == 3
    for name, weights in straight.average.items():
        torch.testing.assert_close(resumed.average[name], weights)


def test_the_weights_of_the_groups_move_from_synthetic_to_human_questions():
    groups = ("zh-zh", "set-zh", "fr-en")
    first, last = group_weights(groups, 0.0), group_weights(groups, 1.0)

    assert first["zh-zh"] > first["set-zh"]
    assert last["set-zh"] > last["zh-zh"]
    assert 0 < first["fr-en"] < 0.01
