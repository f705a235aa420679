"""docs/api.md says of the routes what is true."""

import re
from typing import get_args

from import_graph import ROOT
from roadsight_models.errors import BadImage
from roadsight_models.raw_layout import FORMATS, MEDIA_TYPE
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.names import DEFAULT, Verdict
from roadsight_service.access import Scope
from roadsight_service.robustness.schemas import CertificateOut, CheckOut
from roadsight_service.routes import ask, question
from roadsight_service.routes.examples import PROBLEMS
from roadsight_service.routes.given import HEADERS
from roadsight_service.routes.intake import IMAGE_TYPES
from roadsight_service.routes.problems import answer_to
from roadsight_service.schemas import ResultOut

PAGE = (ROOT / "docs" / "api.md").read_text()


def section(heading: str) -> str:
    """From a heading to the next of its level."""
    level = heading.partition(" ")[0]
    text = PAGE[PAGE.index(f"\n{heading}\n") + 1 :]
    return text.partition(f"\n{level} ")[0]


def rows(head: str, where: str) -> list[list[str]]:
    """Cells of the table under this head, without backticks."""
    plain = where.replace("`", "")
    table = plain[plain.index(f"| {head} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_every_parameter_of_classify_is_there_and_no_other() -> None:
    listed = [row[0] for row in rows("query", section("## Classify"))]
    assert sorted(listed) == sorted(ask.QUERY)


def test_every_header_is_there_with_the_field_of_a_form_that_means_the_same() -> None:
    listed = {field: name.lower().encode() for name, field, _ in rows("header", section("## Classify"))}
    assert listed == HEADERS


def test_every_kind_of_body_and_format_of_a_buffer_is_named() -> None:
    assert all(kind in section("## Classify") for kind in IMAGE_TYPES)
    assert f"Content-Type: {MEDIA_TYPE}; format=bgra" in section("### Raw buffers")
    assert all(f"`{name}`" in section("### Raw buffers") for name in FORMATS)


def test_every_field_of_a_result_is_explained() -> None:
    listed = " ".join(row[0] for row in rows("field", section("## Classify"))).split()
    assert listed == list(ResultOut.model_fields)


def test_every_parameter_of_a_check_is_there_with_its_default() -> None:
    listed = {name: default for name, default, _ in rows("query", section("## Robustness"))}
    assert listed.keys() == set(question.QUERY)
    assert (listed["attack"], listed["epsilon"]) == (DEFAULT, f"{question.DEFAULT_EPSILON} in {question.DEFAULT_NORM}")
    assert (float(listed["sigma"]), int(listed["n"])) == (Smoothing().sigma, Smoothing().n)


def test_every_verdict_is_explained() -> None:
    listed = " ".join(row[0] for row in rows("verdict", section("## Robustness"))).split()
    assert sorted(listed) == sorted(get_args(Verdict))


def test_the_answers_of_a_check_have_the_fields_that_are_sent() -> None:
    answer, proof = section("## Robustness"), section("### Certify")
    assert all(f'"{name}":' in answer for name in CheckOut.model_fields)
    assert all(f'"{name}":' in proof for name in CertificateOut.model_fields)


def test_every_scope_of_a_key_is_there() -> None:
    listed = ", ".join(row[1] for row in rows("route", PAGE)).split(", ")
    assert set(filter(None, listed)) == set(get_args(Scope))


def test_the_example_of_a_problem_is_what_is_sent() -> None:
    (shown,) = re.findall(r'^{"type": .*}$', section("## Errors"), re.MULTILINE)
    assert shown == bytes(answer_to(PROBLEMS[BadImage]).body).decode()
