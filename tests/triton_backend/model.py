"""Stand-in for Triton's ONNX Runtime backend, as a Python-based backend of the same name.

Triton's own comes with its container image only. The server around it, with its reading of the
repository, its HTTP service and its batching, is the real one.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    """One instance of a served network."""

    def initialize(self, args):
        """Open ``model.onnx`` of the version that the server chose."""
        config = json.loads(args["model_config"])
        self._input, self._output = config["input"][0]["name"], config["output"][0]["name"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def execute(self, requests):
        """Score the images of each request."""
        return [triton.InferenceResponse([self._scores(request)]) for request in requests]

    def _scores(self, request):
        # By DLPack: the stub of this Triton was built for NumPy 1 and makes empty tensors of
        # NumPy 2's arrays.
        images = np.from_dlpack(triton.get_input_tensor_by_name(request, self._input))
        [scores] = self._session.run([self._output], {self._input: images})
        return triton.Tensor.from_dlpack(self._output, scores)
