"""Every task of the validation, by its name on the command line."""

from collections.abc import Mapping

from validation.cohort.cine_task import CINE
from validation.cohort.scar_task import SCAR
from validation.cohort.task import Task

TASKS: Mapping[str, Task] = {task.name: task for task in (CINE, SCAR)}
