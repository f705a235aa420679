"""The README's table of settings is true."""

from pathlib import Path

from roadsight_service.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


def row(name: str) -> str:
    field = Settings.model_fields[name]
    shown = "one per core" if field.default_factory else {None: "", (): ""}.get(field.default, f"`{field.default}`")
    return f"| `ROADSIGHT_{name.upper()}` | {shown} | {field.description} |"


def test_every_setting_is_in_the_readme_with_its_default_and_its_sentence() -> None:
    missing = [line for line in map(row, Settings.model_fields) if line not in README]
    assert not missing, "\n".join(missing)


def test_the_readme_lists_no_setting_that_is_gone() -> None:
    listed = [line for line in README.splitlines() if line.startswith("| `ROADSIGHT_")]
    assert len(listed) == len(Settings.model_fields)
