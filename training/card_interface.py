"""The part of every model card that says what goes in and what comes out."""

from cmr.model_store import Metadata

_TABLE = """\
| | |
|---|---|
| Input `{input_name}` | (batch, {input_channels}, {rows}, {cols}) float32, 0–1 |
| Pixels | {spacing:g} mm, the matrix centred on the heart |
| Grey values | each image linearly from its percentiles {low:g} and {high:g} to 0 and 1, clipped |
| Output `{output_name}` | (batch, {output_channels}, {rows}, {cols}) logits |
| Classes | {labels} |"""


def interface(metadata: Metadata) -> str:
    """Table of input, preprocessing, output and classes."""
    seen = metadata.preprocessing
    return _TABLE.format(
        input_name=metadata.input.name,
        input_channels=metadata.input.channels,
        output_name=metadata.output.name,
        output_channels=metadata.output.channels,
        rows=seen.matrix[0],
        cols=seen.matrix[1],
        spacing=seen.spacing_mm,
        low=seen.intensity.low_percentile,
        high=seen.intensity.high_percentile,
        labels=", ".join(f"{value} {name}" for value, name in metadata.labels.items()),
    )
