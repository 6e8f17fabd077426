"""The one door to the MONAI Deploy SDK.

Holoscan links against ``libcudart.so.13`` even where it runs on the CPU. The wheel
``nvidia-cuda-runtime`` brings that library, but the system's loader does not look there, so it
is loaded before Holoscan asks for it.
"""

from cuda.pathfinder import load_nvidia_dynamic_lib

load_nvidia_dynamic_lib("cudart")

from holoscan.conditions import BooleanCondition  # noqa: E402
from monai.deploy.core import (  # noqa: E402
    AppContext,
    Application,
    ExecutionContext,
    Fragment,
    InputContext,
    Operator,
    OperatorSpec,
    OutputContext,
)

__all__ = [
    "AppContext",
    "Application",
    "BooleanCondition",
    "ExecutionContext",
    "Fragment",
    "InputContext",
    "Operator",
    "OperatorSpec",
    "OutputContext",
]
