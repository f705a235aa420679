"""What schemathesis sends for a picture: one that is large enough to be judged, or just bytes."""

import schemathesis
from hypothesis import strategies as st

from pictures import BLUE, RED, encoded, jpeg, striped

PICTURES = {
    "image/jpeg": jpeg(striped(RED, BLUE)),
    "image/png": encoded(striped(RED, BLUE)),
    "image/webp": encoded(striped(RED, BLUE), ".webp"),
}

for kind, picture in PICTURES.items():
    schemathesis.openapi.media_type(kind, st.just(picture) | st.binary(max_size=64))
schemathesis.openapi.format("binary", st.just(PICTURES["image/png"]) | st.binary(max_size=64))
