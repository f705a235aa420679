"""What crosses from one process to another arrives as it left."""

import marshal
from pathlib import Path

import pytest

from roadsight_models.errors import (
    BadBundle,
    BadImage,
    BadRegion,
    DeadlineMissed,
    QueueFull,
    RoadsightError,
    TooLarge,
    UnknownTask,
)
from roadsight_models.judgement import Judgement, Prediction
from roadsight_service.processes import wire
from roadsight_service.room import ClientGone

# What a lane can meet: `training` has a family of its own, if another test has imported it.
FAMILY = [kind for kind in RoadsightError.__subclasses__() if not kind.__module__.startswith("roadsight_training")]


@pytest.mark.parametrize(
    "error",
    [
        BadImage("damaged JPEG"),
        TooLarge("too many"),
        BadRegion(3, [0, 0, 1, 1], "outside"),
        DeadlineMissed("decode"),
        UnknownTask("smell", ("colour", "shade")),
        QueueFull("full", retry_after_s=7),
        BadBundle(Path("bundles/x"), "damaged"),
    ],
    ids=lambda error: str(error.code),
)
def test_an_error_keeps_its_kind_its_words_and_its_fields(error: RoadsightError) -> None:
    again = wire.rebuilt(marshal.loads(marshal.dumps(wire.described(error))))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_an_error_that_is_not_of_the_family_says_what_it_was() -> None:
    again = wire.rebuilt(marshal.loads(marshal.dumps(wire.described(ValueError("of a library")))))
    assert not isinstance(again, RoadsightError)
    assert str(again) == "ValueError: of a library"
    assert "ClientGone" in str(wire.rebuilt(wire.described(ClientGone())))


@pytest.mark.parametrize(
    "judgement",
    [
        Judgement("ok", None, (Prediction("b", 1, 0.75), Prediction("a", 0, 0.25)), 1.5),
        Judgement("unknown", "region_too_small", ()),
    ],
)
def test_a_judgement_gets_its_labels_back(judgement: Judgement) -> None:
    assert wire.judgement(marshal.loads(marshal.dumps(wire.plain(judgement))), ("a", "b")) == judgement


def test_a_message_says_its_length() -> None:
    message = wire.message(([], [], 0.5))
    assert wire.HEAD.unpack(message[: wire.HEAD.size]) == (len(message) - wire.HEAD.size,)


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: str(kind.code))
def test_every_kind_of_error_is_found_again_by_its_code(kind: type[RoadsightError]) -> None:
    assert type(wire.rebuilt((kind.code, "why", {}))) is kind
    assert not kind.__subclasses__()  # those would come back as something else
