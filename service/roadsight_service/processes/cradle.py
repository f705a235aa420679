"""Where a zygote begins: beside lanes that serve it imports what it needs on a thread that gives way to them.

Its main thread, of which lanes are born, keeps its priority, and imports hardly anything by itself.
"""

import sys
from importlib import import_module
from threading import Thread, get_native_id

from roadsight_service.processes.priority import give_way

ZYGOTE = "roadsight_service.processes.zygote"


def main(line: int, memory: int, patient: bool, on_gpu: bool) -> None:
    """Becomes a zygote.

    Args:
        line: the descriptor of its socket to the serving process.
        memory: that of the bytes that lanes share with it.
        patient: whether others serve meanwhile.
        on_gpu: whether another process is to hold the models.
    """
    importer = Thread(target=_import, args=(patient,))
    importer.start()
    importer.join()
    import_module(ZYGOTE).main(line, memory, patient, on_gpu)


def _import(patient: bool) -> None:
    if patient:
        give_way(get_native_id())
    import_module(ZYGOTE)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), bool(int(sys.argv[3])), bool(int(sys.argv[4])))
