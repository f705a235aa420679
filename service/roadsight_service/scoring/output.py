"""The folder that rows go to, here or in an object store: a part is there whole, or not at all.

run --begin--> _run.json        rows --write--> NAME.parquet
    BadParameter: another run's

    pictures/<of its pictures' names>.parquet
    recordings/<of its name>/<number of its first frame>.parquet, and _end.json once all are there;
        _cut_<number>.parquet.json beside one in which it breaks off

What begins with `_` or `.` readers of Parquet folders leave out.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from roadsight_models.errors import BadParameter
from roadsight_service.scoring.table import SCHEMA, Row

RUN = "_run.json"
OPTION = "--out"


class Output:
    """A folder of parts."""

    def __init__(self, where: str) -> None:
        """Opens it; it need not be there.

        Args:
            where: a path, or a URI that pyarrow knows, such as `s3://bucket/folder`.

        Raises:
            BadParameter: no file system goes by that name.
        """
        try:
            uri = where.rstrip("/") if "://" in where else Path(where).absolute().as_uri()
            self._files, self._root = fs.FileSystem.from_uri(uri)
        except (pa.ArrowException, ValueError) as error:
            raise BadParameter(OPTION, f"{where}: {error}") from error
        self._is_local = isinstance(self._files, fs.LocalFileSystem)

    def begin(self, run: Mapping[str, object]) -> frozenset[str]:
        """Begins a run, or goes on with it.

        Returns:
            The names of all files that are there.

        Raises:
            BadParameter: it was begun with other settings (says which), is not of a run, or can't be reached.
        """
        try:
            names = self._names()
            if RUN not in names:
                if names:
                    raise BadParameter(OPTION, f"{self._root}: has files, but not of a run of `roadsight score`")
                self._put(RUN, json.dumps(run, indent=1).encode())
                return names
            begun = json.loads(self._files.open_input_file(self._path(RUN)).read())
            if not isinstance(begun, dict):
                raise ValueError(f"{RUN} is no JSON object")
        except (OSError, ValueError) as error:
            raise BadParameter(OPTION, f"{self._root}: {error}") from error
        if differing := [name for name in run if begun.get(name) != run[name]]:
            changes = "; ".join(f"{name} was {begun.get(name)}, now {run[name]}" for name in differing)
            raise BadParameter(OPTION, f"{self._root}: was begun with other settings ({changes}); take another folder")
        return names

    def write(self, name: str, rows: Sequence[Row]) -> None:
        """Adds a part."""
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), sink)
        self._put(name, sink.getvalue())

    def note(self, name: str, content: Mapping[str, object]) -> None:
        """Adds a file that is no part."""
        self._put(name, json.dumps(content).encode())

    def forget(self, name: str) -> None:
        """Takes away a file that is no part, if it is there."""
        if self._files.get_file_info(self._path(name)).type == fs.FileType.File:
            self._files.delete_file(self._path(name))

    def sources(self, names: Sequence[str]) -> set[str]:
        """The sources that these parts have rows of; raises BadParameter for one that is damaged."""
        found: set[str] = set()
        for name in names:
            try:
                part = pq.read_table(self._path(name), columns=["source"], filesystem=self._files)
            except (OSError, pa.ArrowException) as error:
                raise BadParameter(
                    OPTION, f"{name} can't be read; remove it, and it is written anew: {error}"
                ) from error
            found.update(part["source"].to_pylist())
        return found

    def _names(self) -> frozenset[str]:
        everything = fs.FileSelector(self._root, allow_not_found=True, recursive=True)
        files = (info.path for info in self._files.get_file_info(everything) if info.type == fs.FileType.File)
        names = (str(PurePosixPath(path).relative_to(self._root)) for path in files)
        return frozenset(name for name in names if not PurePosixPath(name).name.startswith("."))

    def _put(self, name: str, content: "bytes | pa.Buffer") -> None:
        path = PurePosixPath(self._path(name))
        # An object store shows an object once it is complete; a file is written aside, and renamed.
        aside = path.parent / f".{path.name}.{uuid4().hex}" if self._is_local else path
        self._files.create_dir(str(path.parent))
        with self._files.open_output_stream(str(aside)) as stream:
            stream.write(content)
        if self._is_local:
            self._files.move(str(aside), str(path))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"
