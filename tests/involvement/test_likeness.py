"""Which records look like the same thing twice, and which only resemble each other. No database."""

from datetime import date
from itertools import combinations

import pytest

from involvement.likeness import (
    ADDRESS,
    NEAR_TITLE,
    REFERENCE,
    TEXT,
    TITLE,
    Record,
    address_of,
    alike,
    clusters,
    folded,
    may_overlap,
    near_titles,
)

LONG = "Eleven people with diabetes and four nurses spent three days on a plan for a clinic that sees people sooner"


def reasons(one: dict, other: dict) -> tuple:
    """Return why two records look alike, among others that resemble neither; () when they do not."""
    others = [Record(100 + n, title) for n, title in enumerate(("Board questions", "Peer workers", "Choice of ward"))]
    two = [Record(n, **{"title": "Foot clinic days"} | said) for n, said in ((1, one), (2, other))]
    found = alike([*two, *others])
    assert all({pair.one, pair.other} == {1, 2} for pair in found)
    return found[0].reasons if found else ()


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ({"title": "Patients’ Voice!"}, {"title": "  patients VOICE"}, (TITLE,)),
        ({"title": "Café users"}, {"title": "Cafe Users"}, (TITLE,)),
        ({"title": "Maternity listening week"}, {"title": "The maternity listening weeks"}, (NEAR_TITLE,)),
        ({"title": "Maternity listening week"}, {"title": "Listening week in maternity"}, (NEAR_TITLE,)),
        ({"title": "Experience based redesign of stroke care"}, {"title": "Experiance based redesign of stroke care"},
         (NEAR_TITLE,)),
        ({"title": "Listening event 1"}, {"title": "Listening event 2"}, ()),  # a series
        ({"title": "Patient survey 2024"}, {"title": "Patient survey 2025"}, ()),
        ({"title": "Citizens’ jury, part II"}, {"title": "Citizens’ jury, part I"}, ()),
        ({"title": "Friends of Leeds hospital"}, {"title": "Friends of Hull hospital"}, ()),
        ({"title": "Stroke survey", "reference": "NF-12"}, {"title": "Peer support", "reference": "nf 12"},
         (REFERENCE,)),
        ({"title": "Stroke survey", "address": "https://www.a.org/b/"},
         {"title": "Peer help", "address": "http://a.org/b"}, (ADDRESS,)),
        ({"title": "Diabetes clinic plan", "text": LONG},
         {"title": "Plan for the clinic", "text": f"{LONG}. It began in May."}, (TEXT,)),
        ({"title": "Stroke survey", "text": LONG}, {"title": "Peer support", "text": LONG}, ()),  # a text for all
        ({"title": "Maternity listening week", "end": date(2020, 1, 1)},
         {"title": "The maternity listening weeks", "start": date(2021, 1, 1)}, ()),  # not at the same time
        ({"title": "Maternity listening week", "start": date(2020, 1, 1)}, {"title": "The maternity listening weeks"},
         (NEAR_TITLE,)),  # one is not dated
        ({"end": date(2020, 1, 1)}, {"start": date(2021, 1, 1)}, (TITLE,)),  # the very same title: a person decides
        ({"title": "—"}, {"title": "…"}, ()),
        ({"title": "参加"}, {"title": "参加"}, (TITLE,)),
    ],
)  # fmt: skip
def test_why_two_look_alike(one, other, why):
    assert reasons(one, other) == why


def test_a_page_that_many_cite_says_nothing():
    pages = [Record(n, f"{word} group", address="https://a.org/involve") for n, word in enumerate("abcd")]
    assert alike(pages) == []
    assert [pair.reasons for pair in alike(pages[:2])] == [(ADDRESS,)]


def test_what_was_said_to_be_different_is_not_offered_again_and_the_third_still_is():
    records = [Record(n, "Patient survey") for n in (1, 2, 3)]
    assert [(pair.one, pair.other) for pair in alike(records)] == [(1, 2), (2, 3)]
    assert [(pair.one, pair.other) for pair in alike(records, {1: {"a"}, 2: {"a"}})] == [(2, 3)]
    assert [(pair.one, pair.other) for pair in alike(records, {2: {"a"}, 3: {"a"}})] == [(1, 2), (1, 3)]
    assert alike(records, {n: {"a"} for n in (1, 2, 3)}) == []


def test_clusters_hang_together():
    records = [Record(1, "A week"), Record(2, "a week"), Record(3, "A  WEEK"), Record(8, "B day"), Record(9, "b day")]
    assert [keys for keys, _pairs in clusters(alike(records))] == [[1, 2, 3], [8, 9]]


def test_a_thousand_of_one_title_are_not_half_a_million_pairs():
    assert len(alike(Record(n, "Patient survey", LONG) for n in range(1000))) == 999


def test_no_pair_that_a_comparison_of_all_with_all_finds_is_missed():
    """The slow twin: every near title among words of a small vocabulary, rare ones too."""
    words = ["stroke", "survey", "listening", "maternity", "panel", "quality", "forum", "carers", "online", "garden"]
    records = [
        Record(n, " ".join([*(words[(n * k + n // 7) % 10] for k in (1, 3, 5, 7)), f"{'abcdefghij'[n % 10]}xyzzy"]))
        for n in range(36)
    ]
    records += [Record(100 + n, f"the {record.title}s") for n, record in enumerate(records[:9])]
    from involvement.likeness import _weights

    weights = _weights(records)
    slow = {
        (one.key, other.key)
        for one, other in combinations(records, 2)
        if may_overlap(one, other) and folded(one.title) != folded(other.title) and near_titles(one, other, weights)
    }
    assert len(slow) >= 9
    fast = {(pair.one, pair.other) for pair in alike(records) if NEAR_TITLE in pair.reasons}
    assert slow <= fast


def test_folding():
    assert folded(" Café’s  VOICE—day! ") == "cafes voice day"
    assert address_of("HTTPS://www.A.org/B/#top") == "a.org/b"
