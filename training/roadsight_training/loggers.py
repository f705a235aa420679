"""Where the figures of a run are logged.

Run --loggers--> TensorBoard, always; MLflow, where its extra is installed
"""

import os
from importlib.util import find_spec

from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger

from roadsight_training.run import LOGS, Run

MLFLOW = "mlflow"  # in the run folder: a store, where no server is named
MLFLOW_RUN = "mlflow.txt"  # in the run folder: the id of its run there
SERVER = "MLFLOW_TRACKING_URI"  # the variable that names one
MLFLOW_SETTINGS = {
    "MLFLOW_ALLOW_FILE_STORE": "true",  # it warns of folders, but mlflow-skinny has no other store that needs no server
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def loggers(run: Run, *, leads: bool = True) -> list[Logger]:
    """TensorBoard in the run folder; with the extra `mlflow` also MLflow.

    MLflow's server is the one that MLFLOW_TRACKING_URI names, else a folder in the run folder. A run that is resumed
    goes on under the same MLflow run.

    Args:
        run: what is logged.
        leads: whether this is the first of several processes, which alone logs.
    """
    board = TensorBoardLogger(run.folder, name="", version=LOGS)
    return [board, _mlflow(run)] if leads and find_spec("mlflow") is not None else [board]


def _mlflow(run: Run) -> MLFlowLogger:
    for name, value in MLFLOW_SETTINGS.items():
        os.environ.setdefault(name, value)
    noted, server = run.folder / MLFLOW_RUN, os.environ.get(SERVER)
    known = noted.read_text(encoding="utf-8") if noted.is_file() else None
    logger = MLFlowLogger(
        experiment_name=run.recipe.task,
        run_name=run.recipe.name,
        tracking_uri=server or (run.folder.absolute() / MLFLOW).as_uri(),
        run_id=known or None,
    )
    run_id = str(logger.run_id)
    if not server:  # MLflow has set the variable by now, and would send all later runs to this one's folder
        os.environ.pop(SERVER, None)
    if not known:
        noted.write_text(run_id, encoding="utf-8")
        logger.log_hyperparams(run.recipe.model_dump(mode="json"))
    return logger
