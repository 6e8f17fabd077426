"""Base of every settings section: frozen, typed, unknown keys refused.

Values live in ``app.yaml`` alone, so the classes carry no defaults.
"""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cmr.errors import UsageError

M = TypeVar("M", bound=BaseModel)


class Section(BaseModel):
    """One section of ``app.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


def read_yaml(path: Path, kind: type[M], what: str, context: dict[str, Any] | None = None) -> M:
    """Read a YAML file and check it whole.

    Parameters
    ----------
    path, kind
        The file, and what it holds.
    what
        What to call it in an error.
    context
        For the validators of ``kind``.

    Raises
    ------
    UsageError
        The file is missing, is not YAML, lacks a key, or has one that is unknown or mistyped.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return kind.model_validate(content, context=context)
    except OSError as error:
        raise UsageError(
            f"{what} {path.name}: cannot be read ({error.strerror}). Name a file that is there."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{what} {path.name}: not a YAML file. Correct it.") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors()
        )
        raise UsageError(f"{what} {path.name}: {faults}. Correct these lines.") from error
