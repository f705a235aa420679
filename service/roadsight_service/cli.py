"""`roadsight serve`: the service on a socket."""

# ruff: noqa: PLC0415  (another process opens the models while this one imports the server)

import signal
import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from roadsight_service import logs
from roadsight_service.heap import give_back_large_buffers, leave_what_is_there
from roadsight_service.opening import begin
from roadsight_service.settings import Settings

# At 5 ms, the default, a lane waits longer for the event loop than a frame takes; at 0.1 ms an overload starves that.
SWITCH_S = 5e-4


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; ROADSIGHT_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; ROADSIGHT_PORT.")] = None,
) -> None:
    """Serves the models until it is told to stop. Everything else is set by ROADSIGHT_ variables."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # each value has its field's own type
    except ValidationError as error:
        lines = (f"ROADSIGHT_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        sys.exit("error: " + "; ".join(lines))
    logs.begin(settings.log_level, settings.log_format)
    # Once stopped, uvicorn raises the signal anew: an orderly stop is a success, not a death by signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.setswitchinterval(SWITCH_S)
    give_back_large_buffers()
    models = begin(settings)
    from roadsight_service.app import create_app
    from roadsight_service.server import run

    opened = models()  # before there is a socket: a model that can't be trusted ends in one line
    app = create_app(settings, lambda _: opened)
    leave_what_is_there()
    run(app, settings)
