"""Two machines of a Ray cluster that run the service, one replica each: a program, so that Ray stays out of the tests.

python -m ray_nodes PORT --> "done"
stdin: deploy --> replicas with another setting, "done"
       kill   --> the second machine's processes are gone, "done"
       (ends) --> all are

Ray warns of much, and keeps threads and signal handlers in the process that joins it.
"""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import ray
import yaml
from ray import serve
from ray.cluster_utils import Cluster
from ray.serve.schema import ServeDeploySchema

from roadsight_service.scale import Scale, app

NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}


def main(port: int) -> None:
    """Starts both machines and the service, and does what standard input says."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(initialize_head=True, head_node_args=NODE | {"temp_dir": folder})
        second = cluster.add_node(**NODE)
        try:
            paths = {"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}}
            ray.init(address=cluster.address, runtime_env=paths, log_to_driver=False)
            serve.start(proxy_location="HeadOnly", http_options={"host": "127.0.0.1", "port": port})
            serve.run(app(shipped()))
            print("done", flush=True)
            for line in sys.stdin:
                if line == "deploy\n":
                    os.environ["ROADSIGHT_QUEUE_FRAMES"] = "32"
                    serve.run(app(shipped()))
                else:
                    assert line == "kill\n"
                    for process in second.all_processes["raylet"]:
                        _kill(process.process.pid)
                print("done", flush=True)
        finally:
            ray.shutdown()
            cluster.shutdown()


def shipped() -> Scale:
    """What our Serve configuration asks for, once Ray has read it, but two replicas."""
    file = Path(__file__).parents[1] / "deploy" / "ray-serve" / "serve.yaml"
    (application,) = ServeDeploySchema.model_validate(yaml.safe_load(file.read_text())).applications
    assert application.import_path == f"{app.__module__}:{app.__name__}"
    return Scale.model_validate(application.args | {"min_replicas": 2, "max_replicas": 2})


def _kill(process: int) -> None:
    """Kills a process and all that came from it, as if somebody pulled the plug; none is left afterwards."""
    os.kill(process, signal.SIGSTOP)  # it starts nothing more
    family = _family(process)
    for member in family:
        os.kill(member, signal.SIGKILL)


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task").glob("*/children")
    return [process, *(one for file in children for child in file.read_text().split() for one in _family(int(child)))]


if __name__ == "__main__":
    main(int(sys.argv[1]))
