"""Words that clash are marked where they stand; nothing in a message becomes HTML."""

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from services.gateway.console.marks import excerpt, marked, merged

RANGES = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=6)


def test_the_words_are_marked_by_code_points() -> None:
    assert marked("Только €20 👍 today", [(7, 10)]) == "Только <mark>€20</mark> 👍 today"
    assert marked("八折优惠", [(0, 2)]) == "<mark>八折</mark>优惠"
    assert marked("👍 20 %", [(2, 6)]) == "👍 <mark>20 %</mark>"


def test_html_in_a_message_stays_text() -> None:
    html = marked('<script>alert("1")</script> & 20 %', [(1, 7), (30, 34)])
    assert "<script>" not in html
    assert html == ("&lt;<mark>script</mark>&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; <mark>20 %</mark>")


def test_overlapping_and_touching_ranges_are_one() -> None:
    assert merged([(5, 9), (0, 3), (2, 5), (20, 90), (12, 11)], 25) == [(0, 9), (20, 25)]


@given(st.text(max_size=50), RANGES)
def test_marking_changes_no_word(text: str, ranges: list[tuple[int, int]]) -> None:
    html = marked(text, ranges)
    assert html.replace("<mark>", "").replace("</mark>", "") == escape(text)
    assert html.count("<mark>") == html.count("</mark>") == len(merged(ranges, len(text)))


def test_an_excerpt_shows_the_marked_words_and_says_what_it_leaves_out() -> None:
    text = "word " * 100 + "only 10 % now" + " word" * 100
    html = excerpt(text, [(505, 509)], around=30)
    assert "<mark>10 %</mark>" in html
    assert html.startswith('<span class="gap">')
    assert html.endswith("</span>")
    assert len(html) < 200


def test_an_excerpt_of_a_short_text_is_the_text() -> None:
    assert excerpt("£36 a month", [(0, 3)]) == "<mark>£36</mark> a month"
    assert excerpt("", []) == ""


def test_distant_words_are_shown_with_a_gap_between() -> None:
    text = "first " + "x " * 400 + "last"
    html = excerpt(text, [(0, 5), (len(text) - 4, len(text))], around=20)
    assert html.count("<mark>") == 2
    assert html.count('class="gap"') == 1
