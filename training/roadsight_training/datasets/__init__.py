"""Folders of labelled pictures, in any of eight layouts, as one kind of record.

folder --open_dataset--> Dataset --only, select--> Samples --hold_back--> parts --pictures--> uint8 crops or pictures
       BadDataset                BadDataset                BadSplit             BadDataset
"""

import os
from pathlib import Path

from roadsight_training.datasets.bdd100k import is_bdd100k, open_bdd100k
from roadsight_training.datasets.coco import is_coco, open_coco
from roadsight_training.datasets.folders import is_folders, open_folders
from roadsight_training.datasets.kitti import is_kitti, open_kitti
from roadsight_training.datasets.official import is_official, open_official
from roadsight_training.datasets.packed import is_packed, open_packed
from roadsight_training.datasets.sample import Dataset, Kind, Sample
from roadsight_training.datasets.selection import few, hold_back
from roadsight_training.datasets.voc import is_voc, open_voc
from roadsight_training.datasets.yolo import is_yolo, open_yolo
from roadsight_training.errors import BadDataset

__all__ = ["Dataset", "Kind", "Sample", "few", "hold_back", "open_dataset"]

LAYOUTS = {
    "<name>.csv beside images.zip (packed)": (is_packed, open_packed),
    "Training/000NN/GT-000NN.csv or Final_Test/Images (GTSRB)": (is_official, open_official),
    "training/label_2 and image_2 (KITTI)": (is_kitti, open_kitti),
    "labels/det_20/det_*.json or bdd100k_labels_images_*.json (BDD100K)": (is_bdd100k, open_bdd100k),
    "data.yaml (YOLO)": (is_yolo, open_yolo),
    "annotations/instances_*.json (COCO)": (is_coco, open_coco),
    "Annotations and JPEGImages (Pascal VOC)": (is_voc, open_voc),
    # The last, because a folder of pictures is found in most of the others, too.
    "<label>/*.png or <split>/<label>/*.png (a folder per class)": (is_folders, open_folders),
}


def open_dataset(folder: Path) -> Dataset:
    """Opens a data set; tells its layout by looking.

    Args:
        folder: in one of the layouts of the table above.

    Raises:
        BadDataset: none of the layouts, or an entry that can't be used; names file and line or entry.
    """
    if not folder.is_dir():
        raise BadDataset(folder, "no such folder")
    folder = Path(os.path.abspath(folder))  # not resolved: where a link leads says nothing about the data
    for looks_like, open_layout in LAYOUTS.values():
        if looks_like(folder):
            return open_layout(folder)
    raise BadDataset(folder, f"no data set here; looked for {'; '.join(LAYOUTS)}")
