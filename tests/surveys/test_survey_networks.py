"""Does a sample that recruited itself find the coverage that was planted, and say when it cannot?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.surveys import access
from kalanso.surveys.access.respondent_driven import asymptotic_chances, successive_chances, tree_bootstrap
from kalanso.surveys.design.precision import wilson
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.vocabulary import Message
from tests.surveys.networks import network, recruited

# `faux`, a sample that the authors of R's package RDS made (Gile and Handcock 2010, Sociological Methodology 40:285-327), as its test of weights
# tells it: network size, people with X = blue, with X = red, and the weight of each by Gile's successive sampling in a population of 1,000.
FAUX = (
    (4, 0, 3, 8.07852429943211), (5, 1, 2, 6.38455712638357), (6, 2, 2, 5.48896993495661), (7, 0, 2, 4.8604415969412), (8, 5, 3, 4.29821535164131),
    (9, 2, 12, 3.87047786984813), (10, 5, 6, 3.54002750199834), (11, 7, 10, 3.29341477208004), (12, 5, 12, 3.05443442492895), (13, 11, 17, 2.85945054771878),
    (14, 8, 20, 2.66306096642275), (15, 14, 20, 2.53508406952916), (16, 8, 22, 2.43439535132526), (17, 6, 25, 2.31958142874284), (18, 5, 17, 2.22446812486855),
    (19, 6, 8, 2.1468860118508), (20, 5, 12, 2.06264239672522), (21, 6, 9, 1.99073333292842), (22, 3, 19, 1.91460092295191), (23, 3, 11, 1.8947448233209),
    (24, 1, 9, 1.8207882698508), (25, 1, 7, 1.76806835398565), (26, 4, 1, 1.72845726958708), (27, 2, 3, 1.69033876925473), (28, 2, 3, 1.6334888106475),
    (29, 3, 4, 1.63052784025235), (30, 1, 0, 1.60534777745125), (31, 0, 3, 1.5627722513722), (32, 2, 2, 1.50939780983865), (34, 0, 2, 1.46381443711093),
    (36, 0, 1, 1.44759683978263), (38, 0, 1, 1.39907404068377), (39, 0, 1, 1.36476432306482), (43, 0, 2, 1.33981767248718),
)  # fmt: skip
BLUE = 0.310334112778454  # RDS-II, by the same package


def faux():
    """Return its people as a sample: who brought whom is made up, since no estimate rests on it."""
    rows = [(size, int(at < blue)) for size, blue, red, _weight in FAUX for at in range(blue + red)]
    table = pd.DataFrame(rows, columns=["network_size", "vaccinated"])
    names = [f"p{at}" for at in range(len(rows))]
    return access.chains(table.assign(person=names, recruiter=["", *names[:-1]], position=range(len(rows))))


def test_the_estimate_of_a_published_sample_is_the_published_one():
    found = access.respondent_driven(faux(), draws=20, rng=np.random.default_rng(1))

    assert found.children == 389
    assert found.coverage == pytest.approx(BLUE, abs=1e-12)


def test_weights_of_successive_sampling_are_the_published_ones():
    sample = faux()
    published = np.repeat([one[3] for one in FAUX], [one[1] + one[2] for one in FAUX])

    weight = 1 / successive_chances(sample.size, 1000, samples=1000, rng=np.random.default_rng(1))
    weight *= 1000 / weight.sum()

    # the authors' own measure: weights come from simulated samples, theirs too
    assert np.abs(weight - published).mean() < 0.02
    share = (weight @ sample.vaccinated) / weight.sum()
    assert share == pytest.approx((published @ sample.vaccinated) / published.sum(), abs=1e-3)


def people(text):
    rows = [line.split("|") for line in text.strip().splitlines()]
    return pd.DataFrame(
        [(a.strip(), b.strip(), int(c), int(d), at) for at, (a, b, c, d) in enumerate(rows)],
        columns=["person", "recruiter", "network_size", "vaccinated", "position"],
    )


SMALL = """
    a |   | 4 | 1
    b | a | 2 | 0
    c | a | 8 | 1
    d | b | 4 | 0
"""


def test_whoever_knows_more_people_counts_less():
    found = access.respondent_driven(access.chains(people(SMALL)), draws=50, rng=np.random.default_rng(1))

    assert found.coverage == pytest.approx((1 / 4 + 1 / 8) / (1 / 4 + 1 / 2 + 1 / 8 + 1 / 4))


def test_chains_know_their_seed_and_their_wave():
    sample = access.chains(people(SMALL))

    assert list(sample.seed) == [0, 0, 0, 0]
    assert list(sample.wave) == [0, 1, 1, 2]
    assert sample.recruits == [[1, 2], [3], [], []]


def test_a_network_smaller_than_the_ties_that_were_seen_is_raised_and_counted():
    sample = access.chains(people("a | | 1 | 1\nb | a | 3 | 0\nc | a | 1 | 1"))

    assert list(sample.size) == [2, 3, 1]
    assert sample.raised == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a | | 3 | 1\nb | z | 3 | 1", "column recruiter: expected one of"),
        ("a | b | 3 | 1\nb | | 3 | 1", "a was interviewed before b"),
        ("a | a | 3 | 1", "a was interviewed before a"),
        ("a | | 0 | 1", "column network_size: expected a number of at least 1"),
        ("a | | 3 | 2", "column vaccinated: expected one of 0, 1"),
        ("a | | 3 | 1\na | | 3 | 1", "a row of its own for each person"),
    ],
)
def test_chains_that_cannot_be_are_refused(text, said):
    with pytest.raises(SurveyRefused, match=said):
        access.chains(people(text))


def test_seeds_that_recruited_nobody_are_no_sample():
    with pytest.raises(SurveyRefused, match="2 seeds, and nobody who was recruited"):
        access.respondent_driven(
            access.chains(people("a | | 3 | 1\nb | | 3 | 0")), rng=np.random.default_rng(1)
        )


def test_chances_of_successive_sampling_are_those_of_drawing_one_after_the_other():
    values, held = np.array([1.0, 3.0, 9.0]), np.array([60, 30, 10])
    rng = np.random.default_rng(2)
    owner = np.repeat(np.arange(3), held)

    drawn = np.zeros(3)
    for _ in range(1500):
        left, rate = list(range(100)), values[owner]
        for _ in range(25):
            share = rate[left] / rate[left].sum()
            drawn[owner[left.pop(int(rng.choice(len(left), p=share)))]] += 1

    assert asymptotic_chances(values, held, 25) == pytest.approx(drawn / 1500 / held, rel=0.05)


def test_chances_inferred_from_a_sample_agree_with_those_of_a_large_population():
    rng = np.random.default_rng(3)
    values, held = np.array([1.0, 2.0, 5.0, 12.0]), np.array([400, 300, 200, 100])
    size = np.repeat(values, np.round(held * asymptotic_chances(values, held, 300)).astype(int))

    found = successive_chances(size, 1000, rng=rng)

    expected = asymptotic_chances(values, held, len(size))[np.searchsorted(values, size)]
    assert found / found[-1] == pytest.approx(expected / expected[-1], rel=0.06)


def test_a_population_wholly_interviewed_counts_everybody_once():
    sample = access.chains(people(SMALL))

    found = access.respondent_driven(sample, population=4, draws=20, rng=np.random.default_rng(1))

    assert found.coverage == pytest.approx(0.5, abs=1e-3)


def test_a_very_large_population_gives_the_plain_estimate():
    rng = np.random.default_rng(4)
    net = network(600, coverage=0.5, alike=1.5, busier=1.5, mean_ties=8, rng=rng)
    sample = access.chains(recruited(net, seeds=5, coupons=3, people=60, rng=rng))

    plain = access.respondent_driven(sample, draws=10, rng=rng).coverage
    gile = access.respondent_driven(sample, population=20_000, draws=10, rng=rng).coverage

    assert gile == pytest.approx(plain, abs=0.02)


def test_a_population_smaller_than_the_sample_is_refused():
    with pytest.raises(SurveyRefused, match="A population of 3 cannot hold the 4 people"):
        access.respondent_driven(access.chains(people(SMALL)), population=3, rng=np.random.default_rng(1))


def test_the_tree_bootstrap_draws_recruits_of_whoever_was_drawn():
    times = tree_bootstrap(access.chains(people(SMALL)), draws=3000, rng=np.random.default_rng(5))

    # one seed, drawn each time; two recruits drawn with replacement among two; d only through b
    assert (times[:, 0] == 1).all()
    assert (times[:, 1] + times[:, 2] == 2).all()
    assert (times[:, 3] == times[:, 1]).all()
    assert times[:, 1].mean() == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize(
    "answers",
    [(1, 0, 1), (1, 1, 1), (0, 0, 0)],
    ids=["chains that agree", "all vaccinated", "none vaccinated"],
)
def test_an_interval_is_never_narrower_than_that_of_as_many_people_drawn_at_random(answers):
    rows = [
        f"{seed}{n} | {f'{seed}{n - 1}' if n else ''} | 4 | {y}"
        for seed in "abcd"
        for n, y in enumerate(answers)
    ]

    found = access.respondent_driven(access.chains(people("\n".join(rows))), rng=np.random.default_rng(8))

    low, high = wilson(np.array([found.coverage]), np.array([12.0]))
    assert (found.low, found.high) == (pytest.approx(low[0]), pytest.approx(high[0]))
    assert found.high - found.low > 0.2
    assert found.standard_error == pytest.approx((found.high - found.low) / 3.92, rel=1e-3)


def test_single_chains_hold_the_truth_more_often_than_their_trees_alone_would():
    rng = np.random.default_rng(9)

    held = trees = 0
    for _ in range(60):
        net = network(300, coverage=0.6, alike=1.0, busier=1.6, mean_ties=8, rng=rng)
        sample = access.chains(recruited(net, seeds=3, coupons=1, people=30, rng=rng))
        one = access.respondent_driven(sample, draws=120, rng=rng)
        inverse = 1 / sample.size
        times = tree_bootstrap(sample, draws=120, rng=rng)
        low, high = np.quantile(times @ (inverse * sample.vaccinated) / (times @ inverse), [0.025, 0.975])
        held += one.low <= 0.6 <= one.high
        trees += low <= 0.6 <= high

    assert held >= 51 > trees


def test_planted_coverage_is_found_with_intervals_that_hold_it():
    rng = np.random.default_rng(6)
    net = network(800, coverage=0.6, alike=2.0, busier=1.6, mean_ties=10, rng=rng)

    naive, found, held = [], [], 0
    for _ in range(40):
        sample = access.chains(recruited(net, seeds=8, coupons=3, people=160, rng=rng))
        one = access.respondent_driven(sample, draws=120, rng=rng)
        naive.append(sample.vaccinated.mean())
        found.append(one.coverage)
        held += one.low <= 0.6 <= one.high

    assert np.mean(naive) > 0.66  # better connected families are recruited more often
    assert np.mean(found) == pytest.approx(0.6, abs=0.03)
    assert held >= 36


def test_a_sample_of_half_the_population_needs_its_size():
    rng = np.random.default_rng(7)
    net = network(300, coverage=0.6, alike=1.0, busier=2.5, mean_ties=10, rng=rng)

    plain, gile = [], []
    for _ in range(25):
        sample = access.chains(recruited(net, seeds=6, coupons=3, people=180, rng=rng))
        plain.append(access.respondent_driven(sample, draws=5, rng=rng).coverage)
        gile.append(access.respondent_driven(sample, population=300, draws=5, rng=rng).coverage)

    assert abs(np.mean(gile) - 0.6) < 0.03
    assert abs(np.mean(gile) - 0.6) < abs(np.mean(plain) - 0.6)


def test_homophily_is_what_recruiters_do_beyond_chance():
    alike = access.chains(people("a | | 3 | 1\nb | a | 3 | 1\nc | b | 3 | 1\nd | | 3 | 0\ne | d | 3 | 0"))

    values = access.diagnosis(alike, coverage=0.6).set_index("name")["value"]

    assert values["homophily_vaccinated"] == 1.0
    assert values["homophily_missed"] == 1.0
    assert values["largest_tree"] == 0.6
    assert values["longest_chain"] == 2


def test_every_diagnosis_is_a_sentence_in_both_languages():
    table = access.diagnosis(access.chains(people(SMALL)), coverage=0.3)

    for row in table.itertuples():
        message = Message.from_json(row.message, row.params)
        assert message.render("fr") != message.render("en")


def said_of(text, coverage):
    table = access.diagnosis(access.chains(people(text)), coverage=coverage)
    return {row.name: Message.from_json(row.message, row.params) for row in table.itertuples(index=False)}


def test_chains_say_what_a_researcher_should_make_of_them():
    steady = "\n".join(f"{at} | {at - 1 if at else ''} | 4 | {at % 2}" for at in range(60))
    apart = "\n".join(f"{at} | {at - 4 if at > 3 else ''} | 4 | {int(at > 14)}" for at in range(24))

    calm, doubtful = said_of(steady, 0.5), said_of(apart, 9 / 24)

    assert (
        calm["seeds"].render("en")
        == "All chains began with one person, of 60 interviewed: everything depends on whom this person knows."
    )
    assert "59 waves: long enough" in calm["longest_chain"].render("en")
    assert "had settled" in calm["converged"].render("en")
    assert "less often than chance would" in calm["homophily_missed"].render("en")
    assert "Les chaînes sont parties de 4 personnes, sur 24 interrogées" in doubtful["seeds"].render("fr")
    assert "moins de six vagues" in doubtful["longest_chain"].render("fr").replace("\u202f", " ")
    assert "bougeait encore" in doubtful["converged"].render("fr")
    assert "plus souvent que par hasard" in doubtful["homophily_vaccinated"].render("fr")
    assert "1 oui, 0 non" not in " ".join(one.render("fr") for one in (*calm.values(), *doubtful.values()))


def test_convergence_ends_at_the_estimate_and_shows_each_chain():
    sample = access.chains(people(SMALL))

    table = access.convergence(sample)

    assert table["coverage"].iloc[-1] == pytest.approx(0.375 / 1.125)
    assert list(table["seed"]) == ["a"] * 4
    assert list(table["interviews"]) == [1, 2, 3, 4]


def test_the_label_names_seeds_and_network_in_both_languages():
    found = access.respondent_driven(access.chains(people(SMALL)), draws=50, rng=np.random.default_rng(1))

    assert "(seeds: 1)" in found.label.render("en")
    assert "ne vaut que pour ce réseau" in found.label.render("fr")
    assert len(found.assumptions) == 4
