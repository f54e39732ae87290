"""The SentencePiece tokenizer of the checkpoint, for the `tokenizers` library."""

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors


def tokenizer(pieces: Sequence[tuple[str, float]], unknown: int, longest: int) -> Tokenizer:
    """Pairs are encoded as `<s> a </s> b </s>`, cut at `longest` pieces, padded within a batch."""
    made = Tokenizer(models.Unigram(list(pieces), unk_id=unknown, byte_fallback=False))
    made.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    index = {text: at for at, (text, _) in enumerate(pieces[:8])}
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s>:0 $A:0 </s>:0 $B:1 </s>:1",
        special_tokens=[("<s>", index["<s>"]), ("</s>", index["</s>"])],
    )
    made.enable_padding(pad_id=index["<pad>"], pad_token="<pad>")  # noqa: S106 - a piece of text, no secret
    made.enable_truncation(longest)
    return made
