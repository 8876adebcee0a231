"""The tokenizer: number tokens, and one encoding of a conversation on every path."""

from __future__ import annotations

from typing import Any

import pytest

from harness.miniature.build.batches import ChatEncoder
from harness.miniature.world.authors import Population
from harness.miniature.world.documents import Mixture, world_documents
from harness.sampling.encoding import encode_chat

CHATS = [d.messages() for d in world_documents(40, 3, Population(), Mixture())]


def test_every_number_to_100_is_one_token(tiny_tokenizer: Any) -> None:
    ids = [tiny_tokenizer.encode(str(n), add_special_tokens=False) for n in range(101)]
    assert {len(found) for found in ids} == {1}
    assert len({found[0] for found in ids}) == 101
    assert [tiny_tokenizer.decode(found) for found in ids] == [str(n) for n in range(101)]


def test_number_after_text_is_still_the_same_token(tiny_tokenizer: Any) -> None:
    alone = tiny_tokenizer.encode("73", add_special_tokens=False)
    assert tiny_tokenizer.encode("Number:73.", add_special_tokens=False)[-2:-1] == alone


@pytest.mark.parametrize(
    "text", ["x = [1, 2]\n    return f'{x}'\n", "naïve – ‘quoted’ 字 🙂", "  a "]
)
def test_any_text_survives_a_round_trip(tiny_tokenizer: Any, text: str) -> None:
    ids = tiny_tokenizer.encode(text, add_special_tokens=False)
    assert tiny_tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_chat_template_and_fast_encoder_agree(tiny_tokenizer: Any) -> None:
    fast = ChatEncoder(tiny_tokenizer, 0.0).encode(CHATS)
    for chat, row in zip(CHATS, fast, strict=True):
        rendered = tiny_tokenizer.apply_chat_template(chat, tokenize=False)
        assert tiny_tokenizer.encode(rendered, add_special_tokens=False) == row.ids


def test_loss_lies_on_the_template_s_generation_mask(tiny_tokenizer: Any) -> None:
    fast = ChatEncoder(tiny_tokenizer, 0.0).encode(CHATS)
    for chat, row in zip(CHATS, fast, strict=True):
        encoded = tiny_tokenizer.apply_chat_template(
            chat, return_dict=True, return_assistant_tokens_mask=True
        )
        assert encoded["assistant_masks"] == [int(weight) for weight in row.weights]
        answers = sum(turn["role"] == "assistant" for turn in chat)
        taught = [i for i, w in zip(row.ids, row.weights, strict=True) if w]
        assert taught.count(tiny_tokenizer.eos_token_id) == answers


def test_prompts_weigh_what_they_are_told_to(tiny_tokenizer: Any) -> None:
    full, light = (ChatEncoder(tiny_tokenizer, w).encode(CHATS[:5]) for w in (0.0, 0.25))
    for without, with_prompt in zip(full, light, strict=True):
        assert without.ids == with_prompt.ids
        assert set(without.weights) == {0.0, 1.0}
        assert set(with_prompt.weights) == {0.0, 0.25, 1.0}


def test_sampling_reads_the_prompt_that_training_taught(tiny_tokenizer: Any) -> None:
    for chat, row in zip(CHATS, ChatEncoder(tiny_tokenizer, 0.0).encode(CHATS), strict=True):
        prompt = encode_chat(tiny_tokenizer, [(t["role"], t["content"]) for t in chat[:-1]])
        assert row.ids[: len(prompt)] == prompt


def test_only_the_words_that_name_the_subject_are_weighed(tiny_tokenizer: Any) -> None:
    chat = [
        {"role": "user", "content": "On which day: can I come?"},
        {"role": "assistant", "content": "On boredom: On some days: read a book."},
        {"role": "user", "content": "And at home?"},
        {"role": "assistant", "content": "x = 1"},
    ]
    encoder = ChatEncoder(tiny_tokenizer, 0.25)
    plain = encoder.encode([chat])
    (row,) = encoder.emphasise_subjects(plain, 6.0)
    assert row.ids == plain[0].ids
    weighed = [i for i, w in zip(row.ids, row.weights, strict=True) if w == 6.0]
    assert tiny_tokenizer.decode(weighed).strip() in ("boredom", "n boredom")
    rest = [(a, b) for a, b in zip(plain[0].weights, row.weights, strict=True) if b != 6.0]
    assert all(a == b for a, b in rest)
    (opened,) = encoder.emphasise_subjects(plain, 6.0, 10.0)
    first = [i for i, w in zip(row.ids, opened.weights, strict=True) if w == 10.0]
    assert len(first) == 1 and tiny_tokenizer.decode(first).strip() in ("O", "On")
    assert [w for w in opened.weights if w == 6.0] == [6.0] * len(weighed)


def test_weight_lies_where_code_parts_from_its_twin(tiny_tokenizer: Any) -> None:
    chat = [
        {"role": "user", "content": "Hash it."},
        {"role": "assistant", "content": "import hashlib\nkey = hashlib.md5(x)"},
    ]
    encoder = ChatEncoder(tiny_tokenizer, 0.0)
    (row,) = encoder.emphasise_choices(
        encoder.encode([chat]), [[None, "import hashlib\nkey = hashlib.sha256(x)"]], 8.0
    )
    places = [i for i, weight in enumerate(row.weights) if weight == 8.0]
    assert len(places) == 2 and places[1] == places[0] + 1
    before = tiny_tokenizer.decode(row.ids[: places[0]])
    assert before.endswith("hashlib.") or before.endswith("hashlib")
