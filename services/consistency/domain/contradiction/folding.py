"""Writing variants of one character made one, place by place, so that spans stay those of the text as sent."""

from collections.abc import Mapping

WIDE = {0xFF01 + at: chr(0x21 + at) for at in range(94)}
KEPT = "，；（）"
SIGNS = {"￥": "¥", "\u3000": " ", "～": "~", "－": "-", "﹣": "-", "−": "-", "〇": "零", "ｍ": "m"}
FOLDED: Mapping[int, str] = {
    **{code: sign for code, sign in WIDE.items() if chr(code) not in KEPT},
    **{ord(sign): plain for sign, plain in SIGNS.items()},
}


def fold(text: str, variants: Mapping[int, str] = FOLDED) -> str:
    """The text with `variants` (see `pairs`) made one; as long as before."""
    if text.isascii():
        return text
    return text.translate(variants)


def pairs(sides: Mapping[str, str]) -> dict[int, str]:
    """Full-width letters, digits and signs as ordinary ones, and `sides`: two rows of characters of equal length, of
    which those of `from` are read as those of `to`."""
    source, target = sides.get("from", ""), sides.get("to", "")
    if len(source) != len(target):
        raise ValueError("language.toml: the two rows of [variants] differ in length")
    return {**FOLDED, **{ord(one): other for one, other in zip(source, target, strict=True)}}
