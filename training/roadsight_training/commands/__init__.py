"""The commands of this room, one file each.

    recipe + data --train--> run --report--> pages
                                 --export--> bundle --evaluate--> figures
           a TrainingError ends in one line, as every RoadsightError does

Every heavy module is imported inside the command that needs it, so that `roadsight --help` is quick and works without
the extra.
"""

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[
    Path, typer.Option("--data", help="Any layout that Roadsight reads: see `roadsight data --help`.")
]
AnySplit = Annotated[str, typer.Option(help="Any of the data set's, or `validation`: what its training held back.")]
