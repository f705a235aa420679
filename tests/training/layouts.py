"""Tiny data sets of frames with boxes, in the layouts that others publish, written by the tests themselves.

Every writer takes split -> name of a frame -> its boxes, and fills each box with the colour of its class.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pictures import encoded, noise
from roadsight_models.frame import Pixels
from roadsight_models.regions import Box

Boxes = Sequence[tuple[str, Box]]
Frames = Mapping[str, Boxes]  # name of a frame -> boxes
Splits = Mapping[str, Frames]
Write = Callable[[Path, Splits], Path]

WIDTH, HEIGHT = 80, 48
COLOURS = {"car": (230, 30, 30), "traffic light": (40, 60, 230)}
CAR, LIGHT = ("car", Box(4, 6, 20, 26)), ("traffic light", Box(30, 10, 50, 34))
ONE_SPLIT: Splits = {"train": {"000000": (CAR, LIGHT), "000001": (LIGHT,)}}
TWO_SPLITS: Splits = {**ONE_SPLIT, "val": {"000002": (CAR,)}}


def frame(boxes: Boxes) -> Pixels:
    """Dark noise with a plain rectangle where each box is: uint8 [48, 80, 3] RGB."""
    pixels = noise(WIDTH, HEIGHT) // 4
    for label, box in boxes:
        x1, y1, x2, y2 = map(int, box)
        pixels[y1:y2, x1:x2] = COLOURS[label]
    return pixels


def write_frame(path: Path, boxes: Boxes) -> None:
    """Draws the frame into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(frame(boxes), path.suffix))


def write(path: Path, text: str) -> None:
    """Writes a text file and the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def kitti(folder: Path, splits: Splits) -> Path:
    """`training/label_2` and `image_2`; each frame has a region that nobody labelled, too."""
    for name, boxes in splits["train"].items():
        write_frame(folder / "training" / "image_2" / f"{name}.png", boxes)
        rows = [(label.title().replace(" ", "_"), box) for label, box in boxes] + [("DontCare", Box(0, 0, 9, 9))]
        lines = [f"{label} 0.00 0 -1.6 {' '.join(map(str, box))} 1 1 1 0 0 9 -1.6" for label, box in rows]
        write(folder / "training" / "label_2" / f"{name}.txt", "\n".join(lines) + "\n")
    return folder


def bdd_frame(name: str, boxes: Boxes) -> dict[str, object]:
    """An entry of a BDD100K label file, with a lane that has no box."""
    labels = [{"id": "1", "category": label, "box2d": box._asdict()} for label, box in boxes]
    return {"name": f"{name}.jpg", "labels": [{"category": "lane", "poly2d": []}, *labels]}


def bdd100k(folder: Path, splits: Splits, name: str = "labels/det_20/det_{}.json") -> Path:
    """`images/100k` and the detection labels."""
    for split, frames in splits.items():
        for stem, boxes in frames.items():
            write_frame(folder / "images" / "100k" / split / f"{stem}.jpg", boxes)
        entries = [bdd_frame(stem, boxes) for stem, boxes in frames.items()]
        write(folder / name.format(split), json.dumps([*entries, {"name": "empty.jpg"}]))
    return folder


def yolo(folder: Path, splits: Splits, data: str = "") -> Path:
    """`data.yaml`, `<split>/images` and `<split>/labels`, as Roboflow exports them; `data` replaces the file's end."""
    for split, frames in splits.items():
        for name, boxes in frames.items():
            write_frame(folder / split / "images" / f"{name}.jpg", boxes)
            lines = [f"{list(COLOURS).index(label)} {' '.join(map(str, fractions(box)))}" for label, box in boxes]
            write(folder / split / "labels" / f"{name}.txt", "\n".join(lines) + "\n")
    places = "\n".join(f"{split}: ../{split}/images" for split in splits)
    write(folder / "data.yaml", data or f"names: {list(COLOURS)}\nnc: 2\n{places}\n")
    return folder


def fractions(box: Box) -> tuple[float, float, float, float]:
    """Centre, width and height in fractions of the frame."""
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2 / WIDTH, (y1 + y2) / 2 / HEIGHT, (x2 - x1) / WIDTH, (y2 - y1) / HEIGHT


def coco(folder: Path, splits: Splits) -> Path:
    """`annotations/instances_<split>2017.json` and `<split>2017`; the first frame has a crowd, too."""
    for split, frames in splits.items():
        images = [{"id": 7 + n, "file_name": f"{name}.jpg"} for n, name in enumerate(frames)]
        annotations: list[dict[str, object]] = [{"image_id": 7, "category_id": 3, "bbox": [0, 0, 9, 9], "iscrowd": 1}]
        for image, (name, boxes) in zip(images, frames.items(), strict=True):
            write_frame(folder / f"{split}2017" / f"{name}.jpg", boxes)
            for label, (x1, y1, x2, y2) in boxes:
                box = {"bbox": [x1, y1, x2 - x1, y2 - y1], "category_id": 3 + list(COLOURS).index(label)}
                annotations.append({"image_id": image["id"], "iscrowd": 0, **box})
        categories = [{"id": 3 + n, "name": label} for n, label in enumerate(COLOURS)][::-1]
        content = {"images": images, "annotations": annotations, "categories": categories}
        write(folder / "annotations" / f"instances_{split}2017.json", json.dumps(content))
    return folder


def voc(folder: Path, splits: Splits) -> Path:
    """`Annotations`, `JPEGImages` and `ImageSets/Main`; VOC counts pixels from 1, and includes the last."""
    for split, frames in splits.items():
        for name, boxes in frames.items():
            write_frame(folder / "JPEGImages" / f"{name}.jpg", boxes)
            objects = "".join(_voc_object(label, box) for label, box in boxes)
            write(folder / "Annotations" / f"{name}.xml", f"<annotation>\n{objects}</annotation>\n")
        write(folder / "ImageSets" / "Main" / f"{split}.txt", "\n".join(frames) + "\n")
    return folder


def _voc_object(label: str, box: Box) -> str:
    corners = box.x1 + 1, box.y1 + 1, box.x2, box.y2
    names = ("xmin", "ymin", "xmax", "ymax")
    inside = "".join(f"<{name}>{value:g}</{name}>" for name, value in zip(names, corners, strict=True))
    part = "<part><name>wheel</name><bndbox><xmin>1</xmin></bndbox></part>"
    return f"<object><name>{label}</name>{part}<bndbox>{inside}</bndbox></object>\n"
