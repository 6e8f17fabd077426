"""The part of every model card that says what goes in and what comes out."""

from cmr.model_store import Metadata

_TABLE = """\
| | |
|---|---|
| Input `{input_name}` | (batch, {input_channels}, {rows}, {cols}) float32, 0–1 |
| Pixels | {spacing:g} mm, the matrix centred on the heart |
| Grey values | each image linearly from its percentiles {percentiles} to 0 and 1, clipped |
| Output `{output_name}` | (batch, {output_channels}, {rows}, {cols}) logits |
| Classes | {labels} |"""


def interface(metadata: Metadata) -> str:
    """Table of input, preprocessing, output and classes."""
    seen = metadata.preprocessing
    low, high = seen.intensity.low_percentile, seen.intensity.high_percentile
    part = seen.central_fraction
    where = "" if part is None else f" (of the middle {100 * part:g} % of rows and columns)"
    return _TABLE.format(
        input_name=metadata.input.name,
        input_channels=metadata.input.channels,
        output_name=metadata.output.name,
        output_channels=metadata.output.channels,
        rows=seen.matrix[0],
        cols=seen.matrix[1],
        spacing=seen.spacing_mm,
        percentiles=f"{low:g} and {high:g}{where}",
        labels=", ".join(f"{value} {name}" for value, name in metadata.labels.items()),
    )
