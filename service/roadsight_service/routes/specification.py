"""`/openapi.json`: what FastAPI gathers from the routes, and what it can't know of them.

routes --FastAPI--> document --complete--> with problems, examples and keys, for `/docs` and generated clients
"""

from typing import Any

from roadsight_service.routes import examples
from roadsight_service.routes.inference_protocol import documents
from roadsight_service.routes.inference_protocol import examples as protocol_examples
from roadsight_service.schemas import ProblemOut

_KEY = "key"


def complete(document: dict[str, Any], needs_key: bool) -> dict[str, Any]:
    """Adds the forms of problems and of the inference protocol, examples, and what takes a key: what may answer 401.

    Args:
        document: what FastAPI gathered; it is changed.
        needs_key: whether keys are set; a request without one is answered otherwise.

    Returns:
        The same document.
    """
    components = document["components"]
    components["schemas"][ProblemOut.__name__] = ProblemOut.model_json_schema()
    components["schemas"] |= documents.schemas()
    components["securitySchemes"] = {_KEY: {"type": "http", "scheme": "bearer", "description": "Of `ROADSIGHT_KEYS`."}}
    for operation in (each for path in document["paths"].values() for each in path.values()):
        if "401" in operation["responses"]:
            operation["security"] = [{_KEY: []}] if needs_key else [{_KEY: []}, {}]
    answers = {**examples.ANSWERS, **protocol_examples.ANSWERS}
    for path, answer in answers.items():  # FastAPI would leave out what is null in them
        for operation in document["paths"].get(path, {}).values():
            for content in operation["responses"]["200"]["content"].values():
                content.setdefault("example", answer)
    return document
