"""List of parts (SBOM) in CycloneDX 1.6: the application, its packages and its models.

What the base image and the wheels hold beside Python packages is not in it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any, cast

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from cmr.model_store import ModelFolder
from deploy.trust.parts import MODEL_LICENCE, Package

APPLICATION = "cmr-map"
_LICENCE = "Apache-2.0"
# Names this scheme of derivation.
_NAMESPACE = uuid.UUID("7d1c2b62-2f0b-5a6e-9b53-6a0a0f4b8c11")


def sbom(version: str, packages: Sequence[Package], models: Sequence[ModelFolder]) -> str:
    """Make the document: the same parts give the same bytes, so it holds no time.

    Raises
    ------
    ValueError
        The document does not follow the schema.
    """
    root = _component(APPLICATION, version, _LICENCE, "", ComponentType.APPLICATION)
    parts = {p.key: _package(p) for p in packages}
    networks = [_model(m) for m in models]
    bom = Bom(
        components=[*parts.values(), *networks],
        serial_number=_serial(root, *parts.values(), *networks),
    )
    bom.metadata.component = root
    bom.metadata.timestamp = cast(Any, None)
    bom.register_dependency(root, [*parts.values(), *networks])
    for package in packages:
        needed = [parts[name] for name in package.needs if name in parts]
        bom.register_dependency(parts[package.key], needed)
    text = JsonV1Dot6(bom).output_as_string(indent=2) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"The list of parts is not valid: {fault}")
    return text


def _package(package: Package) -> Component:
    made = _component(
        package.name, package.version, package.licence, package.summary, ComponentType.LIBRARY
    )
    made.purl = PackageURL(type="pypi", name=package.key, version=package.version)
    return made


def _model(model: ModelFolder) -> Component:
    made = _component(
        model.name,
        model.version,
        MODEL_LICENCE,
        model.metadata.description,
        ComponentType.MACHINE_LEARNING_MODEL,
    )
    made.hashes = [HashType(alg=HashAlgorithm.SHA_256, content=model.sha256)]
    return made


def _component(
    name: str, version: str, licence: str, description: str, kind: ComponentType
) -> Component:
    return Component(
        name=name,
        version=version,
        type=kind,
        bom_ref=f"{name}=={version}",
        description=description or None,
        licenses=[LicenseFactory().make_from_string(licence)],
    )


def _serial(*components: Component) -> uuid.UUID:
    """Of the application and its parts, networks by their bytes: another list has another one."""
    named = sorted([str(c.bom_ref.value), *(str(h.content) for h in c.hashes)] for c in components)
    return uuid.uuid5(_NAMESPACE, json.dumps(named))
