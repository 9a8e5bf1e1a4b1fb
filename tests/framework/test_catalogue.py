"""The content of the framework: complete, in order, cited, in plain words; and a mistake in it is named as it loads."""

import re
import shutil
from collections import Counter

import pytest
import textstat

from framework.catalogue import CONTENT, NOT_INVOLVEMENT, SHAPE, ContentError, catalogue, load, read_content

FRAMEWORK_ORDER = """
owners/strategy owners/priorities owners/reviewing-impact
users/whole-journey users/quality users/access users/experience users/own-care users/reviewing-impact
choosers/provider choosers/treatment choosers/information choosers/help-to-choose choosers/respect
coproducers/co-decide coproducers/co-design coproducers/co-deliver coproducers/co-evaluate
""".split()

GROUPS = """patients carers children-young-people older-people low-income ethnic-minorities disabled-people
learning-disability mental-health lgbt refugees-migrants homeless offline other-languages rural
general-public""".split()


@pytest.fixture
def broken(tmp_path):
    """A copy of the content in which one file can be spoilt: ``broken(name, old, new)`` loads what comes of it."""
    shutil.copytree(CONTENT, tmp_path / "content")

    def spoil(name, old, new):
        path = tmp_path / "content" / f"{name}.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text, "the test spoils something that is there"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return load(tmp_path / "content")

    return spoil


def test_three_relationships_four_places_eighteen_ways_in_the_frameworks_order():
    content = catalogue()
    assert list(content.relationships) == ["voice", "choice", "coproduction"]
    assert {place.slug: place.relationship for place in content.places.values()} == {
        "owners": "voice",
        "users": "voice",
        "choosers": "choice",
        "coproducers": "coproduction",
    }
    assert list(content.facets) == FRAMEWORK_ORDER
    assert [facet.order for facet in content.facets.values()] == list(range(18))
    assert [content.places[slug].power_order for slug in ("owners", "coproducers", "users", "choosers")] == [0, 1, 2, 3]


def test_lists_of_slugs_are_those_that_rows_hold():
    content = catalogue()
    assert list(content.groups) == GROUPS
    assert list(content.supports) == ["payment", "expenses", "access", "carers", "languages"]
    assert list(content.powers) == ["to-people", "nowhere", "work-only"]
    assert list(content.parts) == ["none", "told", "asked", "equal", "lead", "not-recorded"]
    signs = {slug: status.sign for slug, status in content.statuses.items()}
    assert signs == {
        "in-place": "✓",
        "unproven": "?",
        "planned": "+",
        "not-needed": "=",
        "lapsed": "–",
        "missing": "✕",
        "none-recorded": "·",
    }


def test_all_worked_cases_of_the_framework_are_there():
    """Section 3 has 19 owners, 20 users, 20 choosers, 19 coproducers and 9 of no involvement, 36 of them contested.

    Joint care planning stands with coproducers there, marked; by the rule that one person's own care fills no stage it
    is users' own care here, contested. Published waits are marked here too: alone they are not involvement.
    """
    content = catalogue()
    assert Counter(case.place for case in content.cases) == {
        "owners": 19,
        "users": 21,
        "choosers": 20,
        "coproducers": 18,
        NOT_INVOLVEMENT: 9,
    }
    assert sum(case.is_contested for case in content.cases) == 37
    assert len(content.mixups) == 13


def test_every_way_has_at_least_two_cases_and_three_things_that_others_do():
    content = catalogue()
    named = Counter(key for case in content.cases for key in case.facets)
    titles = {case.title for case in content.cases}
    for key, facet in content.facets.items():
        assert named[key] >= 2, key
        assert len(facet.elsewhere) >= 3 and set(facet.elsewhere) <= titles, key


def test_a_way_offers_as_what_others_do_only_cases_that_show_it():
    raw = read_content("places")
    cases = {case.slug: case for case in catalogue().cases}
    wrong = [
        (place, facet["slug"], slug)
        for place in SHAPE
        for facet in raw["places"][place]["facets"]
        for slug in facet["elsewhere"]
        if f"{place}/{facet['slug']}" not in cases[slug].facets
    ]
    assert wrong == []


def test_no_case_of_one_persons_own_care_fills_a_stage_of_coproduction():
    stages = {f"coproducers/{slug}" for slug in SHAPE["coproducers"]}
    own_care = [case for case in catalogue().cases if case.place == "choosers" or "users/own-care" in case.facets]
    assert own_care and not [case.slug for case in own_care if stages & set(case.facets)]


def test_shared_decisions_are_choice_contested_and_argued_from_both_sides():
    content = catalogue()
    case = next(case for case in content.cases if case.slug == "shared-decision-making")
    assert (case.place, case.facets) == ("choosers", ("choosers/treatment", "users/own-care"))
    assert "coproducers" in case.contested
    kind = content.contested_kinds[case.contested_kind]
    assert [place for place, _argument in kind.case_for][:2] == ["choosers", "coproducers"]
    assert {"malby-2015", "batalden-2016", "williams-2020"} <= set(kind.sources)
    assert "some call this coproduction" in kind.rule


def test_every_other_view_of_a_case_is_argued_in_its_dispute():
    content = catalogue()
    for case in content.cases:
        if case.contested_kind:
            argued = {place for place, _argument in content.contested_kinds[case.contested_kind].case_for}
            assert set(case.contested) <= argued, case.slug
    assert set(content.contested_kinds) == {case.contested_kind for case in content.cases} - {""}


def test_citations_resolve_and_correct_what_the_seed_slips():
    content = catalogue()
    cited = [
        *content.relationships.values(),
        *content.places.values(),
        *content.facets.values(),
        *content.cases,
        *content.mixups,
        *content.contested_kinds.values(),
        *content.facts,
        *content.notes.values(),
        *content.mechanisms.values(),
        *content.crosswalks,
        *content.duties,
    ]
    assert all(entry.sources and set(entry.sources) <= set(content.sources) for entry in cited)
    assert content.sources["stephens-2008"].year == 2008
    assert content.sources["boyle-harris-2009"].author == "Boyle D, Harris M"
    assert content.sources["needham-carr-2009"].title.startswith("Co-production: an emerging evidence base")


def test_law_is_dated_and_is_looked_at_again():
    content = catalogue()
    law = [*content.duties, *content.facts_on("law")]
    assert len(law) >= 13
    assert all(each.as_at < each.review_by for each in law)
    assert all(mechanism.as_at < mechanism.review_by for mechanism in content.mechanisms.values())


def test_words_are_plain_british_and_whole():
    """Short texts are judged together: a grade of 6 is a reading age of 11; no text stands above age 14."""
    content = catalogue()
    texts = [
        *(
            text
            for place in content.places.values()
            for text in (place.purpose, place.holds, place.empowers, place.proof)
        ),
        *(f"{facet.meaning} {facet.gap}." for facet in content.facets.values()),
        *(f"{case.why} {case.note}" for case in content.cases),
        *(f"{kind.why} {kind.rule}" for kind in content.contested_kinds.values()),
    ]
    assert textstat.flesch_kincaid_grade(" ".join(texts)) + 5 <= 12
    for text in texts:
        assert text.rstrip().endswith((".", "?")), text
        assert not re.search(r"!|\b\w+(ization|izing|izes?d?)\b|\bcenter\b|\bprogram\b", text), text


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("places", 'slug = "co-evaluate"', 'slug = "co-judge"', "places.toml, coproducers, facets: expected co-decide"),
        (
            "places",
            '[[places.owners.facets]]\nslug = "strategy"',
            '[[places.owners.others]]\nslug = "strategy"',
            "found priorities",
        ),
        (
            "places",
            'relationship = "choice"',
            'relationship = "chance"',
            "places.toml, choosers: “chance” is not known",
        ),
        ("places", "power_order = 3", "power_order = 0", "power_order must be 0, 1, 2 and 3"),
        (
            "places",
            'purpose.en = "The service',
            'aim.en = "The service',
            "places.toml, owners: “purpose.en” is missing",
        ),
        (
            "places",
            'elsewhere = ["citizens-jury',
            'elsewhere = ["city-jury',
            "“city-jury-reconfiguration” is not known",
        ),
        ("places", 'slug = "governors"', 'slug = "panels"', "checklist: “panels” stands twice"),
        (
            "cases",
            'facets = ["owners/reviewing-impact"]',
            'facets = ["owners/judging"]',
            "“owners/judging” is not known",
        ),
        (
            "cases",
            'place = "owners"',
            'place = "users"',
            "cases.toml, governors-question-results: none of its ways belongs",
        ),
        ("cases", 'place = "owners"', 'place = "not-involvement"', "unless it is not involvement"),
        ("cases", 'contested_kind = "service-change"', 'contested_kind = "moves"', "“moves” is not known"),
        (
            "cases",
            'sources = ["boyle-2013"]',
            'sources = ["boyle-2031"]',
            "peer-navigators, sources: “boyle-2031” is not known",
        ),
        ("cases", 'sources = ["boyle-2013"]', "sources = []", "cases.toml, peer-navigators: a source is missing"),
        ("cases", "[cases.gp-practice-choice]", "[cases.birthplace]", "cases.toml: Cannot declare"),
        (
            "contested",
            'case_for.users.en = "Most who',
            'other.users.en = "Most who',
            "service-change: a dispute needs two sides",
        ),
        ("statuses", 'sign = "?"', 'sign = "✓"', "signs: “✓” stands twice"),
        ("facts", "review_by = 2027-02-01", "", "facts.toml, moving: law needs a “review_by” date"),
        ("law", "review_by = 2027-05-01", "", "law.toml, involve-users: “review_by” is missing"),
        ("law", "review_by = 2027-05-01", "review_by = 2026-05-01", "“review_by” is not after “as_at”"),
        ("law", 'nation = "england"', 'nation = "france"', "law.toml, involve-users, nation: “france” is not known"),
        ("law", '"owners/strategy"]', '"owners/plans"]', "bears_on: “owners/plans” is not known"),
        ("law", 'kinds = ["trust", ', 'kinds = ["trusts", ', "kinds: “trusts” is not known"),
        ("crosswalks", "measures.en", "about.en", "crosswalks.toml, iap2: “measures.en” is missing"),
        ("groups", 'payment.en = "Payment"\n', "", "groups.toml, supports: expected payment"),
        ("notes", "number = 3", "number = 2", "notes.toml, grades: expected 0, 1, 2, 3"),
        ("sources", 'checked = "seen"', 'checked = "sure"', "sources.toml, malby-2015: checked is “sure”"),
    ],
)
def test_a_mistake_in_the_content_is_named_with_its_file_and_entry(broken, name, old, new, says):
    with pytest.raises(ContentError, match=re.escape(says)):
        broken(name, old, new)


def test_a_copy_of_the_content_loads_as_it_stands(broken):
    assert broken("places", "Citizens set direction", "Citizens set the direction").places["owners"].line == (
        "Citizens set the direction and hold to account"
    )


def test_content_is_loaded_once_and_an_absent_file_is_empty():
    assert catalogue() is catalogue()
    assert read_content("no-such-file") == {}
