"""Base of every settings section: frozen, typed, unknown keys refused.

Values live in ``app.yaml`` alone, so the classes carry no defaults.
"""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One section of ``app.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
